"""How the documentation is built: ``make docs``."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent

project = "edgebench"
release = metadata.version("edgebench")
html_title = f"edgebench {release}"
html_theme = "furo"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Pages point at files of the repository, too.
myst_all_links_external = False
suppress_warnings = ["myst.xref_missing"]
exclude_patterns = ["_build"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
nitpicky = False


def write_commands(app: Sphinx) -> None:
    """Write the reference of all commands from the commands themselves."""
    page = HERE / "reference" / "commands.md"
    page.parent.mkdir(exist_ok=True)
    subprocess.run(
        [
            sys.executable,
            *("-m", "typer", "edgebench.cli.app", "utils", "docs"),
            *("--name", "edgebench", "--output", str(page)),
        ],
        check=True,
        capture_output=True,
    )


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_commands)
