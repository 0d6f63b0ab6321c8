"""SqueezeNet with channel attention after its fires: fixed, and searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras_tuner

from edgebench.templates.base import Option
from edgebench.templates.fire_plan import Attention
from edgebench.templates.squeezenet import SqueezeNet10, SqueezeNetAuto

ATTENTIONS = ("se", "eca", "cbam")
RATIO_ATTENTIONS = ("se", "cbam")


class SqueezeNetSE(SqueezeNet10):
    """SqueezeNet 1.0 with squeeze-and-excitation of ratio 16, without skip, after every fire.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0.
    """

    name = "squeezenet-se"

    def attention(self) -> Attention | None:
        return Attention(kind="se", ratio=16)


class SqueezeNetSEAuto(SqueezeNetAuto):
    """squeezenet-auto with optional attention after each fire.

    Hyperparameters beside those of `SqueezeNetAuto`: ``se_j`` and, with it, ``se_skip_j`` for each fire j,
    ``se_ratio_p`` 8, 16 or 32 for each pair p that has attention with a ratio. Option ``attention``: ``se``, ``eca`` (no
    ratio), ``cbam``, or ``choice``, which adds ``attention_j`` for each fire.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0, SqueezeNetSEAuto; ECA and CBAM are
    alternatives that the paper names.
    """

    name = "squeezenet-se-auto"
    known_options: ClassVar[Mapping[str, Option]] = {
        **SqueezeNetAuto.known_options,
        "attention": Option("se", (*ATTENTIONS, "choice")),
    }

    def pair_space(self, hp: keras_tuner.HyperParameters, pair: int) -> None:
        super().pair_space(hp, pair)
        fires = (2 * pair, 2 * pair + 1)
        kind = self.options["attention"]
        for number in fires:
            hp.Boolean(f"se_{number}", default=False)
        for number in fires:
            with hp.conditional_scope(f"se_{number}", [True]):
                hp.Boolean(f"se_skip_{number}", default=False)
                if kind == "choice":
                    hp.Choice(f"attention_{number}", list(ATTENTIONS), default="se")
        for number in fires:
            with hp.conditional_scope(f"se_{number}", [True]):
                if kind == "choice":
                    with hp.conditional_scope(f"attention_{number}", list(RATIO_ATTENTIONS)):
                        _ratio_space(hp, pair)
                elif kind in RATIO_ATTENTIONS:
                    _ratio_space(hp, pair)

    def attention(self, values: Mapping[str, Any], pair: int, number: int) -> Attention | None:
        if not values.get(f"se_{number}", False):
            return None
        kind = values.get(f"attention_{number}", self.options["attention"])
        return Attention(
            kind=kind,
            ratio=values[f"se_ratio_{pair}"] if kind in RATIO_ATTENTIONS else None,
            skip=values[f"se_skip_{number}"],
        )


def _ratio_space(hp: keras_tuner.HyperParameters, pair: int) -> None:
    hp.Choice(f"se_ratio_{pair}", [8, 16, 32], default=32)
