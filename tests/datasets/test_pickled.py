"""Pickled batches: nothing in them is run, whatever they ask for."""

from __future__ import annotations

import builtins
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.datasets.pickled import read_batch

PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4)
BATCH = {b"data": PIXELS, b"labels": [1, 2, 3], "none": None, "pair": (1, True)}


class Calls:
    """Pickles as a call of anything."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.reduced = function, arguments

    def __reduce__(self) -> Any:
        return self.reduced


def reduced(function: str, arguments: bytes) -> bytes:
    """Return a pickle of a call of a global, by hand."""
    module, name = function.split(" ")
    return b"\x80\x02}(U\x01ac" + f"{module}\n{name}\n".encode() + arguments + b"Ru."


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_batch_is_what_was_pickled(protocol: int, order: Any) -> None:
    found = read_batch(pickle.dumps({**BATCH, b"data": np.array(PIXELS, order=order)}, protocol))
    np.testing.assert_array_equal(found.pop("data"), PIXELS)
    assert found == {"labels": [1, 2, 3], "none": None, "pair": (1, True)}


def test_a_small_file_takes_little_memory() -> None:
    text = b"X" + (1000).to_bytes(4, "little") + b"a" * 1000 + b"q\x00"
    encoded = b"h\x01h\x00U\x06latin1\x86R"
    with pytest.raises(ValueError, match="more bytes than it has"):
        read_batch(b"\x80\x02" + text + b"c_codecs\nencode\nq\x01" + 2 * encoded + b".")
    with pytest.raises(ValueError, match="more than 1000000 opcodes"):
        read_batch(b"\x80\x02" + b"]" * (10**6 + 1))


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_nothing_that_it_names_is_run(tmp_path: Path, protocol: int) -> None:
    touched = tmp_path / "touched"
    np.save(tmp_path / "array.npy", PIXELS)
    attacks = (
        Calls(os.system, f"touch {touched}"),
        Calls(builtins.eval, f"open({str(touched)!r}, 'w')"),
        Calls(open, str(touched), "w"),
        Calls(np.load, str(tmp_path / "array.npy")),
        Calls(np.save, str(touched), PIXELS),
    )
    for attack in attacks:
        content = pickle.dumps({b"data": attack, b"labels": [1]}, protocol)
        with pytest.raises(ValueError, match=r"asks for|has no place"):
            read_batch(content)
    assert list(tmp_path.iterdir()) == [tmp_path / "array.npy"]


@pytest.mark.parametrize(
    "content",
    [
        reduced("numpy dtype", b"U\x01OK\x00K\x01\x87"),
        reduced("numpy ndarray", b"(K\x09K\x09tU\x01O\x86"),
        reduced("numpy.core.multiarray _reconstruct", b"cnumpy\nndarray\n(J\xff\xff\xff\x7ft" + b"U\x01b\x87"),
        reduced("numpy.core.multiarray _reconstruct", b"cnumpy\ndtype\nK\x00\x85U\x01b\x87"),
        reduced("numpy.core.multiarray scalar", b"U\x01bK\x00\x86"),
        reduced("_codecs encode", b"X\x01\x00\x00\x00aX\x06\x00\x00\x00rot_13\x86"),
        reduced("_codecs decode", b"X\x01\x00\x00\x00aX\x06\x00\x00\x00latin1\x86"),
        b"\x80\x02U\x03idxQ.",
        b"\x80\x02P17\n.",
        b"\x80\x02cnumpy\ndtype\n}U\x01aK\x01sb.",
        b"\x80\x02N}U\x01aK\x01sb.",
        b"\x80\x02(cos\nsystem\nU\x04trueo.",
        b"\x80\x02(U\x04trueios\nsystem\n.",
        b"\x80\x02\x82\x01.",
        b"\x80\x02}(]K\x01u.",
        b"\x80\x02}(U\x01au.",
        b"\x80\x02}K\x01a.",
        b"\x80\x04K\x01K\x02\x93.",
        b"\x80\x02h\x07.",
        b"\x80\x02u.",
        b"\x80\x02\x87.",
        b"\x80\x02}}.",
        b"\x80\x02.",
        b"",
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_batch(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02T\xff\xff\xff\x7fabc.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f}r\xff\xff\xff\xff(K\x01K\x02u.",
        b"\x80\x02K\x01" + b"q\x00h\x00\x86" * 100 + b"q\x01K\x02\x93.",
    ],
)
def test_huge_sizes_take_no_memory(content: bytes) -> None:
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(ValueError, match=r"."):
        read_batch(content)
    assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    tracemalloc.stop()


@given(st.integers(min_value=0, max_value=500), st.integers(min_value=0, max_value=255))
def test_a_changed_byte_is_refused_or_changes_what_is_read(place: int, value: int) -> None:
    content = bytearray(pickle.dumps(BATCH, 2))
    content[place % len(content)] = value
    try:
        found = read_batch(bytes(content))
    except ValueError:
        return
    assert all(isinstance(key, str) for key in found)


def test_each_cut_is_refused() -> None:
    content = pickle.dumps(BATCH, 2)
    for length in range(len(content)):
        with pytest.raises(ValueError, match=r"."):
            read_batch(content[:length])
