"""Examples that a function of one's own returns: ``--data my_module:my_data``."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from edgebench.datasets.arrays import Arrays, ArraySource
from edgebench.datasets.base import Dataset, Source
from edgebench.datasets.examples import MisfitError, as_array, gather
from edgebench.datasets.plans import require_plan
from edgebench.errors import EdgebenchError, InputError, first_line
from edgebench.imports import import_object
from edgebench.records import DataPlan

KIND = "a data set"
_NAME = re.compile(r"(x\d*|y|boxes)(_train|_test)?|labels")
_PARTS = {"train": "_train", "test": ""}


def function_source(plan: DataPlan) -> Source | Dataset:
    """Return the data set of the function that the plan names, as `made_source` does."""
    return made_source(import_object(plan.name, KIND, "function"), plan)


def made_source(function: Any, plan: DataPlan) -> Source | Dataset:
    """Return the data set that a function of a user's, or of a plugin, makes.

    The function is called without arguments, or with ``plan=``, if it names that parameter. It returns one of

    - arrays: ``(x, y)``, ``(x_train, y_train), (x_test, y_test)``, or a mapping by the names that an .npz file has;
    - anything that gives examples or batches of them, see `gather`;
    - ``(train, test)`` or ``{"train": ..., "test": ...}`` of such;
    - a `Source` or `Dataset` of its own.

    Without a test part a seeded fifth is taken for it. Values are fed as they are. All is read once, into memory.

    Raises:
        InputError: the function fails, or what it returns is no data set.
    """
    if not callable(function):
        raise InputError(f"{plan.name} is no data set", why="it is no function")
    takes_plan = "plan" in _parameters(function)
    if not takes_plan:
        require_plan(plan, plan.name)
        if plan.size is not None:
            raise InputError(
                f"data.size means nothing to {plan.name}",
                remedy="let it take plan, or leave it out",
            )
    try:
        found = _made(function, plan if takes_plan else None)
    except EdgebenchError:
        raise
    except MisfitError as error:
        raise InputError(
            f"{plan.name} returned no data set",
            why=str(error),
            remedy="return (x, y), or examples that are (input, class)",
        ) from None
    except (Exception, SystemExit) as error:
        why = f"{type(error).__name__}: {first_line(error)}"
        raise InputError(f"{plan.name} failed", why=why, remedy="call it in Python") from error
    if not isinstance(found, dict):
        made: Source | Dataset = found
        return made
    return ArraySource(
        found, plan, name=plan.name, place=plan.name, remedy="return (x, y), one class an input"
    )


@functools.lru_cache(maxsize=1)
def _made(function: Callable[..., Any], plan: DataPlan | None) -> Any:
    """Return the arrays that a function gives, or its own `Source` or `Dataset`; kept, as a suite is looked at often."""
    found = function() if plan is None else function(plan=plan)
    return found if hasattr(found, "spec") and hasattr(found, "test") else _arrays(found)


def _arrays(found: Any) -> Arrays:
    if isinstance(found, Mapping) and found and all(map(_is_array_name, found)):
        arrays = {name.removesuffix("_test"): as_array(value) for name, value in found.items()}
        return arrays if "x_train" in arrays else _for_training(arrays)
    if isinstance(found, Mapping):
        if not {"train"} <= found.keys() <= _PARTS.keys():
            raise MisfitError(
                f"its parts are {', '.join(map(str, found))}, expected train and test"
            )
        return _joined({name: _part(value) for name, value in found.items()})
    if isinstance(found, tuple) and len(found) == 2 and not all(map(_is_array, found)):
        return _joined({"train": _part(found[0]), "test": _part(found[1])})
    return _for_training(_part(found))


def _part(found: Any) -> Arrays:
    if isinstance(found, Mapping) and {"x", "y"} <= found.keys():
        return {name: as_array(value) for name, value in found.items()}
    if isinstance(found, tuple) and len(found) == 2 and all(map(_is_array, found)):
        return {"x": as_array(found[0]), "y": as_array(found[1])}
    return gather(found)


def _joined(parts: Mapping[str, Arrays]) -> Arrays:
    found = {}
    for part, arrays in parts.items():
        for name, array in arrays.items():
            found[name if name == "labels" else name + _PARTS[part]] = array
    return found


def _for_training(arrays: Arrays) -> Arrays:
    return _joined({"train": arrays})


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") or isinstance(value, list)


def _is_array_name(name: Any) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _parameters(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return inspect.signature(function).parameters
    except ValueError:
        return {}
