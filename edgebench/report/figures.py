"""How numbers are written for people: equal decimals in a column, the unit in its header; ``n/a`` for what is none."""

from __future__ import annotations

import math
from collections.abc import Iterable

from typing_extensions import TypeIs

from edgebench.records import Metric

UNKNOWN = "n/a"
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def is_number(value: float | None) -> TypeIs[float]:
    """Return whether a value is there and finite; a file that answers NaN gives differences that are none."""
    return value is not None and math.isfinite(value)


def accuracy(value: float | None) -> str:
    """Return a share of 1 with three decimals; a loss far below that with three digits."""
    if not is_number(value):
        return UNKNOWN
    return f"{value:.3g}" if 0 < abs(value) < 0.02 else f"{value:.3f}"


def capitalised(words: str) -> str:
    """Return words as a sentence begins, the rest as it is, and all of what is written as mAP is."""
    return words if words[1:2].isupper() else words[:1].upper() + words[1:]


def accuracy_interval(metric: Metric | None) -> str:
    """Return the ends of a mean over trainings as ``[0.880, 0.944]``, or an empty string without them."""
    if metric is None or metric.low is None or metric.high is None:
        return ""
    return f"[{accuracy(metric.low)}, {accuracy(metric.high)}]"


def percentage_points(value: float | None) -> str:
    """Return a difference of two shares in percentage points, always signed."""
    return f"{100 * value:+.1f}".replace("-0.0", "+0.0") if is_number(value) else UNKNOWN


def small(value: float | None, form: str = ".1e") -> str:
    """Return a number far below one, such as a difference or a probability."""
    return format(value, form) if is_number(value) else UNKNOWN


def kibibytes(size_bytes: float | None) -> str:
    """Return bytes as KiB with one decimal."""
    return _grouped(f"{size_bytes / 1024:,.1f}") if is_number(size_bytes) else UNKNOWN


def mebibytes(size_bytes: float | None) -> str:
    """Return bytes as MiB with one decimal."""
    return _grouped(f"{size_bytes / 1048576:,.1f}") if is_number(size_bytes) else UNKNOWN


def count(value: float | None) -> str:
    """Return a whole number in groups of three."""
    return _grouped(f"{value:,.0f}") if is_number(value) else UNKNOWN


def milliseconds(value: float | None, decimals: int = 2) -> str:
    """Return milliseconds with the given number of decimals."""
    return _grouped(f"{value:,.{decimals}f}") if is_number(value) else UNKNOWN


def interval(low: float | None, high: float | None, decimals: int = 2) -> str:
    """Return ``[low, high]`` in milliseconds, or an empty string without an interval."""
    if low is None or high is None:
        return ""
    return f"[{milliseconds(low, decimals)}, {milliseconds(high, decimals)}]"


def decimals_for(values: Iterable[float]) -> int:
    """Return the decimals, 2 to 5, that leave the least of the values two significant digits."""
    positive = [value for value in values if is_number(value) and value > 0]
    if not positive:
        return 2
    return min(5, max(2, 1 - math.floor(math.log10(min(positive)))))


def duration(seconds: float) -> str:
    """Return seconds as ``27 min 41 s``, ``1 h 02 min`` or ``41.0 s``."""
    if not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def _grouped(text: str) -> str:
    return text.replace(",", THIN_SPACE)
