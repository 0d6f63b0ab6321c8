"""edgebench data: which data sets are here, what is in them, and how to get those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebench import plugins
from edgebench.cli import completion, options
from edgebench.cli.screen import Told, err, out, print_facts, print_json, print_table
from edgebench.errors import InputError
from edgebench.records import DataPlan

if TYPE_CHECKING:
    from edgebench.datasets.catalogue import Entry

app = typer.Typer(help="List, check and get data sets.", no_args_is_help=True)
MEGABYTE = 1_000_000
HERE = ("embedded", "here")
ALSO = "a folder of images, or of images and masks; an .npz file; module:function"
UNITS = {"segmentation": "pixels", "detection": "objects"}
Name = Annotated[str, typer.Argument(help="A data set's name.", autocompletion=completion.data)]


@app.command("list")
def list_all(as_json: options.Json = False) -> None:
    """List the data sets that go by a name: which are here, and how to get the others."""
    from edgebench.datasets import CATALOGUE
    from edgebench.datasets.plans import VARIABLE, data_folder

    others = {p.name: p.source for p in plugins.offered("datasets") if p.name not in CATALOGUE}
    if as_json:
        listed = [_listed(*item) for item in CATALOGUE.items()]
        print_json({"schema_version": 1, "data": listed, "plugins": others})
        return
    print_table(
        ("name", "task", "state", "where"),
        [
            (name, entry.task, entry.state, entry.layout.folder if entry.layouts else "-")
            for name, entry in CATALOGUE.items()
        ]
        + [(name, "-", "plugin", source) for name, source in others.items()],
        text=4,
    )
    away = {name: entry.how for name, entry in CATALOGUE.items() if entry.state not in HERE}
    lines = {"folder": f"{data_folder().resolve()}, which {VARIABLE} names", "also": ALSO}
    out().print()
    print_facts({**away, **lines})


@app.command("check")
def check(
    name: Annotated[
        str,
        typer.Argument(
            help="Whatever --data takes: a name, file, folder or function.",
            autocompletion=completion.data,
        ),
    ],
    sample: Annotated[float, typer.Option("--sample", help="The share that is used.")] = 1.0,
    size: Annotated[
        str | None, typer.Option("--size", metavar="HEIGHT,WIDTH", help="What images become.")
    ] = None,
    tile: Annotated[
        str | None,
        typer.Option("--tile", metavar="HEIGHT,WIDTH", help="What photographs are cut into."),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option("--inputs", metavar="VIEW,VIEW", help="What networks are fed of a picture."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Which answers, of a data set with several.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Read a data set: counts, shapes, balance of classes, checksums of its files."""
    from edgebench.datasets import CATALOGUE, inspect, inspect_table

    if not 0 < sample <= 1:
        raise InputError(f"--sample {sample} is not above 0 and at most 1")
    is_table = name in CATALOGUE and CATALOGUE[name].task == "table"
    if is_table:
        found = inspect_table(name)
    else:
        found = inspect(
            DataPlan(
                name=name,
                sample=sample,
                size=_size("--size", size),
                tile=_size("--tile", tile),
                inputs=tuple(inputs.split(",")) if inputs else (),
                target=target or "",
            )
        )
    if as_json:
        print_json({"schema_version": 1, "data": found})
    elif is_table:
        _print_table(found)
    else:
        _print(found)
    if damaged := [file["path"] for file in found["files"] if file["state"] == "differs"]:
        raise InputError(
            f"{damaged[0]} is not the published file",
            why="its checksum differs",
            remedy="remove it and get it again",
        )


@app.command("get")
def get(name: Name) -> None:
    """Download a data set into the folder that EDGEBENCH_DATA names; what is not as published is thrown away."""
    from edgebench import datasets

    def say(sentence: str) -> None:
        err().print(sentence, markup=False, soft_wrap=True)

    with Told() as told:
        datasets.get(
            name,
            say,
            lambda here, total: told(
                f"{name}: megabyte {here // MEGABYTE + 1} of {total // MEGABYTE + 1}"
            ),
        )


def _listed(name: str, entry: Entry) -> dict[str, Any]:
    return {
        "name": name,
        "title": entry.title,
        "task": entry.task,
        "state": entry.state,
        "path": _path(entry),
        "missing": list(entry.layout.missing()) if entry.layouts else [],
        "source": entry.source,
        "terms": entry.terms,
        "how": entry.how,
    }


def _path(entry: Entry) -> str | None:
    return str(entry.layout.path(".").resolve()) if entry.layouts else None


def _size(option: str, text: str | None) -> tuple[int, int] | None:
    numbers = options.parse_whole_numbers(option, text)
    if numbers is None:
        return None
    if len(numbers) != 2 or min(numbers) < 1:
        raise InputError(f"{option} {text} is no size", remedy=f"for example {option} 32,32")
    height, width = numbers
    return height, width


def _print(found: dict[str, Any]) -> None:
    parts, unit = found["parts"], UNITS.get(found["task"], "examples")
    print_facts(
        {
            "name": found["name"] + (" (synthetic)" if found["synthetic"] else ""),
            "task": found["task"],
            "source": found["source"],
            "values": found["normalisation"],
            **{"note" if not row else f"note {row + 1}": note for row, note in enumerate(found["notes"])},
        }
    )  # fmt: skip
    out().print()
    whole = "photographs" if found["task"] == "segmentation" else "groups"
    is_grouped = any(part["groups"] for part in parts.values())
    print_table(
        ("part", "inputs", "count", *([whole] if is_grouped else []), "lowest", "highest"),
        [
            (
                name,
                " ".join("x".join(map(str, shape)) for shape in part["shapes"]),
                f"{part['count']:,}",
                *([f"{part['groups'] or part['count']:,}"] if is_grouped else []),
                f"{part['range']['low']:.3g}",
                f"{part['range']['high']:.3g}",
            )
            for name, part in parts.items()
        ],
        text=2,
    )
    out().print()
    first = next(iter(parts.values()))
    print_table(
        ("class", *(f"{unit} in {name}" for name in parts)),
        [
            (row["class"], *(_of_class(part["classes"], index) for part in parts.values()))
            for index, row in enumerate(first["classes"])
        ],
    )
    if unit != "objects":
        part = "validation" if "validation" in parts else "test"
        commonest = max(parts[part]["classes"], key=lambda row: row["share"])
        out().print(
            f"to answer {commonest['class']} everywhere is right for {commonest['share']:.1%} "
            f"of the {unit} in {part}",
            markup=False,
            soft_wrap=True,
        )
    for pair, count in found["duplicates"].items():
        if count:
            out().print(f"{count} inputs are in both of {pair}", markup=False)
    _print_files(found["files"])


def _of_class(classes: list[dict[str, Any]], index: int) -> str:
    if index >= len(classes):
        return "0"
    return f"{classes[index]['count']:,} ({classes[index]['share']:.1%})"


def _print_table(found: dict[str, Any]) -> None:
    print_facts({"name": found["name"], "rows": f"{found['rows']:,}"})
    out().print()
    print_table(
        ("column", "lowest", "highest"),
        [
            (title, f"{span['low']:g}", f"{span['high']:g}")
            for title, span in found["columns"].items()
        ],
    )
    _print_files(found["files"])


def _print_files(files: list[dict[str, Any]]) -> None:
    """Print a line a file, or a folder of many, and a line of its hash."""
    if files:
        out().print()
    for file in files:
        count = "" if file["count"] == 1 else f"{file['count']:,} files  "
        is_published = file["state"] != "unknown"
        said = "as published" if file["state"] == "ok" else file["state"]
        digest = f"{said}: MD5 {file['md5']}" if is_published else f"SHA-256 {file['sha256']}"
        out().print(
            f"{file['path']}  {count}{file['size_bytes']:,} bytes\n  {digest}",
            markup=False,
            soft_wrap=True,
        )
