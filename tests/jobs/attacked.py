"""A small run whose net is attacked, and how its gradients are hidden."""

from __future__ import annotations

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.jobs.artifacts import Folder
from playground.training.checkpoints import pack, unpack


def moons(**values: object) -> Experiment:
    small = {
        "data": "moons",
        "n_train": 400,
        "n_validation": 200,
        "epochs": 20,
        "network": {"name": "rk_net", "options": {"width": 8, "depth": 4}},
        "optimizer": {"name": "adam", "options": {"learning_rate": 0.02}},
    }
    return Experiment.model_validate({**small, **values})


def scaled_head(jobs: Jobs, run_id: str, factor: float) -> None:
    """Multiply what the newest checkpoint of a run has of its head."""
    tree, weights = unpack(jobs.checkpoint(run_id))
    heads = {name: factor * w for name, w in weights.items() if name.startswith("head.")}
    assert len(heads) == 2
    folder, run = Folder(jobs.store.runs_folder, run_id), jobs.get(run_id)
    name = folder.write_checkpoint(99, run.checkpoint_step, pack(tree, weights | heads))
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET checkpoint = ? WHERE id = ?", (name, run_id))
