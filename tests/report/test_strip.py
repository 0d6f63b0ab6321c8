from edgebench.report.strip import read_strip


def test_a_drawing_is_read_as_groups_of_parts() -> None:
    groups = read_strip("fire2 SE16 3 SE8+ | max | 4-7")

    assert [[part.label for part in group] for group in groups] == [
        ["fire2", "SE16", "3", "SE8+"],
        ["max"],
        ["4-7"],
    ]
    assert [part.kind for group in groups for part in group] == [
        "block", "attention", "block", "attention", "pooling", "block",
    ]  # fmt: skip


def test_a_drawing_of_another_template_is_all_blocks_and_an_empty_one_is_nothing() -> None:
    assert [part.kind for part in read_strip("dense64 dense32")[0]] == ["block", "block"]
    assert read_strip("") == ()
    assert read_strip(" | max |")[0][0].label == "max"
