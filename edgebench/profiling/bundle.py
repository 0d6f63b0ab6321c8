"""The agent as one file: a zip of {agent, runtimes, stats}, the same bytes from the same sources.

A plugin's runtime goes along as the one file that it is, where it is asked for.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import edgebench
from edgebench.errors import WorkError, first_line
from edgebench.plugins import Plugin
from edgebench.scratch import cache_dir

PARTS = ("stats.py", "agent/*.py", "runtimes/*.py")
MAIN = "import sys\n\nfrom edgebench.agent.main import main\n\nraise SystemExit(main(sys.argv))\n"
PLUGGED = "edgebench_plugged_runtime"
REGISTERED = "from edgebench.runtimes.registry import RUNTIMES\n\nRUNTIMES[{name!r}] = ({module!r}, {factory!r})\n"
FIXED_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The agent's file and the SHA-256 of its bytes."""

    path: Path
    sha256: str


def build_bundle(folder: Path | None = None, *, runtime: Plugin | None = None) -> Bundle:
    """Return ``agent.pyz``, written below ``folder`` unless the same bytes are there already.

    Args:
        folder: Where bundles are kept; by default in this user's cache.
        runtime: A plugin's runtime that goes along.

    Raises:
        InputError: the plugin's module is not one Python file.
        WorkError: the folder cannot be written.
    """
    content = bundle_bytes(runtime)
    sha256 = hashlib.sha256(content).hexdigest()
    path = (folder or cache_dir() / "agent") / sha256 / "agent.pyz"
    if not path.is_file() or path.read_bytes() != content:
        try:
            _write_whole(path, content)
        except OSError as error:
            raise WorkError(
                f"{path} cannot be written",
                why=str(error),
                remedy="set XDG_CACHE_HOME to a folder you may write",
            ) from None
    return Bundle(path=path, sha256=sha256)


def bundle_bytes(runtime: Plugin | None = None) -> bytes:
    """Return the bytes of the bundle: sorted names, one date, nothing compressed."""
    package = Path(edgebench.__file__).parent
    sources = {
        f"edgebench/{path.relative_to(package).as_posix()}": path.read_bytes()
        for part in PARTS
        for path in package.glob(part)
    }
    sources |= {"__main__.py": MAIN.encode(), "edgebench/__init__.py": b""}
    if runtime is not None:
        factory = runtime.target.partition(":")[2]
        registered = REGISTERED.format(name=runtime.name, module=PLUGGED, factory=factory)
        sources |= {
            f"{PLUGGED}.py": _source_of(runtime),
            "__main__.py": (registered + MAIN).encode(),
        }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(sources):
            archive.writestr(zipfile.ZipInfo(name, FIXED_DATE), sources[name])
    return buffer.getvalue()


def _source_of(runtime: Plugin) -> bytes:
    """Return the file that a plugin's runtime stands in; it is not imported, as what it needs may be on the device alone."""
    try:
        spec = importlib.util.find_spec(runtime.module)
    except (Exception, SystemExit) as error:
        raise runtime.cannot("be found", f"{type(error).__name__}: {first_line(error)}") from error
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise runtime.cannot("be put on a device", f"{runtime.module} is not one Python file")
    return Path(spec.origin).read_bytes()


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(partial, path)
