"""The one reader of YAML documents: suites, devices, margins. Every mistake is told with its line and column.

A `Document` keeps where each value stands, so that a check made later (is this a metric? does this template
exist?) can still point at the place. Values laid over a document, from command-line options, keep the name of
the option instead. A document is plain: tags, anchors, aliases and merge keys are refused before any value is
built from them.
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from edgebench.errors import DocumentError, InputError, did_you_mean

MAX_DOCUMENT_BYTES = 100_000
MAX_DEPTH = 20
Location = tuple[str | int, ...]

_IN_WORDS = {
    "dict_type": "should be a mapping of keys to values",
    "model_type": "should be a mapping of keys to values",
    "list_type": "should be a list",
    "tuple_type": "should be a list",
    "string_pattern_mismatch": "is refused in this form: plain names and paths only, nothing that a shell would heed",
}
_PYDANTIC_SUBJECT = re.compile(r"^(Value error,|Input|List|Tuple|Dictionary|String) ")


class Record(BaseModel):
    """Base of the documents' models: unknown keys are refused, values are frozen and not converted."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    @classmethod
    def in_full(cls, written: dict[str, Any]) -> dict[str, Any]:
        """Return a document's tree with its short forms written out, before options are laid over it."""
        return written


ModelT = TypeVar("ModelT", bound=Record)


class Document:
    """A parsed YAML mapping that knows where each of its values stands."""

    def __init__(self, path: str, tree: Mapping[str, Any]) -> None:
        self.path = path
        self._tree = tree
        self._overlay: dict[Location, tuple[Any, str]] = {}

    def written(self) -> dict[str, Any]:
        """Return a copy of what the file itself says, in plain values."""
        return {str(key): _plain(value) for key, value in self._tree.items()}

    def lay_over(self, location: Location, value: Any, origin: str) -> None:
        """Put ``value`` at ``location``; mistakes in it are reported as being in ``origin``."""
        self._overlay[location] = (value, origin)

    def is_laid_over(self, location: Location) -> bool:
        """Return whether an option gave the value at ``location``."""
        return location in self._overlay

    def validate(self, model: type[ModelT]) -> ModelT:
        """Return the document as ``model``; raises `DocumentError` or `InputError` for the first mistake."""
        data = model.in_full(self.written())
        for location, (value, _) in self._overlay.items():
            _put(data, location, value)
        try:
            return model.model_validate_json(json.dumps(data, default=_as_json), strict=True)
        except ValidationError as error:
            raise self._explain(model, data, error) from None

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
        for overlaid, (_, origin) in reversed(self._overlay.items()):
            made_here = overlaid[: len(location)] == location and not self.is_written(location)
            if overlaid == location[: len(overlaid)] or made_here:
                return InputError(f"{origin}  {message}", why=why, remedy=remedy)
        line, column = self._place(location, key=key)
        return DocumentError(self.path, line, column, message, why=why, remedy=remedy)

    def is_written(self, location: Location) -> bool:
        """Return whether the file itself has something at ``location``."""
        node: Any = self.written()
        for step in location:
            if not _has(node, step):
                return False
            node = node[step]
        return True

    def _place(self, location: Location, *, key: bool) -> tuple[int, int]:
        node: Any = self._tree
        line, column = 0, 0
        for depth, step in enumerate(location):
            if isinstance(node, CommentedMap):
                name = next((k for k in node if str(k) == str(step)), None)
                if name is None:
                    break
                at_key = node[name] is None or (key and depth == len(location) - 1)
                line, column = node.lc.key(name) if at_key else node.lc.value(name)
                node = node[name]
            elif _has(node, step):
                line, column = node.lc.item(step)
                node = node[step]
            else:
                break
        return line + 1, column + 1

    def _explain(
        self, model: type[Record], data: Mapping[str, Any], error: ValidationError
    ) -> InputError:
        details = min(
            error.errors(),
            key=lambda e: (
                e["type"] != "extra_forbidden",
                self._place(_real(data, e["loc"]), key=False),
            ),
        )
        location = _real(data, details["loc"])
        parent, name = location[:-1], _name(location)
        if details["type"] == "extra_forbidden":
            known = _field_names(model, parent)
            return self.error(
                location,
                f"{name} is not a key of {'.'.join(map(str, parent)) or 'this document'}",
                why=f"known keys: {', '.join(known)}",
                remedy=did_you_mean(name, known),
                key=True,
            )
        if details["type"] == "missing" and isinstance(location[-1], int):
            return self.error(
                parent,
                f"{_name(parent)} has too few entries",
                why=f"found {_short(_value(data, parent))}",
            )
        if details["type"] == "missing":
            return self.error(
                parent,
                f"{name} is missing",
                why=f"{'.'.join(map(str, location))} is required",
                remedy=f"add a line `{name}: ...`",
            )
        message = _IN_WORDS.get(details["type"]) or _PYDANTIC_SUBJECT.sub("", details["msg"])
        return self.error(
            location,
            f"{name} {message.replace(' after validation', '')}",
            why=f"found {_short(_value(data, location))}",
        )


def read_document(path: str | Path) -> Document:
    """Parse the YAML mapping in ``path``; raises `InputError` or `DocumentError` with one sentence."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_DOCUMENT_BYTES + 1)
        if len(content) > MAX_DOCUMENT_BYTES:
            raise InputError(
                f"{path} is too large for a document", why=f"more than {MAX_DOCUMENT_BYTES} bytes"
            )
        text = content.decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", why="expected a YAML file there") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder", why="expected a YAML file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read", why=str(error)) from None
    return parse_document(str(path), text)


def parse_document(path: str, text: str) -> Document:
    """Parse YAML text; ``path`` is only named in errors."""
    try:
        _refuse_extras(path, YAML(typ="rt", pure=True).parse(text))
        tree = YAML(typ="rt", pure=True).load(text)
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
            path, line, column, "this is not valid YAML",
            why=", ".join(filter(None, (error.context, error.problem))),
        ) from None  # fmt: skip
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        raise DocumentError(
            path, line, column, "this is not valid YAML",
            why=f"the character U+{int(error.character):04X} is not allowed",
        ) from None  # fmt: skip
    except YAMLError as error:
        raise DocumentError(path, 1, 1, "this is not valid YAML", why=str(error)) from None
    if not isinstance(tree, CommentedMap):
        raise DocumentError(
            path, 1, 1, "expected a mapping of keys to values", why=f"found {_short(tree)}"
        )
    return Document(path, tree)


def load_document(path: str | Path, model: type[ModelT]) -> ModelT:
    """Read and validate in one step."""
    return read_document(path).validate(model)


def _refuse_extras(path: str, events: Iterable[Event]) -> None:
    """Refuse what no document needs and what could do harm, before anything is built from it."""
    depth = 0
    for event in events:
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        extra = _extra(event) if depth <= MAX_DEPTH else f"more than {MAX_DEPTH} levels"
        if extra:
            mark = event.start_mark
            raise DocumentError(
                path, mark.line + 1, mark.column + 1, f"a document may not have {extra}",
                why="only plain keys, values, lists and mappings are read",
                remedy="write the value itself here",
            )  # fmt: skip


def _extra(event: Event) -> str:
    if isinstance(event, AliasEvent):
        return f"an alias (*{event.anchor})"
    if isinstance(event, NodeEvent) and event.anchor:
        return f"an anchor (&{event.anchor})"
    if isinstance(event, (ScalarEvent, CollectionStartEvent)) and event.ctag:
        return f"a tag ({event.ctag})"
    if isinstance(event, ScalarEvent) and event.value == "<<" and event.implicit[0]:
        return "a merge key (<<)"
    return ""


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
            data[str(step)] = inner = {}
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


def _as_json(value: Any) -> int | str:
    return int(value) if isinstance(value, Integral) else str(value)


def _real(data: Mapping[str, Any], location: Sequence[str | int]) -> Location:
    """Drop the steps that pydantic adds to a location for the arms of a union."""
    node: Any = data
    real: list[str | int] = []
    for index, step in enumerate(location):
        if _has(node, step):
            node = node[step]
            real.append(step)
        elif index == len(location) - 1 and (
            isinstance(node, Mapping) or (isinstance(node, list) and isinstance(step, int))
        ):
            real.append(step)
    return tuple(real)


def _value(data: Mapping[str, Any], location: Location) -> Any:
    node: Any = data
    for step in location:
        if not _has(node, step):
            return None
        node = node[step]
    return node


def _name(location: Location) -> str:
    """Return what to call the value at ``location``: its key, or its place in a list (from 1)."""
    words = ""
    for step in location:
        words = f"{words} entry {step + 1}" if isinstance(step, int) else step
    return words or "the document"


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _field_names(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that the (nested) model at ``location`` knows."""
    steps = iter(location)
    for step in steps:
        info = model.model_fields.get(str(step))
        models = _models_in(info.annotation) if info else []
        if info is None or not models:
            return []
        model = models[0]
        if typing.get_origin(info.annotation) in (dict, list, tuple):
            next(steps, None)
    return sorted(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in typing.get_args(annotation) for m in _models_in(argument)]
