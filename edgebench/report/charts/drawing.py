"""How a chart is drawn: the page's colours, scales with round ticks, one specification made live and still.

Colours are CSS variables of the page with a fallback, so one drawing serves light, dark and print. Keys stand in the
page, above the chart, where they can wrap and be switched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

from edgebench.report.summary import as_plain

STILL_WIDTH = 760
INK = "var(--ink, #1b1f24)"
QUIET = "var(--quiet, #59616b)"
GRID = "var(--line, #dfe3e8)"
ACCENT = "var(--accent, #0b66c3)"
BAND = "var(--band, #eceff2)"
THEME = {
    "background": None,
    "aria": False,
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": QUIET, "titleColor": INK, "titleFontWeight": 600, "labelFontSize": 12, "titleFontSize": 12,
        "gridColor": GRID, "domainColor": GRID, "tickColor": GRID, "titlePadding": 10, "labelPadding": 5,
    },
    "autosize": {"type": "fit-x", "contains": "padding"},
}  # fmt: skip
TICK_STEPS = (
    (1.0, 2.0, 5.0),
    (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0),
    (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0),
    tuple(step / 10 for step in range(10, 100, 2)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """One line of a key. ``shape`` is circle, square, triangle-up, triangle-down or cross."""

    label: str
    shape: str = "circle"
    colour: str = INK


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What colours or shapes mean. ``is_switch``: each entry can be switched off in the live chart."""

    title: str
    entries: tuple[KeyEntry, ...]
    is_switch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One chart.

    ``spec`` is its live specification, ``svg`` the same as a picture. ``description`` stands for the picture,
    ``note`` says how to read it. ``devices``: names to choose from in the live chart, the drawn one first.
    """

    name: str
    spec: dict[str, Any]
    svg: str
    description: str
    note: str
    keys: tuple[Key, ...] = ()
    devices: tuple[str, ...] = ()


def draw(name: str, chart: Any, *, description: str, note: str, **more: Any) -> Drawing:
    """Turn an altair chart into a `Drawing`; the live one takes the width of its holder. What is no number is not drawn.

    Args:
        name: Its name in the page.
        chart: The chart, without width and theme.
        description: What is to be seen, in words.
        note: How to read it.
        more: Keys and devices of the drawing.
    """
    spec = as_plain(chart.to_dict()) | {"config": THEME}
    svg = vl_convert.vegalite_to_svg(spec | {"width": STILL_WIDTH}, allowed_base_urls=[])
    return Drawing(
        name=name,
        spec=spec | {"width": "container"},
        svg=_shortened(svg),
        description=description,
        note=note,
        **more,
    )


def unless_lit(opacity: float) -> Any:
    """Return an opacity that fades all but the trial named by the chart's parameter ``lit``."""
    is_lit = "lit === '' || datum.trial_id === lit"
    return alt.condition(is_lit, alt.value(opacity), alt.value(0.12))


def lit() -> Any:
    """Return the parameter that names the trial to light up."""
    return alt.param(name="lit", value="")


def ordered(found: Iterable[str], order: Sequence[str]) -> list[str]:
    """Return the distinct names found, those of ``order`` first and in its order."""
    names = dict.fromkeys(found)
    return [*(n for n in order if n in names), *(n for n in names if n not in order)]


def share_axis(field: str, title: str, values: Sequence[float]) -> Any:
    """Return a vertical axis for shares of 1 with room around the values."""
    low, high = min(values), max(values)
    margin = 0.14 * (high - low) or 0.02
    scale = alt.Scale(domain=[low - margin, high + margin], nice=False, zero=False)
    decimals = ".2f" if high - low > 0.04 else ".3f"
    return alt.Y(f"{field}:Q", title=title, scale=scale).axis(format=decimals, tickCount=6)


def log_domain(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a logarithmic axis with room around the values that are positive."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive), max(positive)
    factor = max((high / low) ** 0.08, 1.05)
    return low / factor, high * factor


def log_axis(field: str, title: str, domain: tuple[float, float], digits: str = "~g") -> Any:
    """Return a horizontal logarithmic axis with round ticks, their numbers in the form of d3-format."""
    scale = alt.Scale(type="log", domain=list(domain), nice=False)
    axis = alt.Axis(values=log_ticks(domain), format=digits, labelOverlap="greedy")
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis)


def log_ticks(domain: tuple[float, float]) -> list[float]:
    """Return round numbers inside the domain: 1-2-5 a decade, finer where fewer than four fall inside."""
    ticks: list[float] = []
    for steps in TICK_STEPS:
        candidates = (float(f"{step}e{power}") for power in range(-6, 10) for step in steps)
        ticks = [tick for tick in candidates if domain[0] <= tick <= domain[1]]
        if len(ticks) >= 4:
            break
    return ticks


# Of a group, what has no paint; of a mark, words for a script and for readers, who are told of the drawing as a whole.
UNSEEN = re.compile(
    r'<path class="(?:back|fore)ground"(?![^>]* (?:fill|stroke)=)[^>]*/>'
    r'| role="graphics-\w+" aria-roledescription="[^"]*"'
)


def _shortened(svg: str) -> str:
    """Leave out what is not seen, round the coordinates to two decimals and let the page give the size."""
    rounded = re.sub(
        r' (?:transform|d|x2|y2)="[^"]*"',
        lambda place: re.sub(r"(\.\d\d)\d+", r"\1", place[0]),
        UNSEEN.sub("", svg),
    )
    return re.sub(r'(<svg [^>]*?) width="[^"]*" height="[^"]*"', r"\1", rounded, count=1)
