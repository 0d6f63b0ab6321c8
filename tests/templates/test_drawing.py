from __future__ import annotations

from edgebench.templates import draw_text
from edgebench.templates.drawing import BlockChain, lanes
from edgebench.templates.fire_plan import Attention, Fire, FirePlan, Pool

IMAGE = (32, 32, 3)


def plan() -> FirePlan:
    skipping = Attention(kind="se", ratio=16, skip=True)
    return FirePlan(
        stem_filters=96,
        stem_kernel=3,
        stages=(
            Fire(number=2, squeeze=16, attention=skipping),
            Fire(
                number=3, squeeze=16, bypass="simple", attention=Attention(kind="eca", ratio=None)
            ),
            Pool(kind="avg", after=3),
        ),
    )


def test_fires_are_drawn_in_words() -> None:
    assert draw_text(plan().blocks([IMAGE]), 200) == (
        "input 32x32x3 -> conv1 -> max pool -> fire2 -> SE(16) -> skip -> fire3 -> bypass -> ECA -> "
        "avg pool -> dropout -> conv10 -> global pool -> softmax"
    )


def test_a_long_line_is_wrapped_before_an_arrow() -> None:
    lines = draw_text(plan().blocks([IMAGE]), 40).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("input 32x32x3 -> conv1")
    assert all(line.startswith("  -> ") for line in lines[1:])


def test_branches_have_a_line_each_and_merge() -> None:
    text = draw_text(plan().merged("fire2", "add").blocks([IMAGE, (32, 32, 1)]), 200)
    assert text.splitlines() == [
        "a: input 32x32x3 -> conv1 -> max pool -> fire2 -> SE(16) -> skip",
        "b: input 32x32x1 -> conv1 -> max pool -> fire2 -> SE(16) -> skip",
        "c: a, b -> add -> fire3 -> bypass -> ECA -> avg pool -> dropout -> conv10 -> global pool "
        "-> softmax",
    ]


def test_skips_and_bypasses_read_the_input_of_their_fire() -> None:
    reads = {block.name: block.inputs for block in plan().blocks([IMAGE])}
    assert reads["skip"] == ("SE(16)", "max pool")
    assert reads["bypass"] == ("fire3", "skip")


def test_complex_bypass_is_told_apart() -> None:
    complex_one = FirePlan(
        stem_filters=96, stem_kernel=3, stages=(Fire(number=2, squeeze=16, bypass="complex"),)
    )
    assert "fire2 -> bypass 1x1 -> dropout" in draw_text(complex_one.blocks([IMAGE]))


def test_a_fork_tells_where_it_comes_from() -> None:
    chain = BlockChain()
    start = chain.add("input", "input")
    stem = chain.add("stem", "conv", start)
    left = chain.add("left", "conv", stem)
    right = chain.add("right", "conv", stem)
    chain.add("join", "join", left, right)
    assert draw_text(chain.blocks).splitlines() == [
        "a: input -> stem -> left", "b: a (stem) -> right", "c: a, b -> join",
    ]  # fmt: skip
    assert [lane.sources for lane in lanes(chain.blocks)] == [(), ("stem",), ("left", "right")]


def test_more_lines_than_letters() -> None:
    chain = BlockChain()
    ends = [chain.add(f"input {i}", "input") for i in range(28)]
    chain.add("join", "join", *ends)
    lines = draw_text(chain.blocks, 400).splitlines()
    assert [line.split(":")[0] for line in lines[25:]] == ["z", "aa", "ab", "ac"]


def test_equal_labels_have_names_of_their_own() -> None:
    chain = BlockChain()
    assert [chain.add("pool", "pool") for _ in range(3)] == ["pool", "pool 2", "pool 3"]
