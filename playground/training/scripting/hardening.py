"""What makes the batches of an exported script harder: noise, or an attack on the net as it is."""

from __future__ import annotations

from collections.abc import Callable

from playground.experiment import Experiment
from playground.training.hardening import STREAM, clip_of
from playground.training.scripting.draft import Draft, block, body


def hardens(experiment: Experiment) -> bool:
    """Return whether the inputs of each batch are made harder."""
    return bool(experiment.hardening.entry.words)


def hardened(experiment: Experiment, inputs: str) -> str:
    """Return the code of the inputs of a step, made harder, from that of the inputs as they are."""
    if experiment.hardening.name == "noise":
        return f"noisy({inputs}, step)"
    return f"attacked(net, {inputs}, y[rows], step)"


def write_hardening(draft: Draft, experiment: Experiment) -> None:
    """Add the function that ``hardened`` calls, which draws and computes as the playground does.

    Args:
        draft: The script.
        experiment: One that ``hardens``.
    """
    draft.need("import torch")
    draft.heading("The hardening")
    WRITERS[experiment.hardening.name](draft, experiment)


def _clipped(experiment: Experiment, values: str) -> str:
    clip = clip_of(experiment)
    return values if clip is None else f"{values}.clamp({clip[0]}, {clip[1]})"


def _axes(experiment: Experiment) -> tuple[str, str]:
    """Return code that makes one number a sample multiply the inputs, and that makes them rows."""
    if experiment.network.entry.takes_images:
        return "[:, None, None, None]", ".flatten(1)"
    return "[:, None]", ""


def _noise(draft: Draft, experiment: Experiment) -> None:
    options = experiment.hardening.options
    draft.constant("NOISY", options.share, "probability that a sample gets noise")
    draft.constant("LEVELS", options.levels, "standard deviations of the noise")
    template = block("""
        def noisy(x, step):
            \"""Return the inputs of a step, some with noise; the seed and the step decide.\"""
            {generator}
            levels = torch.tensor(LEVELS, dtype=x.dtype)
            chosen = torch.rand(len(x), generator=generator) < NOISY
            places = torch.randint(len(levels), (len(x),), generator=generator)
            noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
            size = torch.where(chosen, levels[places], 0.0){each}
            x = x + (size * noise).to(x.device)
            return {x}
    """)
    code = template.format(
        generator=body(_GENERATOR, 1), each=_axes(experiment)[0], x=_clipped(experiment, "x")
    )
    draft.block(code)


_GENERATOR = [
    f"seed = (WEIGHT_SEED * 1_000_003 + step) % 2**32 ^ {STREAM:#x}",
    "generator = torch.Generator().manual_seed(seed)",
]


def _adversarial(draft: Draft, experiment: Experiment) -> None:
    options = experiment.hardening.options
    draft.need("from torch.nn import functional as F")
    draft.constant("EPS", options.eps, "radius of the ball in which the attack moves an input")
    draft.constant("ATTACK_STEPS", options.steps)
    if options.step_size is None:
        draft.expression("ATTACK_STEP", "2.5 * EPS / ATTACK_STEPS", "length of a step")
    else:
        draft.constant("ATTACK_STEP", options.step_size, "length of a step")
    if options.share < 1:
        draft.constant("ATTACKED", options.share, "share of a batch that is attacked")
    euclidean = options.norm == "l2"
    each, rows = _axes(experiment)
    if euclidean:
        draft.block(_UNIT.format(each=each, rows=rows))
    near = _PROJECTED_L2 if euclidean else _PROJECTED
    draft.block(near.format(near=_clipped(experiment, "near"), each=each, rows=rows))
    draft.block(
        _ATTACKED.format(
            start=body(_start(options.random_start, euclidean, each), 1),
            part=body(_PART, 1) + "\n    " if options.share < 1 else "",
            direction="unit(gradient)" if euclidean else "gradient.sign()",
            result="torch.cat([moved, others])" if options.share < 1 else "moved",
        )
    )


_PART = [
    "count = round(ATTACKED * len(x))  # the order of the samples is random",
    "if count == 0:",
    "    return x",
    "x, y, others = x[:count], y[:count], x[count:]",
]


def _start(random: bool, euclidean: bool, each: str) -> list[str]:
    """Return the lines that choose where the attack begins."""
    if not random:
        return ["moved = x"]
    if not euclidean:
        draws = ["draws = torch.rand(x.shape, generator=generator, dtype=x.dtype) * 2 - 1"]
    else:
        draws = [
            "draws = unit(torch.randn(x.shape, generator=generator, dtype=x.dtype))",
            "radii = torch.rand(len(x), generator=generator, dtype=x.dtype)",
            f"draws = draws * (radii ** (1 / x[0].numel())){each}",
        ]
    return [*_GENERATOR, *draws, "moved = projected(x + EPS * draws.to(x.device), x)"]


_UNIT = block("""
def unit(v):
    \"""Return every row with length one; rows of zeros stay zeros.\"""
    # First over the greatest entry, so that squares neither vanish nor overflow.
    top = v{rows}.abs().amax(1)
    v = v / torch.where(top > 0, top, 1.0){each}
    norms = v{rows}.norm(dim=1)
    return v / torch.where(norms > 0, norms, 1.0){each}
""")

_PROJECTED = block("""
    def projected(moved, x):
        \"""Return the nearest inputs no further from x than EPS in any value.\"""
        near = x + (moved - x).clamp(-EPS, EPS)
        return {near}
""")

_PROJECTED_L2 = block("""
    def projected(moved, x):
        \"""Return the nearest inputs no further from x than EPS.\"""
        gap = moved - x
        norms = gap{rows}.norm(dim=1)
        near = x + gap * torch.where(norms > EPS, EPS / norms, 1.0){each}
        return {near}
""")

_ATTACKED = block("""
    def attacked(net, x, y, step):
        \"""Return the inputs of a step, moved by steps up the cross-entropy (PGD).\"""
        {part}{start}
        net.eval()  # nothing is dropped, and no running statistics hear of it
        for _ in range(ATTACK_STEPS):
            inputs = moved.detach().requires_grad_()
            total = F.cross_entropy(net(inputs), y, reduction="none").sum()
            gradient = torch.autograd.grad(total, inputs)[0].nan_to_num(nan=0.0)
            moved = projected(moved + ATTACK_STEP * {direction}, x)
        net.train()
        return {result}
""")

WRITERS: dict[str, Callable[[Draft, Experiment], None]] = {
    "noise": _noise,
    "adversarial": _adversarial,
}
