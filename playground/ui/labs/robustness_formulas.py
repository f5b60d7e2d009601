"""The step of an attack, in LaTeX, with its actual numbers."""

from __future__ import annotations

from playground.attacks import AttackSlot
from playground.attacks.gradient import step_size

_LOSSES = {
    "ce": r"\mathcal L = -\log p_y",
    "margin": r"\mathcal L = \max_{j \ne y} \log p_j - \log p_y",
}
_NORMS = {"linf": r"\infty", "l2": "2"}


def number(value: float) -> str:
    """Return a number in LaTeX, with three digits."""
    digits, _, power = f"{value:.3g}".partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits


def attack_formulas(slot: AttackSlot, eps: float) -> list[str]:
    """Return the formulas of an attack: its step, what it climbs, its numbers.

    Args:
        slot: The attack and its options.
        eps: Size of the perturbation.
    """
    options = slot.options
    if slot.name == "gaussian_noise":
        size = {"sigma": r"\xi", "linf": r"\xi/\|\xi\|_\infty", "l2": r"\xi/\|\xi\|_2"}
        step = rf"x' = x + \varepsilon\, {size[options.norm]}, \quad \xi \sim \mathcal N(0, I)"
        return [step, rf"\varepsilon = {number(eps)}"]
    targeted = options.target != "none"
    climbed = r"-\mathcal L" if targeted else r"\mathcal L"
    gradient = {
        "spsa": r"\hat g",
        "transfer": rf"\nabla_x {climbed}_{{\text{{other}}}}",
    }.get(slot.name, rf"\nabla_x {climbed}")
    way = (
        rf"\operatorname{{sign}}\bigl({gradient}(x_k)\bigr)"
        if options.norm == "linf"
        else rf"\frac{{{gradient}(x_k)}}{{\|{gradient}(x_k)\|_2}}"
    )
    loss = _LOSSES[options.loss]
    if targeted:
        loss = loss.replace("y", "t") + r",\quad t \text{ the class that is wanted}"
    norm = _NORMS[options.norm]
    if slot.name == "fgsm":
        step = rf"x' = x + \varepsilon\, {way.replace('x_k', 'x')}"
        return [step, loss, rf"\varepsilon = {number(eps)}"]
    alpha = step_size(eps, options.steps, options.alpha or None)
    step = rf"x_{{k+1}} = \Pi_{{\|x' - x\|_{norm} \le \varepsilon}}\Bigl(x_k + \alpha\, {way}\Bigr)"
    how = "" if options.alpha else rf" = 2.5\,\varepsilon/{options.steps}"
    numbers = rf"\varepsilon = {number(eps)},\quad \alpha{how} = {number(alpha)}"
    numbers += rf",\quad K = {options.steps}"
    estimate = []
    if slot.name == "spsa":
        estimate = [
            r"\hat g(x) = \frac1N \sum_{i=1}^N \frac{\mathcal L(x + \delta s_i) - \mathcal L(x - \delta "
            r"s_i)}{2\delta}\, s_i, \quad s_i \in \{-1, 1\}^d"
        ]
        numbers += rf",\quad N = {options.samples},\quad \delta = {number(options.delta)}"
    return [step, *estimate, loss, numbers]
