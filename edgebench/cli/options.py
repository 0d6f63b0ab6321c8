"""Options that several verbs share."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli import completion
from edgebench.errors import InputError

BenchmarkJson = Annotated[
    Path | None,
    typer.Option(
        "--benchmark-json",
        metavar="FILE",
        help="Write the latencies in pytest-benchmark's schema there, for `edgebench history`.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Store = Annotated[Path, typer.Option("--store", help="Folder of all results.", metavar="DIR")]
Reports = Annotated[Path, typer.Option("--reports", help="Folder of all reports.", metavar="DIR")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="HP=VALUE", help="Fix a hyperparameter. Repeat."),
]
Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--device", help="A device's name or file. Repeat.", autocompletion=completion.devices
    ),
]
Runtime = Annotated[
    str | None,
    typer.Option(
        "--runtime",
        metavar="auto|tflite|litert|ort|keras|PLUGIN",
        help="What runs the model. Default: auto.",
    ),
]
Delegate = Annotated[
    str | None,
    typer.Option(
        "--delegate", help="What must run the graph: xnnpack, none, cuda, tensorrt, cpu, gpu, ..."
    ),
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Default: 1.")]
BlockS = Annotated[
    float | None,
    typer.Option("--block-s", min=0.05, max=30.0, help="Seconds timed in each block. Default: 2."),
]
ScoreData = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Score the files on a data set's test part too.",
        autocompletion=completion.data,
    ),
]
Examples = Annotated[
    int | None,
    typer.Option("--examples", min=1, help="Of the test part, the first. Default: all."),
]
InputRange = Annotated[
    str | None,
    typer.Option(
        "--input-range", metavar="LOW,HIGH", help="What the models expect as inputs. Default: 0,1."
    ),
]
RunId = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id.", autocompletion=completion.runs)
]
RunOrNewest = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="A run's id. Default: the newest.", autocompletion=completion.runs
    ),
]
Suite = Annotated[
    str, typer.Argument(help="A suite's name or file.", autocompletion=completion.suites)
]
DeviceName = Annotated[
    str, typer.Argument(help="A device's name or file.", autocompletion=completion.devices)
]
DEFAULT_STORE = Path(".edgebench")
DEFAULT_REPORTS = Path("reports")


def parse_pairs(option: str, pairs: list[str] | None) -> dict[str, str]:
    """Read ``name=value`` pairs of a repeated option.

    Raises:
        InputError: a pair without ``=``.
    """
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name or not value:
            raise InputError(f"{option} {pair} is not NAME=VALUE", remedy=f"{option} name=value")
        found[name.strip()] = value.strip()
    return found


def parse_shape(text: str) -> tuple[tuple[int, ...], ...]:
    """Read ``32,32,3``, or several inputs as ``32,32,3;32,32,1``.

    Raises:
        InputError: something that is not positive whole numbers.
    """
    try:
        shapes = tuple(
            tuple(int(size) for size in part.split(",")) for part in text.split(";") if part
        )
    except ValueError:
        shapes = ()
    if not shapes or any(size < 1 for shape in shapes for size in shape):
        raise InputError(
            f"--input {text} is not a shape",
            why="expected HEIGHT,WIDTH,CHANNELS",
            remedy="for example --input 32,32,3",
        )
    return shapes


def parse_whole_numbers(option: str, text: str | None) -> list[int] | None:
    """Read ``2,4``.

    Raises:
        InputError: something that is not a whole number.
    """
    if text is None:
        return None
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise InputError(
            f"{option} {text} is not a list of whole numbers", remedy=f"for example {option} 2,4"
        ) from None


def parse_range(option: str, text: str | None) -> tuple[float, float] | None:
    """Read ``0,255``.

    Raises:
        InputError: something that is not two numbers, the lower first.
    """
    if text is None:
        return None
    try:
        low, high = (float(number) for number in text.split(","))
    except ValueError:
        low = high = math.nan
    if not low < high:
        raise InputError(f"{option} {text} is no range", remedy=f"for example {option} 0,255")
    return low, high


def parse_duration_s(option: str, text: str | None) -> float | None:
    """Read ``90s``, ``30m`` or ``2h`` as seconds; a bare number is seconds.

    Raises:
        InputError: anything else.
    """
    if text is None:
        return None
    scale = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:])
    try:
        seconds = float(text[:-1]) * scale if scale else float(text)
    except ValueError:
        seconds = -1.0
    if not seconds > 0:
        raise InputError(
            f"{option} {text} is not a time", why="expected a number with s, m or h",
            remedy=f"for example {option} 30m",
        )  # fmt: skip
    return seconds


def parse_numbers(option: str, pairs: list[str] | None) -> dict[str, float]:
    """Read ``name=number`` pairs of a repeated option.

    Raises:
        InputError: a pair without ``=``, or a value that is no number.
    """
    found = {}
    for name, value in parse_pairs(option, pairs).items():
        try:
            found[name] = float(value)
        except ValueError:
            raise InputError(f"{option} {name}={value} is not a number") from None
    return found
