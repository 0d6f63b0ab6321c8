"""Files of formats that plugins know: an exporter is offered under a name, and makes one file of a Keras model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from edgebench import plugins
from edgebench.datasets import Floats
from edgebench.errors import EdgebenchError, UnknownNameError, WorkError, first_line
from edgebench.records import Format

SUFFIX = re.compile(r"\.[A-Za-z0-9_]+")


class Converter(Protocol):
    """What a plugin of the group ``edgebench.exporters`` offers: a class that is called without arguments.

    ``suffix`` ends its files, such as ``.ncnn``. ``runtime`` opens them, one of edgebench's or of a plugin's; it is empty
    where none does, and the files are then not scored.
    """

    suffix: str
    runtime: str

    def convert(self, model: Any, examples: Sequence[Floats]) -> bytes:
        """Return a model as the bytes of one file, the same for the same weights.

        Args:
            model: A built Keras model; it is left as it is.
            examples: Training inputs to calibrate with, one array an input, each of shape (count, *input shape).
        """
        ...


def load_converter(name: str) -> Converter:
    """Return the exporter that a plugin offers.

    Raises:
        UnknownNameError: none does.
        InputError: it cannot be imported, or is none.
    """
    plugin = plugins.find("exporters", name)
    if plugin is None:
        known = (*(f.value for f in Format), *plugins.names("exporters"))
        raise UnknownNameError("a format", name, known)
    make = plugin.load()
    try:
        converter: Converter = make()
        is_one = SUFFIX.fullmatch(converter.suffix) and isinstance(converter.runtime, str)
    except Exception as error:
        raise plugin.cannot("be used", f"{type(error).__name__}: {first_line(error)}") from error
    if not is_one:
        raise plugin.cannot("be used", f"its suffix is {converter.suffix!r}, no word after a dot")
    return converter


def converted(converter: Converter, name: str, model: Any, examples: Sequence[Floats]) -> bytes:
    """Return the content of the file that a plugin's exporter makes; raises `WorkError` where there is none."""
    try:
        content = converter.convert(model, examples)
    except EdgebenchError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {first_line(error)}"
        raise WorkError(f"{name} could not be made", why=why) from error
    if not isinstance(content, bytes) or not content:
        raise WorkError(f"{name} could not be made", why="its exporter returned no bytes")
    return content
