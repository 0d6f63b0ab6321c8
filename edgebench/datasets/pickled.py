"""The pickled batches of CIFAR-10, read without unpickling.

A batch is a dict of a (10000, 3072) array of bytes and a list of labels that Python 2 pickled; what Python 3 writes of the
same is read too (protocols 2 to 4). `pickle.Unpickler` with a strict ``find_class`` would still build NumPy arrays from any
arguments, set attributes on what it may name, and reserve memory for any index of its memo. Here `pickletools.genops`, which
executes nothing, tells the opcodes, and the few that such a dict needs build dicts, lists, tuples, numbers, text and one
kind of array. A global is but a word in a short list: nothing is imported by its name, and nothing in a file is called.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
_GLOBALS = {
    **{(module, "_reconstruct"): "reconstruct" for module in _MODULES},
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
}
MOST_OPCODES = 1_000_000  # an official batch has some 40,000
_IGNORED = {"PROTO", "FRAME"}
_VALUES = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINSTRING", "SHORT_BINSTRING", "BINUNICODE", "SHORT_BINUNICODE",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
}  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_batch(content: bytes) -> dict[str, Any]:
    """Return what a pickled dict holds; its keys are text, its arrays `Bytes`.

    Raises:
        ValueError: the content is no such dict: it is cut, names or calls something else, or its parts do not fit.
    """
    reader = _Reader(len(content))
    for count, (opcode, argument, position) in enumerate(pickletools.genops(content)):
        if opcode.name == "STOP":
            break
        if count >= MOST_OPCODES:
            raise ValueError(f"it has more than {MOST_OPCODES} opcodes")
        try:
            reader.take(opcode.name, argument)
        except (IndexError, KeyError, TypeError):
            raise ValueError(f"{opcode.name} at byte {position} does not fit") from None
    if len(reader.stack) != 1 or not isinstance(found := reader.stack[0], dict):
        raise ValueError("it holds no dict")
    return {
        _text(key): value.array() if isinstance(value, _Array) else value
        for key, value in found.items()
    }


@dataclass(frozen=True, slots=True)
class _Global:
    name: str


class _Dtype:
    """Bytes: no other kind of array is in these files."""


@dataclass(slots=True)
class _Array:
    """An array to be, filled in by what follows in the file."""

    state: Any = None

    def array(self) -> Bytes:
        match self.state:
            case (1, (int(rows), int(columns)), _Dtype(), bool() | 0 | 1 as is_fortran, raw):
                data = np.frombuffer(_raw(raw), dtype=np.uint8)
                if rows < 0 or rows * columns != len(data):
                    raise ValueError(f"{len(data)} bytes are no {rows} x {columns} array")
                return data.reshape((rows, columns), order="F" if is_fortran else "C")
        raise ValueError("an array in it is not two-dimensional, or not of bytes")


class _Reader:
    """The machine that the opcodes are written for, with what a batch needs of it.

    Args:
        size_bytes: Of the file. Text that is made into bytes takes no more, or one text is made so many times.
    """

    def __init__(self, size_bytes: int) -> None:
        self._left_bytes = size_bytes
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._actions: dict[str, Callable[[Any], None]] = {
            "MARK": self._mark,
            "EMPTY_DICT": lambda _: self._push({}),
            "EMPTY_LIST": lambda _: self._push([]),
            "TUPLE": lambda _: self._push(tuple(self._marked())),
            "APPEND": lambda _: self._extend([self.stack.pop()]),
            "APPENDS": lambda _: self._extend(self._marked()),
            "SETITEM": lambda _: self._update(self._popped(2)),
            "SETITEMS": lambda _: self._update(self._marked()),
            "BINPUT": self._put,
            "LONG_BINPUT": self._put,
            "MEMOIZE": lambda _: self._put(len(self._memo)),
            "BINGET": lambda index: self._push(self._memo[index]),
            "LONG_BINGET": lambda index: self._push(self._memo[index]),
            "GLOBAL": lambda named: self._global(*named.split(" ", 1)),
            "STACK_GLOBAL": lambda _: self._global(*self._popped(2)),
            "REDUCE": lambda _: self._reduce(*self._popped(2)),
            "BUILD": lambda _: self._build(self.stack.pop()),
        }

    def take(self, name: str, argument: Any) -> None:
        """Do what one opcode asks for, if a batch may ask for it."""
        if name in _VALUES:
            self._push(argument)
        elif name in _CONSTANTS:
            self._push(_CONSTANTS[name])
        elif name in _TUPLES:
            self._push(tuple(self._popped(_TUPLES[name])))
        elif name in self._actions:
            self._actions[name](argument)
        elif name not in _IGNORED:
            raise ValueError(f"{name} has no place in it")

    def _mark(self, _: Any) -> None:
        self._below.append(self.stack)
        self.stack = []

    def _push(self, value: Any) -> None:
        self.stack.append(value)

    def _marked(self) -> list[Any]:
        found, self.stack = self.stack, self._below.pop()
        return found

    def _popped(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise IndexError
        found = self.stack[-count:]
        del self.stack[-count:]
        return found

    def _put(self, index: int) -> None:
        self._memo[index] = self.stack[-1]

    def _extend(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise TypeError
        self.stack[-1].extend(items)

    def _update(self, items: list[Any]) -> None:
        keys = items[::2]
        if not isinstance(self.stack[-1], dict) or not all(
            isinstance(k, str | bytes) for k in keys
        ):
            raise TypeError
        self.stack[-1].update(zip(keys, items[1::2], strict=True))

    def _global(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError
        if (module, name) not in _GLOBALS:
            raise ValueError(f"it asks for {module}.{name}, which is not run")
        self._push(_Global(_GLOBALS[module, name]))

    def _reduce(self, called: Any, arguments: Any) -> None:
        match called, arguments:
            case _Global("reconstruct"), (_Global("ndarray"), (0,), "b" | b"b"):
                self._push(_Array())
            case _Global("dtype"), ("u1" | b"u1", 0, 1):
                self._push(_Dtype())
            case _Global("encode"), (str(text), "latin1" | "latin-1"):
                self._left_bytes -= len(text)
                if self._left_bytes < 0:
                    raise ValueError("it asks for more bytes than it has")
                self._push(text.encode("latin-1"))
            case _:
                raise ValueError("it asks for something to be called, which is not done")

    def _build(self, state: Any) -> None:
        match self.stack[-1]:
            case _Array() as array:
                array.state = state
            case _Dtype():
                pass
            case _:
                raise TypeError


def _text(key: str | bytes) -> str:
    return key if isinstance(key, str) else key.decode("latin-1")


def _raw(found: Any) -> bytes:
    """Return the bytes of what Python 2 called a string, which `pickletools` gives as text."""
    if not isinstance(found, str | bytes):
        raise ValueError("the content of an array is not of bytes")
    return found if isinstance(found, bytes) else found.encode("latin-1")
