"""Run scripts one after the other where the playground cannot be imported; not a test itself.

Called with a folder: each ``NAME.py`` in it leaves ``NAME.npz`` and ``NAME.txt``, what it printed.
``NAME.images``, if there, is what it reads its images from.
"""

import contextlib
import io
import runpy
import sys
from pathlib import Path

import torch


class Blocked:
    """A finder that refuses to find the playground."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "playground":
            raise ImportError("a script tried to import the playground")


def main(folder, threads):
    sys.meta_path.insert(0, Blocked)
    torch.set_num_threads(threads)
    for script in sorted(Path(folder).glob("*.py")):
        printed = io.StringIO()
        sys.argv = [str(script), "--weights", str(script.with_suffix(".npz"))]
        images = script.with_suffix(".images")
        if images.exists():
            sys.argv += ["--data", str(images)]
        with contextlib.redirect_stdout(printed):
            try:
                runpy.run_path(str(script), run_name="__main__")
            except SystemExit as ending:
                print(ending)
        script.with_suffix(".txt").write_text(printed.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
