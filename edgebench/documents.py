"""The one reader of YAML documents: suites, devices, margins. Every mistake is told with its line and column.

A `Document` keeps where each value stands, so that a check made later (is this a metric? does this template
exist?) can still point at the place. Values laid over a document, from command-line options, keep the name of
the option instead.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from edgebench.errors import DocumentError, InputError, did_you_mean

MAX_DOCUMENT_BYTES = 1_000_000
Location = tuple[str | int, ...]


class Record(BaseModel):
    """Base of the documents' models: unknown keys are refused, values are frozen, units are not converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


ModelT = TypeVar("ModelT", bound=BaseModel)


class Document:
    """A parsed YAML mapping that knows where each of its values stands."""

    def __init__(self, path: str, tree: Mapping[str, Any]) -> None:
        self.path = path
        self._tree = tree
        self._overlay: dict[Location, tuple[Any, str]] = {}

    def lay_over(self, location: Location, value: Any, origin: str) -> None:
        """Put ``value`` at ``location``; mistakes in it are reported as being in ``origin``."""
        self._overlay[location] = (value, origin)

    def is_laid_over(self, location: Location) -> bool:
        """Return whether an option gave the value at ``location``."""
        return location in self._overlay

    def validate(self, model: type[ModelT]) -> ModelT:
        """Return the document as ``model``; raises `DocumentError` or `InputError` for the first mistake."""
        data = _plain(self._tree)
        for location, (value, _) in self._overlay.items():
            _put(data, location, value)
        try:
            return model.model_validate(data)
        except ValidationError as error:
            raise self._explain(model, error) from None

    def error(
        self,
        location: Location,
        message: str,
        *,
        why: str = "",
        remedy: str = "",
        key: bool = False,
    ) -> InputError:
        """Build the error for the value (or the key) at ``location``."""
        for length in range(len(location), 0, -1):
            if location[:length] in self._overlay:
                origin = self._overlay[location[:length]][1]
                return InputError(f"{origin}  {message}", why=why, remedy=remedy)
        line, column = self._place(location, key=key)
        return DocumentError(self.path, line, column, message, why=why, remedy=remedy)

    def _place(self, location: Location, *, key: bool) -> tuple[int, int]:
        node: Any = self._tree
        line, column = 0, 0
        for depth, step in enumerate(location):
            if not hasattr(node, "lc") or not _has(node, step):
                break
            is_last = depth == len(location) - 1
            if isinstance(node, CommentedMap):
                line, column = node.lc.key(step) if key and is_last else node.lc.value(step)
            else:
                line, column = node.lc.item(step)
            node = node[step]
        return line + 1, column + 1

    def _explain(self, model: type[BaseModel], error: ValidationError) -> InputError:
        details = min(
            error.errors(),
            key=lambda e: (
                e["type"] != "extra_forbidden",
                self._place(self._real(e["loc"]), key=False),
            ),
        )
        location = self._real(details["loc"])
        name = str(location[-1]) if location else "the document"
        if details["type"] == "extra_forbidden":
            known = _field_names(model, location[:-1])
            return self.error(
                location,
                f"{name} is not a key of {'.'.join(map(str, location[:-1])) or 'this document'}",
                why=f"known keys: {', '.join(known)}",
                remedy=did_you_mean(name, known),
                key=True,
            )
        if details["type"] == "missing":
            return self.error(
                location[:-1],
                f"{name} is missing",
                why=f"{'.'.join(map(str, location))} is required",
                remedy=f"add a line `{name}: ...`",
            )
        message = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
        return self.error(
            location, f"{name} {message}", why=f"found {_short(self._value(location))}"
        )

    def _real(self, location: Sequence[str | int]) -> Location:
        """Drop the steps that pydantic adds to a location for the arms of a union."""
        node: Any = _plain(self._tree)
        for overlaid, (value, _) in self._overlay.items():
            _put(node, overlaid, value)
        real: list[str | int] = []
        for index, step in enumerate(location):
            if _has(node, step):
                node = node[step]
                real.append(step)
            elif index == len(location) - 1 and isinstance(node, Mapping):
                real.append(step)
        return tuple(real)

    def _value(self, location: Location) -> Any:
        node: Any = _plain(self._tree)
        for overlaid, (value, _) in self._overlay.items():
            _put(node, overlaid, value)
        for step in location:
            if not _has(node, step):
                return None
            node = node[step]
        return node


def read_document(path: str | Path) -> Document:
    """Parse the YAML mapping in ``path``; raises `InputError` or `DocumentError` with one sentence."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise InputError(
                f"{path} is too large for a document", why=f"more than {MAX_DOCUMENT_BYTES} bytes"
            )
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", why="expected a YAML file there") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder", why="expected a YAML file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read", why=str(error)) from None
    return parse_document(str(path), text)


def parse_document(path: str, text: str) -> Document:
    """Parse YAML text; ``path`` is only named in errors."""
    reader = YAML(typ="rt", pure=True)
    try:
        tree = reader.load(text)
    except DuplicateKeyError as error:
        line, column = _mark(error)
        name = str(error.problem or "").split('"')[1:2]
        raise DocumentError(
            path, line, column, f"the key {name[0] if name else ''} stands here twice",
            why="a key may stand once in a mapping", remedy="remove one of the two",
        ) from None  # fmt: skip
    except MarkedYAMLError as error:
        line, column = _mark(error)
        raise DocumentError(
            path, line, column, "this is not valid YAML", why=str(error.problem or error.context)
        ) from None
    except YAMLError as error:
        raise DocumentError(path, 1, 1, "this is not valid YAML", why=str(error)) from None
    if not isinstance(tree, Mapping):
        raise DocumentError(path, 1, 1, "expected a mapping of keys to values", why=_short(tree))
    return Document(path, tree)


def load_document(path: str | Path, model: type[ModelT]) -> ModelT:
    """Read and validate in one step."""
    return read_document(path).validate(model)


def _mark(error: MarkedYAMLError) -> tuple[int, int]:
    mark = error.problem_mark or error.context_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _has(node: Any, step: str | int) -> bool:
    if isinstance(node, Mapping):
        return step in node
    return isinstance(node, list) and isinstance(step, int) and step < len(node)


def _put(data: dict[str, Any], location: Location, value: Any) -> None:
    for step in location[:-1]:
        inner = data.get(str(step))
        if not isinstance(inner, dict):
            inner = {"name": inner} if isinstance(inner, str) else {}
            data[str(step)] = inner
        data = inner
    data[str(location[-1])] = value


def _plain(node: Any) -> Any:
    """Copy ruamel's round-trip containers and scalars into plain Python ones."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _field_names(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that the (nested) model at ``location`` knows."""
    for step in location:
        info = model.model_fields.get(str(step))
        models = _models_in(info.annotation) if info else []
        if not models:
            return []
        model = models[0]
    return sorted(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in typing.get_args(annotation) for m in _models_in(argument)]
