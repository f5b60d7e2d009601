"""What does not fit together, or is not to be had, says so in the same words in every lab."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playground.datasets import TableError, TableMissing
from playground.experiment import DataSlot
from playground.registry import Misfit

_SHOWN = 40  # characters of a name that a message repeats


@contextmanager
def named_misfits(usual: str, *own: str) -> Iterator[None]:
    """Give every misfit of data or network the name of its field.

    Data that are not on this server misfit nothing: where they would be trained, that is said.

    Args:
        usual: The data set that is taken instead of one that does not fit.
        own: Fields of the page itself; every other one is the network's.

    Raises:
        Misfit: For what does not fit, with the name of its field.
    """
    try:
        yield
    except TableMissing:
        return  # leaves the block without a word
    except TableError as error:
        raise Misfit("data", str(error), DataSlot(name=usual)) from None
    except Misfit as error:
        raise error if error.field in own else error.below("network") from None


def listed(chosen: tuple[str, ...], legal: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a list in the order of the legal ones, each once, for a field's validator.

    Args:
        chosen: What was chosen.
        legal: What can be.

    Raises:
        Misfit: For another name; the nearest are the legal ones among them, if there is one.
    """
    kept = tuple(name for name in legal if name in chosen)
    for name in chosen:
        if name not in legal:
            text = f"{name[:_SHOWN]!r} is not legal; legal are {', '.join(legal)}"
            raise Misfit("", text, kept or None)
    return kept
