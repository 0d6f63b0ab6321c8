"""What keyword options change in a suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebench.suites import Change

MODEL_PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    "devices": (("devices",), "--device"),
    "runtime": (("latency", "runtime"), "--runtime"),
    "delegate": (("latency", "delegate"), "--delegate"),
    "threads": (("latency", "threads"), "--threads"),
    "blocks": (("latency", "winner_blocks"), "--blocks"),
    "block_s": (("latency", "block_s"), "--block-s"),
    "data": (("data", "name"), "--data"),
}
_PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    "objective": (("objective",), "--objective"),
    "oracle": (("oracle", "name"), "--oracle"),
    "max_trials": (("oracle", "max_trials"), "--max-trials"),
    "max_epochs": (("training", "max_epochs"), "--max-epochs"),
    "rungs": (("fidelity", "rungs"), "--rungs"),
    "seed": (("seed",), "--seed"),
    "template": (("template",), "--template"),
    "data": (("data", "name"), "--data"),
    "sample": (("data", "sample"), "--sample"),
    "precision": (("latency", "precision"), "--precision"),
    "devices": (("devices",), "--device"),
    "constraints": (("constraints",), "--constraint"),
    "scale": (("scale",), "--scale"),
    "repeats": (("repeats",), "--repeats"),
}


def changes(options: Mapping[str, Any]) -> list[Change]:
    """Return what keyword options (as `search` takes them) change in a suite.

    Raises:
        TypeError: an option that `search` does not know.
    """
    plain = {name: value for name, value in options.items() if name not in ("weights", "sets")}
    found = laid_over(plain, _PLACES, "search")
    for metric, weight in dict(options.get("weights") or {}).items():
        found.append(
            Change(location=("objectives", metric, "weight"), value=weight, option="--weight")
        )
    for name, value in dict(options.get("sets") or {}).items():
        found.append(Change(location=("hyperparameters", name), value=value, option="--set"))
    return found


def laid_over(
    options: Mapping[str, Any], places: Mapping[str, tuple[tuple[str, ...], str]], function: str
) -> list[Change]:
    unknown = set(options) - set(places)
    if unknown:
        raise TypeError(f"{function}() got an unexpected option {sorted(unknown)[0]!r}")
    found = []
    for name, (location, flag) in places.items():
        value = options.get(name)
        if value is not None and value not in ([], ()):
            listed = list(value) if isinstance(value, (list, tuple)) else value
            found.append(Change(location=location, value=listed, option=flag))
    return found
