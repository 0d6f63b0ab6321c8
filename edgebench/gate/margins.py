"""How much worse a benchmark may be: a share for each kind, from a YAML file or an option.

::

    default: {latency: 5%, file_bytes: 0%}
    benchmarks:
      keywords-int8.tflite: {latency: 8%, ops: ignore}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from edgebench.documents import Document, Record, read_document
from edgebench.errors import InputError, did_you_mean
from edgebench.gate.result import KINDS, LATENCY

IGNORED = "ignore"
LATENCY_MARGIN = 0.05
MOST = 10.0
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")


def parse_margin(text: object) -> object:
    """Return ``5%`` as .05, and anything else as it is."""
    found = _PERCENT.fullmatch(text.strip()) if isinstance(text, str) else None
    return float(found[1]) / 100 if found else text


def read_margin(option: str, text: str) -> float:
    """Read the margin of an option: ``5%`` or ``0.05``.

    Raises:
        InputError: it is neither, or not between 0 and 1000 %.
    """
    try:
        margin = float(str(parse_margin(text)))
    except ValueError:
        margin = -1.0
    if not 0.0 <= margin <= MOST:
        raise InputError(
            f"{option} {text} is not a margin",
            why=f"expected a share from 0% to {MOST:.0%}",
            remedy=f"for example {option} 5%",
        )
    return margin


Share = Annotated[float, BeforeValidator(parse_margin), Field(ge=0.0, le=MOST)]
Margin = Share | Literal["ignore"]


class KindMargins(Record):
    """How much worse each kind may be, as a share (``5%`` or ``0.05``); ``ignore`` leaves a kind out.

    Sizes and MACs may not grow unless it is said here; operations and accuracy are only looked at, or not.
    """

    latency: Margin | None = None
    file_bytes: Margin | None = None
    param_bytes: Margin | None = None
    macs: Margin | None = None
    arena_bytes: Margin | None = None
    ops: Literal["exact", "ignore"] | None = None
    accuracy: Literal["exact", "ignore"] | None = None


class MarginsDocument(Record):
    default: KindMargins = KindMargins()
    benchmarks: dict[str, KindMargins] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """What a gate allows. ``latency`` is the default that an option gave; a benchmark's own entry goes before it."""

    latency: float | None = None
    document: MarginsDocument = field(default_factory=MarginsDocument)
    source: Document | None = None

    def of(self, benchmark: str) -> dict[str, float]:
        """Return the margin of each kind that is looked at; that of operations and accuracy means nothing."""
        own = self.document.benchmarks.get(benchmark, KindMargins())
        found: dict[str, float] = {}
        for kind in KINDS:
            given = getattr(own, kind)
            if given is None:
                given = self._default(kind)
            if given != IGNORED:
                found[kind] = 0.0 if given == "exact" else float(given)
        return found

    def _default(self, kind: str) -> float | str:
        if kind == LATENCY and self.latency is not None:
            return self.latency
        given: float | str | None = getattr(self.document.default, kind)
        if given is not None:
            return given
        return LATENCY_MARGIN if kind == LATENCY else 0.0

    def require_known(self, benchmarks: Mapping[str, object]) -> None:
        """Raise for an entry of a benchmark that neither side has: it would gate nothing, and say nothing."""
        for name in self.document.benchmarks:
            if name not in benchmarks and self.source is not None:
                raise self.source.error(
                    ("benchmarks", name),
                    f"{name} is not a benchmark of this gate",
                    why=f"it has {', '.join(sorted(benchmarks))}",
                    remedy=did_you_mean(name, benchmarks),
                    key=True,
                )


def read_margins(path: str | Path | None, latency: float | None = None) -> Margins:
    """Read a file of margins; None for none.

    Raises:
        InputError: the file is missing or wrong, told with line and column.
    """
    if path is None:
        return Margins(latency=latency)
    source = read_document(path)
    return Margins(latency=latency, document=source.validate(MarginsDocument), source=source)
