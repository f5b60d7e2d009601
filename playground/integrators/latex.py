"""Steps written as LaTeX, with coefficients as fractions where they are ones."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from playground.integrators.tableau import Tableau


def coefficient(x: float) -> str:
    r"""Return the size of a number as LaTeX: ``2``, ``\tfrac{1}{3}`` or ``0.2929``."""
    close = Fraction(abs(x)).limit_denominator(100_000)
    if abs(float(close) - abs(x)) > 1e-12 * max(1, abs(x)):
        return f"{abs(x):.4g}"
    if close.denominator == 1:
        return str(close.numerator)
    return rf"\tfrac{{{close.numerator}}}{{{close.denominator}}}"


def linear_combination(weights: Sequence[float], symbols: Sequence[str]) -> str:
    """Return Σ weight·symbol as LaTeX, without the terms that are zero."""
    text = ""
    for weight, symbol in zip(weights, symbols):
        if weight == 0:
            continue
        sign = "-" if weight < 0 else "+"
        factor = coefficient(weight)
        term = symbol if factor == "1" else rf"{factor}\,{symbol}"
        text += f" {sign} {term}" if text else (f"-{term}" if sign == "-" else term)
    return text or "0"


def _bracketed(weights: Sequence[float], symbols: Sequence[str]) -> str:
    """Return h times a combination, with brackets only where there are several terms."""
    terms = [(w, s) for w, s in zip(weights, symbols) if w != 0]
    if not terms:
        return ""
    if len(terms) == 1:
        sign = "-" if terms[0][0] < 0 else "+"
        factor = coefficient(terms[0][0])
        return f" {sign} " + (r"h\," if factor == "1" else rf"{factor}h\,") + terms[0][1]
    return rf" + h\left({linear_combination(weights, symbols)}\right)"


def runge_kutta_formula(tableau: Tableau) -> str:
    """Return one step of an explicit Runge-Kutta method, one line a stage."""
    if tableau.stages == 1:
        return r"y_{l+1} = y_l + h\,f(t_l, y_l)"
    slopes = [f"k_{i + 1}" for i in range(tableau.stages)]
    lines = []
    for slope, row, node in zip(slopes, tableau.a, tableau.c):
        time = "t_l" + _bracketed([node], [""]).replace(r"\,", "")
        lines.append(rf"{slope} &= f({time},\; y_l{_bracketed(row, slopes)})")
    lines.append(rf"y_{{l+1}} &= y_l{_bracketed(tableau.b, slopes)}")
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def multistep_formula(alpha: Sequence[float], beta: Sequence[float]) -> str:
    """Return one step of an explicit linear multistep method; entry j belongs to step l − j."""
    indices = ["l", *(f"{{l-{j}}}" for j in range(1, max(len(alpha), len(beta))))]
    states = linear_combination(alpha, [f"y_{i}" for i in indices])
    fields = _bracketed(beta, [f"f(t_{i}, y_{i})" for i in indices])
    return rf"y_{{l+1}} = {states}{fields}"
