"""The charts of a report: one a file, each a function from a run to a `Drawing`, or None with nothing to draw.

Their data stand in their specifications; nothing is fetched.
"""

from collections.abc import Sequence

from edgebench.report.charts.drawing import Drawing
from edgebench.report.charts.hypervolume import hypervolume_by_time_chart, hypervolume_chart
from edgebench.report.charts.importance import importance_chart
from edgebench.report.charts.latency import samples_chart, series_chart, sustained_chart
from edgebench.report.charts.parallel import parallel_chart
from edgebench.report.charts.size import size_chart
from edgebench.report.charts.tradeoff import tradeoff_chart
from edgebench.report.importance import Importance
from edgebench.report.view import RunView

CHARTS = (
    tradeoff_chart,
    size_chart,
    hypervolume_chart,
    hypervolume_by_time_chart,
    samples_chart,
    series_chart,
    sustained_chart,
)


def draw_charts(view: RunView, decided: Sequence[Importance]) -> dict[str, Drawing]:
    """Return every chart that this run has something for, by name; ``decided`` is what decides its objectives."""
    drawings = [*(chart(view) for chart in CHARTS)]
    drawings += [parallel_chart(view, decided), importance_chart(decided)]
    return {drawing.name: drawing for drawing in drawings if drawing}


__all__ = [
    "CHARTS",
    "Drawing",
    "draw_charts",
    "hypervolume_by_time_chart",
    "hypervolume_chart",
    "importance_chart",
    "parallel_chart",
    "samples_chart",
    "series_chart",
    "size_chart",
    "sustained_chart",
    "tradeoff_chart",
]
