"""The documentation becomes a site without a warning, and the comments that say what is run are not seen there."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from pages import REPOSITORY


class Seen(HTMLParser):
    """The text of a page without its comments."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet",
         "-d", str(tmp_path / "doctrees"), str(REPOSITORY / "docs"), str(site)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = Seen()
    page.feed((site / "export.html").read_text(encoding="utf-8"))
    assert "edgebench export RUN t003" in page.text
    assert "run in make slow" not in page.text
