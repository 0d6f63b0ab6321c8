"""What goes to a device: Python 3.8 syntax, and no module-level import but the standard library and itself."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgebench

PACKAGE = Path(edgebench.__file__).parent
SOURCES = [PACKAGE / "stats.py", *PACKAGE.glob("agent/*.py"), *PACKAGE.glob("runtimes/*.py")]
CLOSURE = ("edgebench.agent", "edgebench.runtimes", "edgebench.stats")
NEWER_MODULES = {"tomllib", "zoneinfo", "graphlib"}


def imported_at_start(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_source_is_python_3_8_and_imports_nothing_foreign(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    for name in imported_at_start(tree):
        is_own = name.startswith(CLOSURE)
        is_standard = name.split(".")[0] in sys.stdlib_module_names - NEWER_MODULES
        assert is_own or is_standard, f"{path.name} imports {name}"


def test_the_closure_was_found() -> None:
    assert {path.name for path in SOURCES} >= {"stats.py", "main.py", "sampling.py", "registry.py"}
