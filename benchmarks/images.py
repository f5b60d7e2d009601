"""Nets on images: what small ones reach on digits and clothes, and what a step of a large one costs."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.datasets.images import ImagesMissing, find, without_download
from playground.experiment import Experiment
from playground.training import train
from playground.training.events import Finished, Metrics
from playground.training.trainer import Trainer

ROUNDS = 3
SMALL = {"size": "small", "width": 16, "blocks": 2}
LARGE = {"preact_resnet": 18, "tm_resnet": 22}
PARAMETERS = 11_171_146  # of PreActResNet-18 on ten classes, with neither a stem's nor a last norm
STEP_ROUNDS = 5
BATCH = 16


def _experiment(network: str, options: dict[str, Any], rate: float, **changes: Any) -> Experiment:
    tree = {
        "network": {"name": network, "options": options},
        "optimizer": {"name": "adam", "options": {"learning_rate": rate}},
        "schedule": "cosine",
        "batch_size": 64,
    }
    return Experiment.model_validate({**tree, **changes})


def _trained(experiment: Experiment) -> dict[str, float]:
    """Train; return the validation accuracy, and seconds by the wall's and the processor's clock.

    The data are read and the epochs judged in that time.
    """
    began, spent = time.perf_counter(), time.process_time()
    events = list(train(experiment, snapshots=False))
    if not isinstance(events[-1], Finished):
        raise RuntimeError(f"the training ended otherwise: {events[-1]}")
    last = [event for event in events if isinstance(event, Metrics)][-1]
    return {
        "accuracy": last.validation_accuracy or 0.0,
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - spent,
    }


def calibration() -> float:
    """Return the seconds of a fixed loop: a convolution, a norm and a ReLU there and back, 200 times.

    It holds the seconds of one machine against those of another. By the processor's clock.
    """
    layer = nn.Sequential(
        nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
    )
    x = torch.rand(64, 16, 8, 8)
    began = time.process_time()
    for _ in range(200):
        layer(x).sum().backward()
    return time.process_time() - began


def digits(rounds: int = ROUNDS) -> dict[str, Any]:
    """Train a TM-ResNet and a PreActResNet of equal size on the digits; print the best of some runs.

    Args:
        rounds: How often each is trained, in turn.

    Returns:
        For each net parameters, the accuracies, the seconds, and those of the calibration loops.
    """
    found: dict[str, Any] = {}
    made = {
        name: _experiment(
            name, SMALL, 0.003, data="digits", n_train=1400, n_validation=390, epochs=12
        )
        for name in ("tm_resnet", "preact_resnet")
    }
    print(f"digits: 1,400 images, 12 epochs, {torch.get_num_threads()} thread; best of {rounds}")
    for name, experiment in made.items():
        found[name] = {"parameters": Trainer(experiment).parameters, "runs": []}
    for turn in range(rounds):
        for name, experiment in made.items():
            loop = calibration()
            run = _trained(experiment.model_copy(update={"weight_seed": 1 + turn}))
            found[name]["runs"].append({**run, "loop": loop})
    for name, row in found.items():
        accuracies = [run["accuracy"] for run in row["runs"]]
        seconds, processor, loop = (
            min(run[key] for run in row["runs"]) for key in ("seconds", "processor", "loop")
        )
        print(
            f"  {name:14s} {row['parameters']:7,} weights  {min(accuracies):.2%} to "
            f"{max(accuracies):.2%}  {seconds:6.1f} s, {processor:5.1f} s of the processor, "
            f"{processor / loop:5.1f} × the calibration loop ({loop:.2f} s)"
        )
    least = min(run["accuracy"] for row in found.values() for run in row["runs"])
    print(f"  validation accuracy ≥ 97 % in every run: {'yes' if least >= 0.97 else 'no'}")
    return found


class PlainBlock(nn.Module):
    """A pre-activation block as it is usually written, shortcut and addition inside."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(n_in), nn.BatchNorm2d(n_out)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.shortcut = None
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features behind the block."""
        out = functional.relu(self.bn1(x))
        carried = x if self.shortcut is None else self.shortcut(out)
        out = self.conv2(functional.relu(self.bn2(self.conv1(out))))
        return out + carried


class PlainResNet18(nn.Module):
    """PreActResNet-18 for CIFAR as a PyTorch user writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        blocks, n_in = [], 64
        for n_out, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            blocks += [PlainBlock(n_in, n_out, stride), PlainBlock(n_out, n_out, 1)]
            n_in = n_out
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        return self.linear(functional.adaptive_avg_pool2d(self.blocks(self.stem(x)), 1).flatten(1))


def copied(ours: nn.Module) -> PlainResNet18:
    """Return the plain net with the weights and running statistics of ours."""
    names = {"norms.0": "bn1", "norms.1": "bn2", "convs.0": "conv1", "convs.1": "conv2"}
    renamed = {}
    for key, value in ours.state_dict().items():
        for ending, plain in {**names, "lift": "stem", "head.linear": "linear"}.items():
            key = key.replace(f"{ending}.", f"{plain}.")
        renamed[key] = value.clone()
    plain = PlainResNet18()
    plain.load_state_dict(renamed, strict=True)
    return plain


@contextmanager
def _stand_in(n: int) -> Iterator[None]:
    """Let CIFAR-10 be random shades, whether the true images are here or not: a step costs the same."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part in ("train", "test"):
        arrays[f"x_{part}"] = rng.integers(0, 256, (n, 32, 32, 3), np.uint8)
        arrays[f"y_{part}"] = (np.arange(n) % 10).astype(np.uint8)
    before = os.environ.get("PLAYGROUND_DATA")
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "cifar10.npz", **arrays)
        os.environ["PLAYGROUND_DATA"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["PLAYGROUND_DATA"]
            else:
                os.environ["PLAYGROUND_DATA"] = before


def _large(network: str, n: int, **changes: Any) -> Trainer:
    """Return a training of a published net on so many stand-ins for CIFAR-10."""
    options = {"size": "published", "depth": LARGE[network]}
    experiment = _experiment(
        network, options, 0.001, data="cifar10", n_train=n, n_validation=20, **changes
    )
    with _stand_in(n):
        return Trainer(experiment)


def resnet(rounds: int = STEP_ROUNDS) -> dict[str, Any]:
    """Hold a step of our PreActResNet-18 through the trainer against the net written plainly.

    Both start from the same weights and see the same batches, in turn, and are timed by the processor's
    clock, which stands still while others have the core.

    Args:
        rounds: Steps of each that count, after one that does not.

    Returns:
        Seconds of the steps, the median ratio of two in a row, and how far the first outputs are apart.
    """
    trainer = _large("preact_resnet", 4 * BATCH, batch_size=BATCH, device="cpu", path="torch")
    plain = copied(trainer.net).train()
    count = sum(p.numel() for p in plain.parameters())
    if not count == trainer.parameters == PARAMETERS:
        raise RuntimeError(f"{trainer.parameters:,} and {count:,} weights are not {PARAMETERS:,}")
    apart = _apart(trainer, plain)
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.001)
    trainer.change({"learning_rate": 0.001})

    def plain_step() -> float:
        x, y = trainer.batch(trainer.step)
        optimizer.param_groups[0]["lr"] = trainer.rate
        optimizer.zero_grad()
        loss = functional.cross_entropy(plain(x.view(-1, 3, 32, 32)), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    seconds: dict[str, list[float]] = {"plain": [], "ours": []}
    for turn in range(rounds + 1):
        began = time.process_time()
        loss = plain_step()
        between = time.process_time()
        trainer.advance()
        ended = time.process_time()
        if turn == 0:
            losses = (loss, trainer.batch_loss)
        else:
            seconds["plain"].append(between - began)
            seconds["ours"].append(ended - between)
    return _step_report(seconds, apart, losses)


def _apart(trainer: Trainer, plain: nn.Module) -> float:
    """Return the greatest difference of the outputs on a batch, running statistics in use."""
    x, _ = trainer.batch(0)
    with torch.no_grad():
        ours = trainer.net.eval()(x)
        theirs = plain.eval()(x.view(-1, 3, 32, 32))
    trainer.net.train()
    plain.train()
    return float((ours - theirs).abs().max())


def _step_report(
    seconds: dict[str, list[float]], apart: float, losses: tuple[float, float]
) -> dict[str, Any]:
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    ratio = statistics.median(a / b for a, b in zip(seconds["plain"], seconds["ours"]))
    print(
        f"resnet: a step of PreActResNet-18 ({PARAMETERS:,} weights), batch {BATCH} of 3 × 32 × 32"
    )
    for name, times in seconds.items():
        print(f"  {name:6s} {medians[name]:7.3f} s ({min(times):.3f} to {max(times):.3f})")
    print(
        f"  pace of ours by that of the plain net {ratio:.3f}; ≥ 0.9: {'yes' if ratio >= 0.9 else 'no'}"
    )
    print(f"  outputs apart {apart:.1e}; first losses {losses[0]:.6f} and {losses[1]:.6f}")
    return {**seconds, "ratio": ratio, "apart": apart, "losses": losses}


CORES = 2  # which the seconds asked for are of
_NARROW = {"size": "small", "width": 8, "blocks": 2}
CLOTHES = {
    "tm_resnet": (_NARROW, 0.005, 64, 10, 0.88),
    "preact_resnet": (_NARROW, 0.005, 64, 12, 0.88),
    "ode_attention": ({"width": 32}, 0.01, 32, 6, 0.75),
}
"""Options, learning rate, batch size, epochs, and the accuracy that is to be reached."""


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Let torch compute with so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def clothes(nets: tuple[str, ...] = tuple(CLOTHES)) -> dict[str, Any]:
    """Train small nets on 10,000 images of Fashion-MNIST where they are present.

    Args:
        nets: Names in ``CLOTHES``.

    Returns:
        Accuracy and seconds of each; ``{"present": False}`` without the images.
    """
    try:
        with without_download():
            find("fashion_mnist")
    except ImagesMissing:
        print("clothes: Fashion-MNIST is not present, nothing was measured")
        return {"present": False}
    found: dict[str, Any] = {"present": True}
    print(
        "clothes: 10,000 images of Fashion-MNIST, mirrored at random but for the attention, judged on "
        f"2,000 of its test images; {CORES} threads"
    )
    for name in nets:
        options, rate, batch_size, epochs, wanted = CLOTHES[name]
        sizes = {"n_train": 10_000, "n_validation": 2000, "epochs": epochs}
        data = {"name": "fashion_mnist", "options": {"flip": name != "ode_attention"}}
        experiment = _experiment(name, options, rate, data=data, batch_size=batch_size, **sizes)
        parameters = Trainer(experiment).parameters
        loop = calibration()
        with _threads(CORES):
            run = _trained(experiment)
        found[name] = {**run, "loop": loop, "parameters": parameters}
        print(
            f"  {name:14s} {parameters:7,} weights, {epochs} epochs  {run['accuracy']:.2%} (≥ "
            f"{wanted:.0%}: {'yes' if run['accuracy'] >= wanted else 'no'})  {run['seconds']:6.1f} s, "
            f"{run['processor']:5.1f} s of the processor, {run['processor'] / loop:5.1f} × the "
            "calibration loop",
            flush=True,
        )
    return found


def resnet_gpu(epochs: int = 3, n: int = 10_000) -> dict[str, Any]:
    """Print images per second of PreActResNet-18 and TM-ResNet-22 on a GPU, where there is one.

    Args:
        epochs: Timed passes over the images, after one that is not.
        n: Images; random ones, which cost what true ones do.

    Returns:
        Images per second of each net; ``{"present": False}`` without a GPU.
    """
    if not torch.cuda.is_available():
        print("resnet_gpu: no CUDA device is present, nothing was measured")
        return {"present": False}
    card = torch.cuda.get_device_name(0)
    found: dict[str, Any] = {"present": True, "card": card}
    print(f"resnet_gpu: {card}, torch {torch.__version__}; batch 256 of 3 × 32 × 32, float32")
    for network in LARGE:
        trainer = _large(network, n, batch_size=256, device="cuda", epochs=epochs + 1)
        paces = []
        for _ in range(epochs + 1):
            torch.cuda.synchronize()
            began = time.perf_counter()
            for _ in range(trainer.steps_per_epoch):
                trainer.advance()
            torch.cuda.synchronize()
            paces.append(n / (time.perf_counter() - began))
        found[network] = paces[1:]
        print(
            f"  {network}-{LARGE[network]:<3d} {trainer.parameters:,} weights  "
            f"{statistics.median(paces[1:]):9,.0f} images/s"
        )
    return found
