"""What held in a run, as words: its device, its suite, its data, its host, its software, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from edgebench.records import Environment, Measurement
from edgebench.report import figures, wording
from edgebench.report.summary import as_plain
from edgebench.report.view import RunView

Facts = list[tuple[str, str]]


def _main_measurement(view: RunView) -> Measurement | None:
    files = ([view.main_file(view.pick.trial.trial_id)] if view.pick else []) + list(
        view.all_files()
    )
    measured = (view.main_measurement(file) for file in files if file)
    return next((measurement for measurement in measured if measurement), None)


def chip(view: RunView) -> str:
    """Return the device in one line: ``pi5, Raspberry Pi 5, litert 2.3.0, 1 thread, 41 C``."""
    info = next((device for device in view.run.devices if device.name == view.main_device), None)
    measurement = _main_measurement(view)
    words = [view.main_device or "no device"]
    if info:
        words.append(info.model or info.machine)
    if measurement is None:
        return ", ".join([*words, "no exported file measured"])
    return ", ".join([*words, *_runtime_words(measurement.environment)])


def _runtime_words(environment: Environment) -> Iterator[str]:
    yield f"{environment.runtime} {environment.runtime_version}"
    if environment.delegate:
        yield environment.delegate
    yield "1 thread" if environment.threads == 1 else f"{environment.threads} threads"
    if figures.is_number(environment.temperature_c):
        yield f"{environment.temperature_c:.0f} \N{DEGREE SIGN}C"


def device_facts(view: RunView) -> Iterator[tuple[str, Facts]]:
    """Yield titled groups of facts: each device, then the conditions of the pick's measurement."""
    for device in view.run.devices:
        facts = as_plain(device)
        if device.memory_bytes is not None:
            facts["memory_bytes"] = figures.count(device.memory_bytes)
        yield f"Device {device.name}", _pairs(facts)
    measurement = _main_measurement(view)
    if measurement:
        taken = {
            "model": measurement.model_name,
            "blocks": f"{len(measurement.blocks)}, each a fresh process",
            "samples": figures.count(len(measurement.pooled_ns())),
            "measured_utc": measurement.measured_utc,
        }
        yield "Measured under", _pairs(taken | as_plain(measurement.environment))


def run_facts(view: RunView) -> list[tuple[str, Facts]]:
    """Return titled groups of facts: the suite as it was run, the data, the host, the software."""
    run, suite = view.run, view.run.suite
    setup = {"file": run.suite_path, "hash": run.suite_hash} | as_plain(suite)
    setup["objectives"] = [f"{o.metric} {o.goal.value}" for o in suite.objectives]
    setup["constraints"] = [str(constraint) for constraint in suite.constraints]
    setup["export"] = [str(target) for target in suite.export]
    groups = {"Suite": setup, "Data": run.data, "Host": run.host, "Software": run.versions}
    return [(title, _pairs(group)) for title, group in groups.items() if group]


def _pairs(mapping: Mapping[str, Any]) -> Facts:
    return [(wording.readable(str(key)), _words(value)) for key, value in mapping.items()]


def _words(value: Any) -> str:
    if value is None or value == "":
        return "not told"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_words(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or "none"
    return str(value)


def commands(view: RunView, models_dir: PurePosixPath) -> list[tuple[str, str]]:
    """Return what to do next with the pick: a purpose and a command each."""
    if view.pick is None:
        return []
    total = str(2 * view.run.suite.oracle.max_trials)
    resume = ["edgebench", "search", "--resume", view.run.run_id, "--max-trials", total]
    found = [("extend", resume)]
    if file := view.main_file(view.pick.trial.trial_id):
        path = str(models_dir / file.artifact.file_name)
        profile = ["edgebench", "profile", path, "--device", view.main_device]
        found = [("profile", profile), ("graph", ["netron", path]), *found]
    return [(purpose, shlex.join(words)) for purpose, words in found]
