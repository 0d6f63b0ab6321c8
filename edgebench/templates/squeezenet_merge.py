"""squeezenet-se-auto over several inputs, a branch for each until the branches merge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras_tuner

from edgebench.errors import InputError
from edgebench.templates.base import Option
from edgebench.templates.fire_plan import MERGE_POINTS, FirePlan
from edgebench.templates.squeezenet import MERGES
from edgebench.templates.squeezenet_se import SqueezeNetSEAuto
from edgebench.templates.terms import Shapes


class SqueezeNetSE1Auto(SqueezeNetSEAuto):
    """Each input through its own conv1 and pool, added, then squeezenet-se-auto.

    Inputs share height and width; their channels may differ. Hyperparameters are those of `SqueezeNetSEAuto`. Option
    ``merge``: ``add``, ``concat`` or ``average``. With one input there is nothing to merge: it is squeezenet-se-auto.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0, SqueezeNetSE1Auto, with two inputs there.
    """

    name = "squeezenet-se1-auto"
    input_count = None
    usual_input_shapes: Shapes = ((224, 224, 3), (224, 224, 3))
    known_options: ClassVar[Mapping[str, Option]] = {
        **SqueezeNetSEAuto.known_options,
        "merge": Option("add", tuple(MERGES)),
    }

    def plan(self, values: Mapping[str, Any]) -> FirePlan:
        plan = super().plan(values)
        if len(self.input_shapes) == 1:
            return plan
        return plan.merged(self.merge_at(values), self.options["merge"])

    def merge_at(self, values: Mapping[str, Any]) -> str:
        """Return the point after which there is one trunk."""
        return "conv1"

    def _check_inputs(self) -> None:
        super()._check_inputs()
        sizes = dict.fromkeys(shape[:-1] for shape in self.input_shapes)
        if len(sizes) > 1:
            shown = " and ".join(" x ".join(map(str, size)) for size in sizes)
            raise InputError(
                f"{self.name} cannot merge inputs of {shown}",
                why="its branches meet at one height and width",
                remedy="bring all inputs to one size",
            )


class SqueezeNetSEMAuto(SqueezeNetSE1Auto):
    """A branch for each input, with weights of its own and the same hyperparameters, until one searched merge point.

    Hyperparameters beside those of `SqueezeNetSEAuto`: ``merge_at`` ``conv1`` (after the stem's pool), ``fire2`` to
    ``fire9`` (after that fire and its attention, before a pool) or ``end`` (before dropout). A fire that a candidate
    lacks counts as ``end``. One input has no ``merge_at``.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0, SqueezeNetSEMAuto, with two inputs there.
    Deviation: every merge point keeps all inputs.
    """

    name = "squeezenet-sem-auto"

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        super().space(hp)
        if len(self.input_shapes) > 1:
            hp.Choice("merge_at", list(MERGE_POINTS), default="conv1")

    def merge_at(self, values: Mapping[str, Any]) -> str:
        return str(values["merge_at"])
