"""Single parts of a run as files: its weights, its script, and one zip of such files of many runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence

from playground.exchange.archive import EPOCH
from playground.experiment import Experiment
from playground.jobs import Reader, Refused
from playground.training.weights import weights_only


def weights_of(jobs: Reader, run_id: str) -> bytes:
    """Return the weights of a run as plain safetensors.

    Raises:
        Refused: If the run is gone, or has no weights yet.
    """
    checkpoint = jobs.checkpoint(run_id)
    if checkpoint is None:
        raise Refused(f"the run {run_id} has no weights yet")
    return weights_only(checkpoint)


def script_of(jobs: Reader, run_id: str) -> bytes:
    """Return a run as a torch script.

    Raises:
        ValueError: If the run is gone, or no script can be written for it; says why.
    """
    from playground.training.script import torch_script

    run = jobs.get(run_id)
    experiment, _ = Experiment.from_stored(run.experiment_json)
    return torch_script(experiment, jobs.amendments(run_id)).encode()


def zipped(
    make: Callable[[Reader, str], bytes], jobs: Reader, run_ids: Sequence[str], ending: str
) -> bytes:
    """Return a zip file of one file for each run, called by its id.

    Args:
        make: Returns the file of a run.
        jobs: The store.
        run_ids: Which runs.
        ending: Of the files' names.

    Raises:
        ValueError: As ``make`` does.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for run_id in dict.fromkeys(run_ids):
            info = zipfile.ZipInfo(f"{run_id}{ending}", EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, make(jobs, run_id))
    return out.getvalue()
