"""The charts of a report: one a file, each a function from a run to a `Drawing`, or None with nothing to draw.

Their data stand in their specifications; nothing is fetched.
"""

from edgebench.report.charts.drawing import Drawing
from edgebench.report.charts.hypervolume import hypervolume_chart
from edgebench.report.charts.size import size_chart
from edgebench.report.charts.tradeoff import tradeoff_chart
from edgebench.report.view import RunView

CHARTS = (tradeoff_chart, size_chart, hypervolume_chart)


def draw_charts(view: RunView) -> dict[str, Drawing]:
    """Return every chart that this run has something for, by name."""
    drawings = (chart(view) for chart in CHARTS)
    return {drawing.name: drawing for drawing in drawings if drawing}


__all__ = [
    "CHARTS",
    "Drawing",
    "draw_charts",
    "hypervolume_chart",
    "size_chart",
    "tradeoff_chart",
]
