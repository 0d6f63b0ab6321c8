"""Mistakes told with their place in a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from edgebench.documents import Document, Location
from edgebench.errors import EdgebenchError, UnknownNameError

T = TypeVar("T")


def known(
    document: Document,
    location: Location,
    kind: str,
    name: str,
    names: Iterable[str],
    *,
    key: bool = False,
) -> None:
    """Refuse a name that is not known, at its place (or its key's) in the document."""
    if name not in set(names):
        error = UnknownNameError(kind, name, names)
        raise document.error(location, error.message, why=error.why, remedy=error.remedy, key=key)


def told(document: Document, location: Location, look_up: Callable[[], T]) -> T:
    """Return ``look_up()``; an error in it is told again with its place in the document."""
    try:
        return look_up()
    except EdgebenchError as error:
        placed = document.error(location, error.message, why=error.why, remedy=error.remedy)
        placed.exit_code = error.exit_code
        raise placed from None
