"""How far a long reading is, on standard error, once it has taken some seconds."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

PATIENCE_S = 3.0
T = TypeVar("T")


def told(items: Iterable[T], total: int, doing: str) -> Iterator[T]:
    """Give the items as they come; what takes long is told: a bar on a terminal, elsewhere a line each tenth.

    Args:
        items: What is worked on.
        total: How many there are.
        doing: What is done with them, such as ``reading images``.
    """
    began_s, tell = time.monotonic(), None
    with contextlib.ExitStack() as stack:
        for done, item in enumerate(items, 1):
            yield item
            if time.monotonic() - began_s > PATIENCE_S:
                tell = tell or stack.enter_context(_teller(total, doing))
                tell(done)


@contextlib.contextmanager
def _teller(total: int, doing: str) -> Iterator[Callable[[int], None]]:
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(doing, total=total)
            yield lambda done: bar.update(task, completed=done)
        return
    last = -1

    def tell(done: int) -> None:
        nonlocal last
        if (tenth := 10 * done // total) > last:
            last = tenth
            sys.stderr.write(f"{doing} {done}/{total}\n")

    yield tell
