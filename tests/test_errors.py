"""The errors users meet: sentences, exit codes and the nearest name."""

from __future__ import annotations

import pytest

from edgebench import errors

EXIT_CODES = {
    "EdgebenchError": 5,
    "InputError": 2,
    "UnknownNameError": 2,
    "DocumentError": 2,
    "UnavailableError": 3,
    "DeviceError": 3,
    "IncomparableError": 4,
    "WorkError": 5,
    "StoppedError": 130,
}


def all_errors() -> dict[str, type[errors.EdgebenchError]]:
    found, waiting = {}, [errors.EdgebenchError]
    while waiting:
        cls = waiting.pop()
        if cls.__module__ == errors.__name__:
            found[cls.__name__] = cls
        waiting += cls.__subclasses__()
    return found


def test_every_error_has_its_exit_code() -> None:
    assert {name: cls.exit_code for name, cls in all_errors().items()} == EXIT_CODES


def test_every_error_is_in_the_tree_that_the_module_draws() -> None:
    assert all(name in (errors.__doc__ or "") for name in all_errors())


def test_message_why_and_remedy_are_kept_apart() -> None:
    error = errors.InputError("a is not b", why="it is c", remedy="write b")
    assert (str(error), error.message, error.why, error.remedy) == (
        "a is not b", "a is not b", "it is c", "write b",
    )  # fmt: skip


def test_unknown_name_tells_what_is_known_and_what_is_near() -> None:
    error = errors.UnknownNameError("a template", "squeezenett", ["unet", "squeezenet"])
    assert error.message == "squeezenett is not a template"
    assert error.why == "known: squeezenet, unet"
    assert error.remedy == "did you mean squeezenet?"


def test_unknown_name_with_a_place() -> None:
    error = errors.UnknownNameError("a metric", "x", ["y"], where="s.yaml:3:1")
    assert error.message == "s.yaml:3:1  x is not a metric"


def test_unknown_name_where_nothing_is_known() -> None:
    error = errors.UnknownNameError("a run in this store", "x", [])
    assert error.why == "no run in this store is known here"
    assert error.remedy == ""


def test_document_error_begins_with_its_place() -> None:
    error = errors.DocumentError("s.yaml", 3, 7, "name is missing")
    assert str(error) == "s.yaml:3:7  name is missing"
    assert (error.path, error.line, error.column) == ("s.yaml", 3, 7)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("latency", "did you mean latency_ms?"),
        ("latency_ms", "did you mean latency_ms?"),
        ("zzz", ""),
    ],
)
def test_nearest_name(name: str, nearest: str) -> None:
    assert errors.did_you_mean(name, ["val_accuracy", "latency_ms"]) == nearest
