from __future__ import annotations

import subprocess
import sys

import pytest

from edgebench.runtimes import InferenceError, choose_runtime, load_runtime, registry


def test_importing_the_room_imports_no_runtime() -> None:
    code = (
        "import sys, edgebench.runtimes; "
        "print([m for m in ('numpy', 'tensorflow', 'onnxruntime', 'ai_edge_litert') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(InferenceError, match="known: keras, litert, null, ort, tflite") as caught:
        load_runtime("tensorrt")
    assert caught.value.kind == "runtime_missing"


def test_runtime_that_is_not_installed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InferenceError, match="ort is not installed") as caught:
        load_runtime("ort")
    assert caught.value.kind == "runtime_missing"


def test_runtime_whose_import_fails_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self) -> None:
            raise ImportError("numpy.core.multiarray failed to import")

    monkeypatch.setattr("edgebench.runtimes.null.NullRuntime", Broken)
    with pytest.raises(InferenceError, match="multiarray failed") as caught:
        load_runtime("null")
    assert caught.value.kind == "runtime_broken"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("a.tflite", "litert"),
        ("a.TFLITE", "litert"),
        ("a.onnx", "ort"),
        ("a.keras", "keras"),
        ("a.null", "null"),
    ],
)
def test_auto_follows_the_format(model: str, name: str) -> None:
    assert choose_runtime(model).name == name


def test_auto_takes_the_next_where_the_first_does_not_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(registry.RUNTIMES, "litert", ("edgebench.runtimes.absent", "Absent"))
    monkeypatch.setitem(registry.RUNTIMES, "tflite", registry.RUNTIMES["null"])
    assert choose_runtime("a.tflite").name == "null"


def test_auto_keeps_to_the_allowed() -> None:
    with pytest.raises(InferenceError, match=r"no runtime among ort reads \.tflite") as caught:
        choose_runtime("a.tflite", allowed=["ort"])
    assert caught.value.kind == "format_mismatch"


def test_auto_refuses_an_unknown_format() -> None:
    with pytest.raises(InferenceError, match=r"no runtime reads \.pkl files"):
        choose_runtime("a.pkl")
