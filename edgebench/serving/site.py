"""What a browser gets of one run: the report drawn from the store, and its files. Nothing is written."""

from __future__ import annotations

import hashlib
import html
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from edgebench.records import Artifact
from edgebench.report import RunView, render_files
from edgebench.store import SqliteStore

PAGE, SCRIPT, VERSION = "index.html", "live.js", "version"
MODELS = "models/"
LEAST_AGE_S = 3.0
POLICY_META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
"""The page's own policy lets it connect to nothing; here it may ask for `VERSION`."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent: the bytes, what they are, and the Content-Security-Policy that they are shown under."""

    body: bytes
    media_type: str
    policy: str = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A report as it was drawn of one version of a run: texts by name, and the files of its networks."""

    version: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, Artifact] = field(default_factory=dict)


class Site:
    """Answers for one run; several threads may ask.

    The report is drawn when it is asked for and something was recorded since, once for all who ask.

    Args:
        run_id: The run.
        opened: Opens the store; each thread needs its own.
        report_dir: The report's folder, which the page's commands name; what the search alone writes there is served
            from it.
    """

    def __init__(self, run_id: str, opened: Callable[[], SqliteStore], report_dir: Path) -> None:
        self.run_id = run_id
        self._opened = opened
        self._report_dir = report_dir
        self._lock = threading.Lock()
        self._drawn = Drawn()
        self._version, self._checked_s = "", float("-inf")

    def answer(self, name: str) -> Answer | None:
        """Return what stands under a name such as ``models/t001-int8.tflite``; None where nothing does.

        Raises:
            EdgebenchError: the run or its store is gone or damaged.
        """
        if name == VERSION:
            return Answer(
                body=json.dumps({"version": self.version()}).encode(), media_type=TYPES[".json"]
            )
        if name == SCRIPT:
            return Answer(body=live_script().encode(), media_type=TYPES[".js"])
        drawn = self._newest()
        if name in ("", PAGE):
            page, policy = made_live(drawn.texts[PAGE], drawn.version)
            return Answer(body=page.encode(), media_type=TYPES[".html"], policy=policy)
        if name in drawn.texts:
            return Answer(body=drawn.texts[name].encode(), media_type=_type_of(name))
        body = self._model(drawn.models.get(name))
        body = self._file(name) if body is None else body
        return None if body is None else Answer(body=body, media_type=_type_of(name))

    def version(self) -> str:
        """Return what changes with the run; the store is asked at most every `LEAST_AGE_S`."""
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._checked_s >= LEAST_AGE_S:
                with self._opened() as store:
                    self._version = store.version_of(self.run_id)
                self._checked_s = now_s
            return self._version

    def _newest(self) -> Drawn:
        version = self.version()
        with self._lock:
            if self._drawn.version != version:
                with self._opened() as store:
                    view = RunView.of(store.load(self.run_id))
                models = {f"{MODELS}{f.artifact.file_name}": f.artifact for f in view.all_files()}
                texts = render_files(view, self._report_dir)
                self._drawn = Drawn(version=version, texts=texts, models=models)
            return self._drawn

    def _model(self, artifact: Artifact | None) -> bytes | None:
        """Return an exported file's bytes from the store, if they are those that were scored."""
        if artifact is None:
            return None
        with self._opened() as store:
            path = store.artifact_path(artifact)
        body = path.read_bytes() if path.is_file() else b""
        return body if hashlib.sha256(body).hexdigest() == artifact.sha256 else None

    def _file(self, name: str) -> bytes | None:
        """Return a file of the report's folder. A name is looked up among those that are there, never joined to a path."""
        root = self._report_dir.resolve()
        here = {path.relative_to(root).as_posix(): path for path in root.rglob("*")}
        path = here.get(name)
        is_ours = path is not None and path.is_file() and path.resolve().is_relative_to(root)
        return path.read_bytes() if path is not None and is_ours else None


def made_live(page: str, version: str) -> tuple[str, str]:
    """Return a report's page that follows its run, and the policy it is to be sent with.

    Args:
        page: The page as it is in a report's folder.
        version: Of the run it was drawn from.
    """
    found = POLICY_META.search(page)
    written = html.unescape(found[1]).split(";") if found else []
    rules = {
        name: sources for name, _, sources in (rule.strip().partition(" ") for rule in written)
    }
    rules["script-src"] = f"{rules.get('script-src', '')} 'self'".strip()
    rules |= {"connect-src": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'"}
    policy = "; ".join(f"{name} {sources}".strip() for name, sources in rules.items())
    start, end, rest = POLICY_META.sub("", page, count=1).rpartition("</body>")
    tag = f'<script src="/{SCRIPT}" data-version="{html.escape(version)}"></script>\n'
    return f"{start}{tag}{end}{rest}", policy


def live_script() -> str:
    """Return what makes the page follow its run."""
    return resources.files("edgebench.serving").joinpath(SCRIPT).read_text(encoding="utf-8")


def _type_of(name: str) -> str:
    return TYPES.get(Path(name).suffix, "application/octet-stream")
