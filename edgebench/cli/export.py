"""edgebench export: the files of one trial made again from its stored weights, or those of a Keras model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebench import plugins
from edgebench.cli import completion, options
from edgebench.cli.screen import Told, out, print_json, print_table
from edgebench.errors import InputError, UnknownNameError, WorkError
from edgebench.records import Artifact, ExportTarget, FileFacts, Format, Parity, Precision

if TYPE_CHECKING:
    from edgebench.tuning import Exported
    from edgebench.tuning.plugged import PluggedArtifact

Targets = list[ExportTarget | str]


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|MODEL.keras",
            help="A run's id, or a file.",
            autocompletion=completion.runs,
        ),
    ],
    trial_id: Annotated[
        str | None,
        typer.Argument(
            metavar="TRIAL", help="One of the run's trials.", autocompletion=completion.trials
        ),
    ] = None,
    file_format: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="tflite|onnx|keras|PLUGIN", help="Repeat."),
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision", metavar="fp32|fp16|dynamic|int8|int8-io|int16x8", help="Repeat."
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder of the files. Default: RUN-TRIAL."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="Of MODEL.keras: what it was trained for; calibrates and scores.",
            autocompletion=completion.data,
        ),
    ] = None,
    dynamic_batch: Annotated[
        bool, typer.Option("--dynamic-batch", help="Leave the number of examples open.")
    ] = False,
    store: options.Store = options.DEFAULT_STORE,
    as_json: options.Json = False,
) -> None:
    """Make a trial's files again from its stored weights, or files of a Keras model; score them, and compare with Keras."""
    targets = _targets(file_format, precision)
    if source.endswith(".keras"):
        made = _of_model(source, trial_id, data, targets, folder, dynamic_batch=dynamic_batch)
    else:
        made = _of_trial(
            source, trial_id, data, targets, folder, store, dynamic_batch=dynamic_batch
        )
    if as_json:
        print_json(_document(made))
    else:
        _print(made)
    if made.failures:
        whys = "; ".join(f"{target}: {why}" for target, why in made.failures.items())
        raise WorkError(f"{len(made.failures)} of the files were not made", why=whys)


def _of_model(
    source: str,
    trial_id: str | None,
    data: str | None,
    targets: Targets | None,
    folder: Path | None,
    *,
    dynamic_batch: bool,
) -> Exported:
    from edgebench import api
    from edgebench.suites import DEFAULT_EXPORTS

    if not Path(source).is_file():
        raise InputError(f"{source} does not exist", why="expected a Keras file there")
    if data is None or trial_id is not None:
        raise InputError(
            f"{source} is a file, so it takes --data and no trial",
            why="its data set calibrates int8 and scores each file",
            remedy=f"edgebench export {source} --data NAME",
        )
    with Told() as told:
        told(f"exporting {source}")
        return api.export_keras(
            source,
            data,
            targets=targets or [ExportTarget.parse(text) for text in DEFAULT_EXPORTS],
            out=folder or Path(Path(source).stem),
            dynamic_batch=dynamic_batch,
            told=told,
        )


def _of_trial(
    run_id: str,
    trial_id: str | None,
    data: str | None,
    targets: Targets | None,
    folder: Path | None,
    store: Path,
    *,
    dynamic_batch: bool,
) -> Exported:
    from edgebench import api

    if trial_id is None or data is not None:
        raise InputError(
            f"{run_id} is a run, so it takes one of its trials and no --data",
            remedy=f"edgebench runs show {run_id}",
        )
    with Told() as told:
        told(f"exporting {trial_id} of {run_id}")
        return api.export(
            run_id,
            trial_id,
            targets=targets,
            out=folder or Path(f"{run_id}-{trial_id}"),
            dynamic_batch=dynamic_batch,
            told=told,
            store=store,
        )


def _targets(formats: list[str] | None, precisions: list[str] | None) -> Targets | None:
    """Return the files asked for: all pairs that exist, and the exporters of plugins; None where none was named.

    Raises:
        InputError: no pair exists.
    """
    from edgebench.suites import EXPORTED_NOW

    if not formats and not precisions:
        return None
    named = [_format(name) for name in formats or [Format.TFLITE.value]]
    exporters = [name for name in named if not isinstance(name, Format)]
    chosen_formats = [name for name in named if isinstance(name, Format)]
    if exporters and not chosen_formats:
        return list(dict.fromkeys(exporters))
    chosen = [Precision.parse(name) for name in precisions] if precisions else list(Precision)
    pairs = [ExportTarget(format=f, precision=p) for f, p in product(chosen_formats, chosen)]
    found = [pair for pair in pairs if str(pair) in EXPORTED_NOW]
    if not found:
        raise InputError(
            f"{pairs[0]} is no file that can be made",
            why=f"there are {', '.join(EXPORTED_NOW)}",
            remedy="choose --format and --precision among them",
        )
    return list(dict.fromkeys([*found, *exporters]))


def _format(name: str) -> Format | str:
    """Return a format of edgebench's, or the name of a plugin's exporter."""
    if name in [f.value for f in Format]:
        return Format(name)
    if plugins.find("exporters", name):
        return name
    known = [*(f.value for f in Format), *plugins.names("exporters")]
    raise UnknownNameError("a format", name, known)


def _document(made: Exported) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "trial_id": made.trial_id,
        "keras_accuracy": made.keras_accuracy,
        "failures": {str(target): why for target, why in made.failures.items()},
        "changed": {name: list(pair) for name, pair in made.changed.items()},
        "files": [
            {
                "path": str(path),
                "format": artifact.format.value,
                "precision": artifact.precision.value,
                "sha256": artifact.sha256,
                "bytes": artifact.size_bytes,
                "accuracy": artifact.accuracy,
                "same_as_run": made.same.get(artifact.target),
                "parity": _plain(artifact.parity),
                "facts": _plain(artifact.facts),
            }
            for path, artifact in zip(made.paths, made.artifacts, strict=True)
        ]
        + [
            {
                "path": str(file.path),
                "format": file.exporter,
                "precision": None,
                "sha256": file.sha256,
                "bytes": file.size_bytes,
                "accuracy": file.score,
                "same_as_run": None,
                "parity": _plain(file.parity),
                "facts": None,
            }
            for file in made.plugged
        ],
    }


def _plain(record: Parity | FileFacts | None) -> dict[str, Any] | None:
    return None if record is None else dataclasses.asdict(record)


def _print(made: Exported) -> None:
    rows = [_plugged_row(file) for file in made.plugged]
    for path, artifact in zip(made.paths, made.artifacts, strict=True):
        parity, facts = artifact.parity, artifact.facts
        same = made.same.get(artifact.target)
        rows.append(
            (
                str(path),
                "-" if same is None else "yes" if same else "NO",
                f"{artifact.size_bytes / 1024:.1f}",
                "-" if facts is None or facts.arena_bytes is None
                else f"{facts.arena_bytes / 1024:.1f}",
                "-" if artifact.accuracy is None else f"{artifact.accuracy:.3f}",
                "-" if parity is None or parity.agreement is None else f"{parity.agreement:.3f}",
                "-" if parity is None or parity.mcnemar_p is None else f"{parity.mcnemar_p:.2g}",
                "-" if artifact.max_abs_diff is None else f"{artifact.max_abs_diff:.1e}",
            )
        )  # fmt: skip
    titles = ("file", "as the run's", "KiB", "arena", made.title, "agree", "McNemar", "max diff")
    print_table(titles, rows, text=2)
    out().print(f"Keras    {made.keras_accuracy:.3f}", markup=False)
    for sentence in _sentences(made):
        out().print(sentence, markup=False, soft_wrap=True)


def _plugged_row(file: PluggedArtifact) -> tuple[str, ...]:
    parity = file.parity
    return (
        str(file.path),
        "-",
        f"{file.size_bytes / 1024:.1f}",
        "-",
        "-" if file.score is None else f"{file.score:.3f}",
        "-" if parity is None or parity.agreement is None else f"{parity.agreement:.3f}",
        "-" if parity is None or parity.mcnemar_p is None else f"{parity.mcnemar_p:.2g}",
        "-" if parity is None else f"{parity.max_abs_diff:.1e}",
    )


def _sentences(made: Exported) -> Iterator[str]:
    for artifact in made.artifacts:
        yield from _of_file(made, artifact)
    others = [str(target) for target, same in made.same.items() if not same]
    if others:
        versions = ", ".join(f"{name} {a} -> {b}" for name, (a, b) in made.changed.items())
        yield (
            f"{', '.join(others)}: not the bytes that the run made; "
            + (f"since then: {versions}" if versions else "no version has changed since")
        )


def _of_file(made: Exported, artifact: Artifact) -> Iterator[str]:
    drop = made.keras_accuracy - (artifact.accuracy or 0.0)
    if artifact.accuracy is not None and drop > made.largest_drop:
        yield (
            f"{artifact.target} loses {100 * drop:.1f} points of {made.title} against Keras; "
            f"more than {100 * made.largest_drop:g} is flagged"
        )
    worst = artifact.parity.layers if artifact.parity is not None else ()
    if worst:
        layers = ", ".join(f"{layer.layer} {layer.relative:.1%}" for layer in worst)
        yield f"{artifact.target} moves most: {layers}"
