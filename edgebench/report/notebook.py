"""A run as a notebook shows it: the headline, the front's table and the trade-off, still, in HTML that fetches nothing."""

from __future__ import annotations

from jinja2 import Environment
from markupsafe import Markup

from edgebench.records import RunResult
from edgebench.report import figures, wording
from edgebench.report.charts import tradeoff_chart
from edgebench.report.view import RunView

PAGE = """\
<div>
<p><b>{{ run.suite.name }}, run {{ run.run_id }}</b>: {{ headline }} {{ comparison }}</p>
{% if rows %}
<table>
<thead><tr>{% for title in titles %}<th>{{ title }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% endif %}
{% if chart %}
<div style="max-width: 760px" role="img" aria-label="{{ chart.description }}">{{ picture }}</div>
<p>{{ chart.note }}</p>
{% endif %}
</div>
"""


def notebook_html(result: RunResult) -> str:
    """Return a run as a fragment of HTML: a row a member of the front, best first objective first."""
    view = RunView.of(result)
    chart = tradeoff_chart(view)
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(PAGE)
    return page.render(
        run=view.run,
        headline=wording.headline(view),
        comparison=wording.against_baseline(view),
        titles=(
            "",
            "trial",
            "architecture",
            view.score_title,
            "parameters, KiB",
            "latency, ms",
            "",
        ),
        rows=_rows(view),
        chart=chart,
        picture=Markup(chart.svg) if chart else "",  # noqa: S704 who draws escapes what is written
    )


def _rows(view: RunView) -> list[tuple[str, ...]]:
    latencies = [member.metrics.get("latency_ms") for member in view.front]
    decimals = figures.decimals_for(latency.value for latency in latencies if latency)
    return [
        (
            "pick" if view.is_pick(member.trial.trial_id) else "",
            member.trial.trial_id,
            member.trial.architecture,
            figures.accuracy(member.values.get(view.score)),
            figures.kibibytes(member.values.get("param_bytes")),
            figures.milliseconds(latency.value if latency else None, decimals),
            figures.interval(latency.low, latency.high, decimals) if latency else "",
        )
        for member, latency in zip(view.front, latencies, strict=True)
    ]
