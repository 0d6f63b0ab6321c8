"""Model files: made again, measured, scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench import plugins, suites
from edgebench.api.options import MODEL_PLACES, laid_over
from edgebench.api.stores import DEFAULT_STORE, open_store
from edgebench.profiling import Profiled, SuiteProfile, profile_all
from edgebench.records import DataPlan, ExportTarget, Measurement

if TYPE_CHECKING:
    from edgebench.tuning import Exported


def export(
    run_id: str,
    trial_id: str,
    *,
    targets: Sequence[ExportTarget | str] | None = None,
    out: str | Path,
    dynamic_batch: bool = False,
    told: Callable[[str], None] = lambda sentence: None,
    store: str | Path = DEFAULT_STORE,
) -> Exported:
    """Make the files of one trial from its stored weights, run them here on held-out data, and write them into a folder.

    Args:
        run_id: A run.
        trial_id: One of its trials that was trained, and may have won.
        targets: Which files, such as ``tflite-int8`` or the name of a plugin's exporter; None for those of the suite.
        out: Folder of the files; each gets a JSON document of what it is beside it.
        dynamic_batch: Leave the number of examples open in each file; they are then not compared with the run's.
        told: Gets a sentence of what is being done.
        store: Folder of all results.

    Raises:
        InputError: no such run or trial, or its weights were not kept.
        WorkError: a file cannot be made, or answers otherwise than Keras.
    """
    from edgebench.templates import import_keras

    named, exporters = (None, ()) if targets is None else _split(targets)
    import_keras()
    from edgebench.tuning import export_again

    with open_store(store) as opened:
        result = opened.load(opened.run(run_id).run_id)
        return export_again(
            opened,
            result,
            trial_id,
            Path(out),
            targets=named,
            exporters=exporters,
            dynamic_batch=dynamic_batch,
            told=told,
        )


def export_keras(
    model: str | Path,
    data: str,
    *,
    targets: Sequence[ExportTarget | str],
    out: str | Path,
    dynamic_batch: bool = False,
    told: Callable[[str], None] = lambda sentence: None,
) -> Exported:
    """Write a .keras file as other files, calibrated on a data set's training part and scored on its test part.

    The file is opened in a process of its own, and may bring no code.

    Args:
        model: The file.
        data: The data set that it was trained for.
        targets: Which files, as for `export`.
        out: Folder of the files.
        dynamic_batch: As for `export`.
        told: As for `export`.

    Raises:
        InputError: the file cannot be opened, or does not take the data.
        WorkError: a file cannot be made, or answers otherwise than Keras.
    """
    from edgebench.templates import import_keras

    named, exporters = _split(targets)
    import_keras()
    from edgebench.tuning import export_keras_file

    whole = DataPlan(name=data, validation="test")  # nothing is chosen, so all calibrates
    return export_keras_file(
        Path(model),
        whole,
        named,
        Path(out),
        exporters=exporters,
        dynamic_batch=dynamic_batch,
        told=told,
    )


def _split(
    targets: Sequence[ExportTarget | str],
) -> tuple[list[ExportTarget], tuple[str, ...]]:
    """Return what edgebench writes itself, and the names of the plugins' exporters among the targets."""
    exporters = [
        target
        for target in targets
        if isinstance(target, str)
        and target not in suites.EXPORTED_NOW
        and plugins.find("exporters", target)
    ]
    named = [
        ExportTarget.parse(target) if isinstance(target, str) else target
        for target in targets
        if target not in exporters
    ]
    return list(dict.fromkeys(named)), tuple(dict.fromkeys(exporters))


def profile(model: str | Path, *, device: str = "local", **options: Any) -> Measurement:
    """Measure one model file on one device; see `edgebench.profiling.profile_all`."""
    (measurement,) = profile_all([model], device=device, **options)
    return measurement


def profile_suite(suite: str | Path, **options: Any) -> list[Profiled]:
    """Profile a suite of models on each of its devices, and score the files that have data; see `prepare_profile`."""
    return prepare_profile(suite, **options).run()


def prepare_profile(
    suite: str | Path,
    *,
    examples: int | None = None,
    input_range: tuple[float, float] | None = None,
    sustained_s: float | None = None,
    lists_ops: bool = False,
    told: Callable[[str], None] = lambda sentence: None,
    **options: Any,
) -> SuiteProfile:
    """Read a suite of models and look up all it names; nothing runs yet.

    Args:
        suite: A suite's name or file.
        examples: The first so many of each test part, in the place of what the suite says.
        input_range: What every model expects, likewise.
        sustained_s: Run each file without a pause for so long besides.
        lists_ops: List the operations too.
        told: Gets a sentence of what is being done.
        **options: What to change in the suite: ``devices``, ``runtime``, ``delegate``, ``threads``, ``blocks``, ``block_s``,
            and ``data``, for the files that have none of their own.

    Raises:
        InputError: the suite or an option is wrong, or a file, a device or data is not there.
    """
    loaded = suites.load_models(str(suite), laid_over(options, MODEL_PLACES, "profile_suite"))
    asked = {"examples": examples, "input_range": input_range}
    chosen: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    models = tuple(replace(model, **chosen) for model in loaded.models)
    return SuiteProfile(
        replace(loaded, models=models), sustained_s=sustained_s, lists_ops=lists_ops, told=told
    )
