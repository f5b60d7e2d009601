"""The integrator of an exported script: the chosen scheme's own step with its coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.integrators import INTEGRATORS, Multistep, RungeKutta, Scheme
from playground.integrators.adaptive import STIFF, STIFF_CHUNK
from playground.training.scripting.draft import (
    Draft,
    added,
    block,
    body,
    ended,
    number,
    times,
    wrapped,
)


@dataclass(frozen=True)
class Stepper:
    """How the code of a scheme is called.

    Attributes:
        scheme: The scheme with its options taken.
        options: Its options.
        timed: Whether fields are called ``f(t, y)``; ``f(y)`` otherwise.
        learned: Whether the step size is a tensor with a gradient.
        adjoint: Whether gradients come from the continuous adjoint.
        label: The scheme's name for comments, never a text that a person typed.
    """

    scheme: Scheme
    options: Any
    timed: bool
    learned: bool
    adjoint: bool
    label: str

    @property
    def t(self) -> str:
        """The time as a leading argument, where there is one."""
        return "t, " if self.timed else ""

    def call(self, time: str, state: str) -> str:
        """Return a call of the field."""
        return f"f({time}, {state})" if self.timed else f"f({state})"

    def advanced(self, terms: list[tuple[str, float]]) -> list[str]:
        """Return y + h Σ weight·tensor, summed in the order in which the playground sums."""
        if not terms:
            return ["y"]
        if not self.learned:
            return added("y", [(tensor, times("h", weight)) for tensor, weight in terms])
        first, *rest = combined(terms)
        return [f"y + h * {first}", *rest]

    def lines(
        self, before: str, terms: list[tuple[str, float]], after: str, depth: int = 1
    ) -> list[str]:
        """Return ``before (y + h Σ weight·tensor) after``; a long sum gets lines of its own."""
        chain = self.advanced(terms)
        if self.learned and len(wrapped(before, chain, after, depth)) > 1:
            total = wrapped("slope = ", combined(terms), "", depth)
            return [*total, f"{before}y + h * slope{after}"]
        return wrapped(before, chain, after, depth)


def combined(terms: list[tuple[str, float]]) -> list[str]:
    """Return Σ weight·tensor as a chain."""
    (tensor, weight), *rest = terms
    first = tensor if weight == 1 else f"({number(weight)} * {tensor})"
    return added(first, [(tensor, number(weight)) for tensor, weight in rest])


def _nonzero(symbol: str, weights: tuple[float, ...], first: int) -> list[tuple[str, float]]:
    return [(f"{symbol}{first + i}", w) for i, w in enumerate(weights) if w != 0]


def write_steps(draft: Draft, stepper: Stepper) -> None:
    """Add the function that steps a state: ``step``, or ``flow`` for a scheme with its own loop.

    Raises:
        ValueError: For a scheme of a kind that no code is known for.
    """
    scheme = stepper.scheme
    if isinstance(scheme, RungeKutta):
        _runge_kutta(draft, stepper, scheme)
    elif isinstance(scheme, Multistep):
        _multistep(draft, stepper, scheme)
    elif scheme.kind == "adaptive":
        _adaptive(draft, stepper)
    else:
        raise ValueError(f"scheme: no script can be written for {scheme.name!r}")


def integration(stepper: Stepper, f: str, h: str, time: str) -> list[str]:
    """Return the loop that carries ``y`` through ``DEPTH`` steps of a fixed scheme."""
    t = f"{time}, " if stepper.timed else ""
    index = "i" if stepper.timed else "_"
    loop = f"for {index} in range(DEPTH):"
    if stepper.scheme.kind == "multistep":
        return ["past = []", loop, f"    y, past = step({f}, {t}y, {h}, past)"]
    return [loop, f"    y = step({f}, {t}y, {h})"]


def _stages(stepper: Stepper, scheme: RungeKutta, depth: int) -> list[str]:
    """Return the lines that compute the slopes k1 … ks; a slope that nothing uses is still there."""
    lines = []
    for i, (row, node) in enumerate(zip(scheme.tableau.a, scheme.tableau.c), 1):
        time = "t" if node == 0 else _later(node)
        before = f"k{i} = f({time}, " if stepper.timed else f"k{i} = f("
        lines += stepper.lines(before, _nonzero("k", row, 1), ")", depth)
    return lines


def _later(node: float) -> str:
    product = times("h", node)
    return f"t - {product[1:]}" if product.startswith("-") else f"t + {product}"


def _runge_kutta(draft: Draft, stepper: Stepper, scheme: RungeKutta) -> None:
    end = stepper.lines("return ", _nonzero("k", scheme.tableau.b, 1), "")
    lines = [*_stages(stepper, scheme, 1), *end]
    template = block("""
        def step(f, {t}y, h):
            \"""Take one step of size h: {label}{note}\"""
            {lines}
    """)
    fused = any(".add(" in line for line in lines)
    note = "\n\n    y.add(k, alpha=a) is y + a k.\n    " if fused else ""
    draft.block(
        template.format(t=stepper.t, label=ended(stepper.label), note=note, lines=body(lines, 1))
    )


def _multistep(draft: Draft, stepper: Stepper, scheme: Multistep) -> None:
    starter: Any = INTEGRATORS[scheme.starter]
    boot = stepper.lines("following = ", _nonzero("k", starter.tableau.b, 1), "", 2)
    states = _nonzero("y", scheme.alpha, 0)
    slopes = _nonzero("f", scheme.beta, 0)
    used = {name for name, _ in states + slopes}
    pairs = [
        f"({', '.join(name if name in used else '_' for name in (f'y{j}', f'f{j}'))})"
        for j in range(scheme.steps)
    ]
    if scheme.steps == 1:
        pairs[0] += ","
    total = combined(states) + added("", [(f, times("h", w)) for f, w in slopes])[1:]
    past = scheme.steps - 1
    template = block("""
        def step(f, {t}y, h, past):
            \"""Take one step of size h: {label}

            ``past`` holds the former (state, slope) pairs, newest first; without enough of them the
            step is one of {starter} y.add(k, alpha=a) is y + a k.
            \"""
            if len(past) < {past}:
                {boot}
            past = [(y, {slope}), *past]
            {pairs} = past
            {total}
    """)
    draft.block(
        template.format(
            t=stepper.t,
            label=ended(stepper.label),
            starter=ended(starter.label),
            past=past,
            boot=body(
                [
                    *_stages(stepper, starter, 2),
                    *boot,
                    "return following, [(y, k1), *past]",
                ],
                2,
            ),
            slope=stepper.call("t", "y"),
            pairs=", ".join(pairs),
            total=body(
                [*wrapped("following = ", total, ""), f"return following, past[:{past}]"], 1
            ),
        )
    )


_ODEINT = {
    False: "from torchdiffeq import odeint",
    True: "from torchdiffeq import odeint_adjoint as odeint",
}
_FINISH = """
if not states.isfinite().all():
    raise FloatingPointError("the state is no longer finite")
return states[-1]
"""


def _adaptive(draft: Draft, stepper: Stepper) -> None:
    family = stepper.scheme.family
    write = {"embedded": _embedded, "adams": _adams, "stiff": _stiff}.get(family)
    if write is None:
        raise ValueError(f"scheme: no script can be written for the family {family!r}")
    options = stepper.options
    draft.need("import torch", _ODEINT[stepper.adjoint])
    draft.heading(f"The solver: {ended(stepper.label)}")
    draft.constant("RTOL", options.rtol, "the error of a step stays below ATOL + RTOL |y|")
    draft.constant("ATOL", options.atol)
    write(draft, stepper)


def _embedded(draft: Draft, stepper: Stepper) -> None:
    draft.constant("MAX_STEPS", stepper.options.max_steps, "more attempted steps are given up")
    arguments = [
        f'method="{stepper.scheme.name}"',
        "# Land on the last time: inside a step the state is interpolated, at a lower order.",
        'options={"step_t": t[-1:], "max_num_steps": MAX_STEPS}',
    ]
    if stepper.adjoint:
        arguments.append('adjoint_options={"step_t": t, "max_num_steps": MAX_STEPS}')
    _flow(draft, stepper, arguments)


def _adams(draft: Draft, stepper: Stepper) -> None:
    draft.constant("SOLVER_STEPS", stepper.options.steps, "equal steps from start to end")
    draft.block("""
        def equal_steps(f, y, t):
            \"""Return the times between which the solver steps.\"""
            ends = float(t[0]), float(t[-1])
            times = torch.linspace(*ends, SOLVER_STEPS + 1, dtype=t.dtype, device=t.device)
            times[0], times[-1] = t[0], t[-1]
            return times


        SOLVER = {"grid_constructor": equal_steps, "interp": "linear", "max_order": 4}
    """)
    _flow(draft, stepper, ['method="implicit_adams"', "options=SOLVER"])


_WHOLE = """
if len(states) < len(t):
    raise FloatingPointError("the step shrank to nothing")
"""


def _solution(arguments: list[str], check: str = "") -> str:
    """Return the lines that solve for ``states`` at the times ``t`` and return the last one."""
    given = ["f", "y", "t", "rtol=RTOL", "atol=ATOL", *arguments]
    lines = [f"    {line}" if line.startswith("#") else f"    {line}," for line in given]
    ending = (check.rstrip() + _FINISH).strip().splitlines()
    return body(["states = odeint(", *lines, ")", *ending], 1)


def _flow(draft: Draft, stepper: Stepper, arguments: list[str]) -> None:
    template = block("""
        def flow(f, y, t0, t1):
            \"""Return the state at t1, by {label}\"""
            t = torch.tensor([t0, t1], dtype=y.dtype, device=y.device)
            {solution}
    """)
    draft.block(template.format(label=ended(stepper.label), solution=_solution(arguments)))


def _stiff(draft: Draft, stepper: Stepper) -> None:
    solver = STIFF[stepper.scheme.name].__mro__[1].__name__
    draft.need("import scipy.integrate")
    draft.constant("PORTION", STIFF_CHUNK, "numbers solved at once; the Jacobian is dense")
    draft.block(f"""
        class {solver}(scipy.integrate.{solver}):
            \"""scipy's solver, which knows no least step, although torchdiffeq passes one.\"""

            def __init__(self, *args, min_step=0, **kwargs):
                super().__init__(*args, **kwargs)
    """)
    template = block("""
        def flow(f, y, t0, t1):
            \"""Return the state at t1, by {label} The adjoint is solved by dopri5.\"""
            t = torch.tensor([t0, t1], dtype=y.dtype, device=y.device)
            rows = max(1, PORTION // y[0].numel())
            return torch.cat([solve(f, part, t) for part in y.split(rows)])


        def solve(f, y, t):
            \"""Return the state of one portion at the last time.\"""
            {solution}
    """)
    arguments = [
        'method="scipy_solver"',
        f'options={{"solver": {solver}}}',
        'adjoint_method="dopri5"',
        'adjoint_options={"step_t": t}',
    ]
    draft.block(template.format(label=ended(stepper.label), solution=_solution(arguments, _WHOLE)))
