"""A run as one torch script that reproduces it without this package."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence

import numpy as np
import torch

import playground
from playground.datasets import Split, load
from playground.experiment import Experiment
from playground.training.devices import LARGE
from playground.training.estimates import estimate
from playground.training.events import Amendment
from playground.training.precision import dtype_of
from playground.training.scripting.data import FILE, data_file, packed, reads_file, write_data
from playground.training.scripting.draft import Draft, literal
from playground.training.scripting.hardening import WRITERS as HARDENERS
from playground.training.scripting.known import unknown
from playground.training.scripting.loop import write_loop
from playground.training.scripting.nets import WRITERS, write_net
from playground.training.scripting.optimizing import write_loss, write_optimizer, write_rate
from playground.training.scripting.resting import RESTING, rests


def torch_script(experiment: Experiment, amendments: Sequence[Amendment] = ()) -> str:
    """Write a run as a Python file that needs torch and NumPy only.

    A run with an adaptive scheme also needs torchdiffeq (and scipy where it is stiff), one with
    Lookahead pytorch_optimizer, one on the digits scikit-learn, which has them; other images stand in a
    file beside it, see ``script_images``. On the same machine with the same versions and number of
    threads the script ends with the weights of a run on torch's path, bit for bit: it has the same data,
    draws the same initial weights and batches, and takes the same steps in the same order of
    operations. Compiled kernels round differently.

    Args:
        experiment: The run.
        amendments: Its recorded live changes.

    Returns:
        The text of the script; ``--weights FILE`` makes it keep its weights as ``.npz``, under the
        names of the playground's own.

    Raises:
        ValueError: If the data cannot be had, or a choice has no code (a registry entry without it).
    """
    why = refusal(experiment)
    if why:
        raise ValueError(why)
    split = _split(experiment)
    draft = Draft()
    _settings(draft, experiment, split)
    write_net(draft, experiment)
    write_loss(draft, experiment)
    write_optimizer(draft, experiment)
    scheduled = write_rate(draft, experiment, amendments, n_train=len(split.x_train))
    draft.heading("The training")
    write_loop(draft, experiment, scheduled)
    return _assembled(draft, experiment, split)


def refusal(experiment: Experiment) -> str:
    """Return why no script can be written for a run, in words; nothing where one can.

    Never is a script written that leaves out what was set.
    """
    network = experiment.network.name
    if network not in WRITERS:
        return f"network: no script can be written for {network!r}"
    regularizer, hardening = experiment.regularizer, experiment.hardening
    if regularizer.entry.words and not (rests(experiment) and network in RESTING):
        return (
            f"regularizer: no script can be written for {regularizer.name!r} with {network!r}; one can "
            f"with {', '.join(RESTING)}"
        )
    if hardening.entry.words and hardening.name not in HARDENERS:
        return f"hardening: no script can be written for {hardening.name!r}"
    names = unknown(experiment)
    return f"{', '.join(names)}: no script can be written for what was set" if names else ""


def script_images(experiment: Experiment) -> bytes | None:
    """Return the images that the script of a run reads from a file beside it, as an npz file.

    Args:
        experiment: The run.

    Returns:
        The bytes of the file; ``None`` for data that the script holds itself, or takes from a package.

    Raises:
        ValueError: If the data cannot be had.
    """
    return data_file(_split(experiment)) if reads_file(experiment) else None


def _split(experiment: Experiment) -> Split:
    return load(
        experiment.data.name,
        n_train=experiment.n_train,
        n_validation=experiment.n_validation,
        seed=experiment.data_seed,
        options=experiment.data.options,
    )


def _settings(draft: Draft, experiment: Experiment, split: Split) -> None:
    """Add the data, the function that loads them, and the constants that every script has."""
    full = experiment.optimizer.entry.full_batch
    n = len(split.x_train)
    write_data(draft, experiment, split)
    draft.heading("The run")
    draft.constant("WEIGHT_SEED", experiment.weight_seed, "of initial weights and batches")
    draft.constant("EPOCHS", experiment.epochs)
    draft.constant("BATCH_SIZE", n if full else min(experiment.batch_size, n))
    for name, value, comment in (
        ("L2", experiment.l2, "penalty L2 / 2 * sum of squared weights"),
        ("L1", experiment.l1, "penalty L1 * sum of absolute weights"),
        ("CLIP_NORM", experiment.clip_norm, "greatest norm of the gradient"),
    ):
        if value:
            draft.constant(name, value, comment)
    if experiment.target_accuracy is not None and split.task == "classification":
        draft.constant("TARGET_ACCURACY", experiment.target_accuracy, "ends the training")
    if experiment.early_stop:
        draft.constant("PATIENCE", experiment.patience, "rise of the validation loss that ends it")
    draft.expression("DEVICE", _device(experiment))
    draft.expression("DTYPE", str(dtype_of(experiment)))


def _device(experiment: Experiment) -> str:
    """Return the code that chooses the device as the playground does."""
    if experiment.device != "auto":
        return literal(experiment.device)
    if estimate(experiment).parameters < LARGE:
        return '"cpu"  # "cuda" works as well, but is no faster for a net this small'
    mps = '"mps" if torch.backends.mps.is_available() else ' * (experiment.precision != "float64")
    return f'"cuda" if torch.cuda.is_available() else {mps}"cpu"'


def _assembled(draft: Draft, experiment: Experiment, split: Split) -> str:
    constants = "\n".join(draft.constants).strip("\n")
    ending = 'if __name__ == "__main__":\n    main()'
    if not experiment.data.entry.image_shape:
        note = "# The points: NumPy arrays, compressed, as text."
        ending = f'{note}\nDATA = """\n{packed(split)}\n"""\n\n{ending}'
    parts = [
        f"{_header(draft, experiment)}\n\n{draft.import_lines()}\n\n{constants}",
        *draft.blocks,
        ending,
    ]
    return "\n\n\n".join(parts) + "\n"


def _header(draft: Draft, experiment: Experiment) -> str:
    """Return the comment on top. Nothing typed by a person enters it but by way of ASCII JSON."""
    needs = ["torch", "numpy"]
    for package in ("torchdiffeq", "scipy", "pytorch_optimizer", "sklearn"):
        if any(package in line for line in draft.imports):
            needs.append("scikit-learn" if package == "sklearn" else package)
    described = json.dumps(experiment.model_dump(mode="json"), indent=2, ensure_ascii=True)
    network, scheme = experiment.network, experiment.scheme
    by = f", stepped by {scheme.name}" if network.entry.uses_scheme else ""
    usage, where = (
        "python train.py [--weights weights.npz]",
        "the points are at the end of this file",
    )
    if reads_file(experiment):
        usage = f"python train.py [--data {FILE}] [--weights weights.npz]"
        where = f"the images are in {FILE}, a file that is exported beside this one"
    elif experiment.data.entry.image_shape:
        where = "it chooses the images"
    lines = [
        f"Train {network.name} on {experiment.data.name}{by}.",
        "",
        f"    {usage}",
        "",
        f"Needs {', '.join(needs)}. Written by ode-net-playground {playground.__version__}",
        f"with Python {platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}.",
        f"Data seed {experiment.data_seed}: {where}.",
        f"Weight seed {experiment.weight_seed}.",
        "With equal versions, threads and processor the weights are those of a run that torch stepped,",
        "bit for bit; elsewhere, and where compiled kernels stepped the run, they differ by rounding,",
        "which training makes larger.",
        "",
        "The experiment, as the playground reads it:",
        *described.splitlines(),
    ]
    return "\n".join(f"# {line}".rstrip() for line in lines)
