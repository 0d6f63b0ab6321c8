"""edgebench: search small neural networks by accuracy, bytes and latency measured on the device.

Names are loaded when first used: importing this package imports neither NumPy nor a deep-learning framework.
"""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgebench.api import (
        SearchResult,
        compare,
        export_keras,
        load_result,
        profile,
        save_baseline,
        search,
    )
    from edgebench.errors import EdgebenchError
    from edgebench.templates import load_template, register_template
    from edgebench.tuning import ParetoOracle

    __version__: str

__all__ = [
    "EdgebenchError",
    "ParetoOracle",
    "SearchResult",
    "compare",
    "export_keras",
    "load_result",
    "load_template",
    "profile",
    "register_template",
    "save_baseline",
    "search",
]

_HOMES = {
    "EdgebenchError": "edgebench.errors",
    "ParetoOracle": "edgebench.tuning",
    "SearchResult": "edgebench.api",
    "compare": "edgebench.api",
    "export_keras": "edgebench.api",
    "load_result": "edgebench.api",
    "load_template": "edgebench.templates",
    "profile": "edgebench.api",
    "register_template": "edgebench.templates",
    "save_baseline": "edgebench.api",
    "search": "edgebench.api",
}

if (
    not TYPE_CHECKING
):  # a type checker is to know what there is, not to be told that anything may be

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return metadata.version("edgebench")
        if name in _HOMES:
            return getattr(importlib.import_module(_HOMES[name]), name)
        raise AttributeError(f"module 'edgebench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
