"""``python -m playground.fused [KIND …]``: compile the kernels and keep them, all by default."""

import os
import sys

from playground.fused.jit import clear_old_folders
from playground.fused.readiness import WIDTHS, compile_alone

if __name__ == "__main__":
    os.nice(10)  # whoever trains meanwhile comes first
    wrong = [kind for kind in sys.argv[1:] if kind not in WIDTHS]
    if wrong:
        sys.exit(f"{wrong[0]!r} is not a kind of machine code; legal is {', '.join(WIDTHS)}")
    compile_alone(sys.argv[1:] or WIDTHS)
    clear_old_folders()
