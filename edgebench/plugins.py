"""What other distributions add by entry points: found by name, and imported only where that name is asked for.

A distribution offers an object under a name in one of the groups ``edgebench.templates``, ``edgebench.datasets``, and so on:
see `KINDS`. Each registry looks here after its own names, so that a built-in name always means what is built in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from edgebench.errors import InputError, first_line

KINDS = {
    "templates": "template",
    "datasets": "data set",
    "oracles": "oracle",
    "devices": "transport",
    "runtimes": "runtime",
    "exporters": "exporter",
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A name that a distribution offers. ``kind`` is one of `KINDS`, ``target`` is ``module:object``."""

    kind: str
    name: str
    target: str
    distribution: str
    version: str

    @property
    def module(self) -> str:
        return self.target.partition(":")[0]

    @property
    def source(self) -> str:
        """The distribution and its version."""
        return f"{self.distribution} {self.version}".strip()

    def load(self) -> Any:
        """Import what the name stands for.

        Raises:
            InputError: it cannot be imported.
        """
        entry = metadata.EntryPoint(self.name, self.target, f"edgebench.{self.kind}")
        try:
            return entry.load()
        except (Exception, SystemExit) as error:
            raise self.cannot(
                "be imported", f"{type(error).__name__}: {first_line(error)}"
            ) from error

    def cannot(self, what: str, why: str) -> InputError:
        """Return the error of a plugin that does not do what it should."""
        return InputError(
            f"{KINDS[self.kind]} {self.name} of {self.source} cannot {what}",
            why=why,
            remedy=f"update {self.distribution}, or uninstall it",
        )


def offered(kind: str) -> list[Plugin]:
    """Return all that is offered of a kind, by name; two distributions may offer one name."""
    found = [
        Plugin(
            kind=kind,
            name=entry.name,
            target=entry.value.partition("[")[0].strip(),
            distribution=_said_of(entry, "name") or "an unknown distribution",
            version=_said_of(entry, "version"),
        )
        for entry in metadata.entry_points(group=f"edgebench.{kind}")
    ]
    return sorted(found, key=lambda plugin: (plugin.name, plugin.distribution))


def _said_of(entry: metadata.EntryPoint, fact: str) -> str:
    """Return a fact of the distribution that offers it; empty of one that was removed by half."""
    try:
        return getattr(entry.dist, fact, None) or ""
    except FileNotFoundError:  # of importlib_metadata, which takes the place of the standard library's where it is imported
        return ""


def names(kind: str) -> list[str]:
    """Return the names that can be asked for."""
    return sorted({plugin.name for plugin in offered(kind) if NAME.fullmatch(plugin.name)})


def find(kind: str, name: str) -> Plugin | None:
    """Return who offers a name; None where nobody does.

    Raises:
        InputError: two distributions do.
    """
    found = [plugin for plugin in offered(kind) if plugin.name == name and NAME.fullmatch(name)]
    if len(found) > 1:
        raise InputError(
            f"{KINDS[kind]} {name} is offered twice",
            why=f"by {' and by '.join(plugin.source for plugin in found)}",
            remedy=f"uninstall one of them, or name {found[0].target}"
            if kind in ("templates", "datasets", "oracles")
            else "uninstall one of them",
        )
    return found[0] if found else None


def problem_of(plugin: Plugin, built_in: Iterable[str]) -> str:
    """Return why a plugin cannot be used under its name, or an empty string; it is imported for that.

    Args:
        plugin: Any of those offered.
        built_in: The names of its kind that edgebench has itself.
    """
    if not NAME.fullmatch(plugin.name):
        return "its name has other signs than letters, digits, dots, dashes and underscores"
    if plugin.name in set(built_in):
        return "edgebench has one of that name, which is used"
    if Counter(other.name for other in offered(plugin.kind))[plugin.name] > 1:
        return "another distribution offers that name too, so neither is used"
    try:
        plugin.load()
    except InputError as error:
        return error.why
    return ""
