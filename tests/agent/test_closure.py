"""What goes to a device: Python 3.8 syntax, and no module-level import but the standard library and itself."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgebench
from edgebench.profiling import build_bundle

PACKAGE = Path(edgebench.__file__).parent
SOURCES = [PACKAGE / "stats.py", *PACKAGE.glob("agent/*.py"), *PACKAGE.glob("runtimes/*.py")]
CLOSURE = ("edgebench.agent", "edgebench.runtimes", "edgebench.stats")
NEWER_MODULES = {"tomllib", "zoneinfo", "graphlib"}
GENERICS = set(
    "list dict tuple set frozenset type Callable Iterable Iterator Mapping Sequence".split()
)
NEWER_METHODS = {"removeprefix", "removesuffix", "is_relative_to", "bit_count", "pairwise", "UTC"}
NEWER_KEYWORDS = {"strict", "slots", "kw_only"}


def find_python_3_8() -> str | None:
    """Return a Python 3.8 that starts; a version manager's stand-in may be there and not start."""
    path = shutil.which("python3.8")
    if path is None:
        return None
    done = subprocess.run([path, "-c", ""], capture_output=True, check=False)
    return path if done.returncode == 0 else None


PYTHON_3_8 = find_python_3_8()


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


class NewerThan38(ast.NodeVisitor):
    """Finds what parses as 3.8 but fails when it runs there; annotations do not run."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        return None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for child in (*node.decorator_list, node.args, *node.body):
            self.visit(child)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.value, ast.Name) and node.value.id in GENERICS:
            self.found.append(ast.unparse(node))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in NEWER_METHODS:
            self.found.append(ast.unparse(node))
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg in NEWER_KEYWORDS:
            self.found.append(node.arg)
        self.generic_visit(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_source_uses_nothing_newer_than_python_3_8(path: Path) -> None:
    visitor = NewerThan38()
    visitor.visit(ast.parse(path.read_text()))
    assert visitor.found == []


def test_what_is_newer_is_found() -> None:
    visitor = NewerThan38()
    code = "x: list[int] = f(list[int], strict=True)\ndef g(a: set[int]) -> set[int]: 'a'.removeprefix('b')"
    visitor.visit(ast.parse(code))
    assert visitor.found == ["list[int]", "strict", "'a'.removeprefix"]


@pytest.mark.skipif(PYTHON_3_8 is None, reason="no Python 3.8 to run: only the syntax is checked")
def test_agent_runs_on_python_3_8(tmp_path: Path) -> None:
    (tmp_path / "model.null").write_text("{}")
    job = {"kind": "measure", "model": "model.null", "block_s": 0.01}
    done = subprocess.run(
        [str(PYTHON_3_8), "-I", "-S", str(build_bundle(tmp_path).path), json.dumps(job)],
        capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert len(json.loads(done.stdout)["samples_ns"]) >= 64


def test_the_closure_was_found() -> None:
    assert {path.name for path in SOURCES} >= {"stats.py", "main.py", "sampling.py", "registry.py"}
