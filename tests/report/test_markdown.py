import pytest

from edgebench.report.markdown import fenced, table, text


@pytest.mark.parametrize("mark", list("\\`*_[]<>|#&~$"))
def test_what_would_be_markup_is_escaped(mark: str) -> None:
    assert text(f"a{mark}b") == f"a\\{mark}b"


def test_a_cell_or_a_title_never_ends_its_row() -> None:
    (header, rule, row) = table(["a|b", "c"], [["one\ntwo", "x | y"]], left=1).splitlines()

    assert header == r"| a\|b | c |"
    assert rule == "| --- | ---: |"
    assert row == r"| one two | x \| y |"
    assert table(["a"], [], left=1) == ""


def test_a_command_stays_on_the_one_line_between_its_fences() -> None:
    opening, command, closing = fenced("netron 'a\n```\nb; rm'").splitlines()

    assert (opening, closing) == ("```sh", "```")
    assert command == "netron 'a ``` b; rm'"
