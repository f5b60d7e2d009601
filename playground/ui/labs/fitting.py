"""What data and a network that do not fit together say of themselves, in the same words in every lab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playground.datasets import TableError, TableMissing
from playground.experiment import DataSlot
from playground.registry import Misfit


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
