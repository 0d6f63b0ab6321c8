"""What edgebench doctor says of plugins: who offers what, and whether it can be used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from edgebench import plugins
from edgebench.errors import EdgebenchError
from edgebench.plugins import KINDS, Plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginState:
    """A plugin, and why it cannot be used under its name; empty where it can."""

    plugin: Plugin
    problem: str

    def document(self) -> dict[str, object]:
        """Return it as ``doctor --json`` tells it."""
        plugin = self.plugin
        return {
            "group": f"edgebench.{plugin.kind}",
            "name": plugin.name,
            "target": plugin.target,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "works": not self.problem,
            "problem": self.problem,
        }


def look_at_plugins() -> Iterator[PluginState]:
    """Import every plugin that is installed, kind by kind."""
    for kind in KINDS:
        found = plugins.offered(kind)
        built_in = _built_in(kind) if found else ()
        for plugin in found:
            yield PluginState(plugin=plugin, problem=plugins.problem_of(plugin, built_in))


def _built_in(kind: str) -> tuple[str, ...]:
    """Return the names of a kind that edgebench has itself."""
    from edgebench.datasets import DATASETS
    from edgebench.devices.document import BUILT_IN_TRANSPORTS
    from edgebench.records import Format
    from edgebench.runtimes import RUNTIMES
    from edgebench.suites import ORACLES
    from edgebench.templates import TEMPLATES, import_keras

    if kind in ("templates", "oracles"):
        with contextlib.suppress(EdgebenchError):  # then the plugin says so itself
            import_keras()
    names = {
        "templates": tuple(TEMPLATES),
        "datasets": tuple(DATASETS),
        "oracles": ORACLES,
        "devices": BUILT_IN_TRANSPORTS,
        "runtimes": ("auto", *RUNTIMES),
        "exporters": tuple(f.value for f in Format),
    }
    return names[kind]
