"""The libraries that bring a page to life, and its charts' data: packed, for together they are a megabyte and a half."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import vl_convert
from markupsafe import Markup

DEFAULT_EXPORT = re.compile(r"\bexport\{[^}]*?([\w$]+) as default\b[^}]*\};?")


def packed(content: Mapping[str, Any]) -> Markup:
    """Return content as JSON, gzip and base64: what ``page.js`` opens with the browser's own DecompressionStream.

    Equal content gives equal text.
    """
    plain = json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
    small = gzip.compress(plain, compresslevel=9, mtime=0)
    return Markup(base64.b64encode(small).decode())  # noqa: S704  its letters mean nothing in HTML


@cache
def charts_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script of 0.9 MB that sets ``window.vegaEmbed``."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


@cache
def tables_library() -> str:
    """Return DataTables, of 0.6 MB, as the body of a function that returns its class.

    itables carries it as a module, which a page could only import from an address.
    """
    module = resources.files("itables").joinpath("html/dt_bundle.js").read_text(encoding="utf-8")
    body, found = DEFAULT_EXPORT.subn(r"return \1;", module)
    if found != 1:
        raise RuntimeError("the module of DataTables that itables carries exports no default")
    return f'"use strict";{body}'
