"""How a search is watched from a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgebench.cli.screen import err, is_live
from edgebench.watching import LiveWatch, PlainWatch

if TYPE_CHECKING:
    from edgebench.tuning import Observer


def observer_for(*, as_json: bool) -> Any:
    """Return the watch that fits this terminal; both write to standard error alone."""
    watch = LiveWatch(err()) if is_live() and not as_json else PlainWatch(err())
    _check: Observer = watch
    return _check
