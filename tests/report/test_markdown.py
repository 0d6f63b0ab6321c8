from dataclasses import replace

from edgebench.records import RunResult
from edgebench.report.markdown import render_markdown
from edgebench.report.view import RunView


def test_the_page_has_the_headline_and_a_table_of_equal_columns(result: RunResult) -> None:
    page = render_markdown(RunView.of(result))

    assert page.startswith("# digits, run 1121-cedar\n\nt008 is the pick:")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4
    assert {row.replace("\\|", "").count("|") for row in rows} == {10}
    assert "| pick |" in rows[2]
    assert "squeezenet-1.1" in rows[5]
    assert "[t008](models/t008.md), [t004](models/t004.md)" in page


def test_markup_in_names_is_escaped(result: RunResult) -> None:
    suite = replace(result.run.suite, name="<script>*x*|`y`\nz")

    page = render_markdown(RunView.of(replace(result, run=replace(result.run, suite=suite))))

    assert page.splitlines()[0] == r"# \<script\>\*x\*\|\`y\` z, run 1121-cedar"


def test_a_run_that_lacks_something_has_a_page(poor_result: RunResult) -> None:
    page = render_markdown(RunView.of(poor_result))

    assert page.splitlines()[2].endswith(".")
    assert "None" not in page
