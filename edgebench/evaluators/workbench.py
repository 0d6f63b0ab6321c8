"""What a worker has in hand: a candidate is counted, exported and trained, and built once for all three; one that pauses
is made ready to be trained once for all its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgebench.evaluators.base import Blueprint

if TYPE_CHECKING:
    from edgebench.training import Trainee

MOST_PAUSED = 4
_in_hand: list[tuple[Blueprint, Any]] = []
_paused: dict[str, Trainee] = {}


def look_at(blueprint: Blueprint) -> Any:
    """Return the untrained Keras model of a blueprint, to be read and not changed."""
    for known, model in _in_hand:
        if known == blueprint:
            return model
    _in_hand.clear()
    model = blueprint.build()
    _in_hand.append((blueprint, model))
    return model


def take(blueprint: Blueprint, devices: Sequence[str] = ()) -> Any:
    """Return the untrained Keras model of a blueprint, to be trained: no other call returns it.

    One that several devices train is built for them, not taken from what is in hand.
    """
    if devices:
        _in_hand.clear()
        return blueprint.build(devices)
    model = look_at(blueprint)
    _in_hand.clear()
    return model


def put_aside(key: str, trainee: Trainee) -> None:
    """Keep a network that pauses, of the latest `MOST_PAUSED`."""
    _paused[key] = trainee
    if len(_paused) > MOST_PAUSED:
        del _paused[next(iter(_paused))]


def pick_up(key: str) -> Trainee | None:
    """Return a network that was put aside, once; None where it no longer is, or was elsewhere."""
    return _paused.pop(key, None)
