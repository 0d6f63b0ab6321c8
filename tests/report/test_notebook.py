"""A run as a notebook shows it, on runs that have much and on runs that have little."""

from __future__ import annotations

from edgebench.records import RunResult
from edgebench.report import RunView, notebook_html


def test_a_full_run_has_its_table_and_its_picture(result: RunResult) -> None:
    page = notebook_html(result)
    assert page.count("<svg") == 1
    for member in RunView.of(result).front:
        assert f"<td>{member.trial.trial_id}</td>" in page
    assert page.count("<td>pick</td>") == 1


def test_a_poor_run_is_shown_too(poor_result: RunResult) -> None:
    page = notebook_html(poor_result)
    assert poor_result.run.run_id in page
    assert page.count("<div") == page.count("</div>")
