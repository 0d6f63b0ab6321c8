"""The regression gate, and the baselines that it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgebench.api.stores import DEFAULT_STORE
from edgebench.errors import InputError
from edgebench.gate import (
    Gate,
    GatePlan,
    GateResult,
    Margins,
    Question,
    SaveOptions,
    compare_stored,
    read_benchmarks,
    read_margin,
    read_margins,
    resolve,
    resolve_all,
    save,
)
from edgebench.gate.result import LATENCY
from edgebench.profiling import MeasurePlan
from edgebench.records import DataPlan

Told = Callable[[str], None]


def compare(
    base: str | Path,
    head: str | Path | None = None,
    *,
    device: str | Sequence[str] = "local",
    margin: float | None = None,
    margins: str | Path | None = None,
    noise: bool = False,
    store: str | Path = DEFAULT_STORE,
    told: Told = lambda sentence: None,
    **options: Any,
) -> GateResult:
    """Hold files against their baseline: contents, answers, and latency in pairs of blocks on each device.

    Args:
        base: A model file, a folder of them, a baseline folder, or a run, whose pick is meant. Two .json files of
            pytest-benchmark's schema are compared as they stand: stored numbers pass, or stay undecided.
        head: Likewise; None holds the baseline against itself, with ``noise``.
        device: A device's name or file, or several.
        margin: How much longer a file may take, as a share; .05 where neither this nor ``margins`` says otherwise.
        margins: A YAML file that says it for each benchmark and kind.
        noise: Run each baseline against itself first, and refuse margins under twice what that shows.
        store: Folder of all results, for runs.
        told: Gets a sentence of what is being done.
        **options: ``alpha``, the risk (.01) that what is no slower than its margin is called REGRESSED; ``data``,
            ``examples`` and ``input_range``, what both sides are asked where the baseline holds no answers; ``runtime``,
            ``delegate``, ``threads`` and ``block_s``, how a block is measured where the baseline does not say.

    Raises:
        InputError: a side, a margin or a baseline is wrong.
        IncomparableError: the sides have nothing in common.
        WorkError: a file does not run.
    """
    allowed = read_margins(margins, None if margin is None else read_margin("margin", str(margin)))
    if head is not None and Path(base).suffix == Path(head).suffix == ".json":
        return _stored(Path(base), Path(head), allowed)
    alpha = options.pop("alpha", 0.01)
    question = _question(options)
    plan = GatePlan(
        devices=(device,) if isinstance(device, str) else tuple(device),
        margins=allowed,
        block=MeasurePlan(**{"blocks": 1, **options}),
        alpha=alpha,
        question=question,
        measures_noise=noise or head is None,
    )
    before = resolve(base, Path(store))
    after = before if head is None else resolve(head, Path(store))
    return Gate(before, after, plan, told).run(str(base), str(base if head is None else head))


def save_baseline(
    *names: str | Path,
    to: str | Path,
    device: str | Sequence[str] = "local",
    any_host: bool = False,
    store: str | Path = DEFAULT_STORE,
    told: Told = lambda sentence: None,
    **options: Any,
) -> list[str]:
    """Put files into a baseline folder, with what they were saved on and how they answer; return all that it then holds.

    Args:
        *names: Model files, folders of them, or runs, whose picks are meant.
        to: The folder; what it has by other names stays.
        device: Where they will be compared, a device or several; each file runs there once.
        any_host: Let any machine of the same architecture stand in for each device.
        store: Folder of all results, for runs.
        told: Gets a sentence of what is being done.
        **options: As for `compare`, but for ``alpha``; a run has data of its own.

    Raises:
        InputError: a name, a file or the folder is wrong.
        UnavailableError: a device or runtime is not there.
    """
    chosen = SaveOptions(
        devices=(device,) if isinstance(device, str) else tuple(device),
        question=_question(options),
        plan=MeasurePlan(**{"blocks": 1, "block_s": 0.5, **options}),
        any_host=any_host,
        told=told,
    )
    return save(resolve_all(names, Path(store)), Path(to), chosen)


def _stored(base: Path, head: Path, margins: Margins) -> GateResult:
    before, after = read_benchmarks(base), read_benchmarks(head)
    limits = {each.fullname: margins.of(each.fullname) for each in before.benchmarks}
    return compare_stored(
        before,
        after,
        margins={name: kinds[LATENCY] for name, kinds in limits.items() if LATENCY in kinds},
    )


def _question(options: dict[str, Any]) -> Question | None:
    """Take what is asked out of the options."""
    data, examples = options.pop("data", None), options.pop("examples", None)
    input_range = options.pop("input_range", None)
    if data is None:
        if examples is not None or input_range is not None:
            raise InputError("examples and input_range go with data", remedy="name a data set")
        return None
    plan = DataPlan(name=data, validation="test")
    return Question(data=plan, examples=examples, input_range=input_range or (0.0, 1.0))
