from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgebench.runtimes.ort_profile import count_by_provider, read_profile

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def node(name: str, kind: str, ts: int, dur: int, provider: str = CPU) -> dict[str, Any]:
    return {
        "cat": "Node", "name": f"{name}_kernel_time", "ts": ts, "dur": dur,
        "args": {"op_name": kind, "provider": provider, "node_index": "0"},
    }  # fmt: skip


def run(ts: int, dur: int) -> dict[str, Any]:
    return {"cat": "Session", "name": "model_run", "ts": ts, "dur": dur, "args": {}}


def test_times_are_means_over_the_runs_after_the_first() -> None:
    events = [
        node("conv", "Conv", 10, 500, CUDA), node("relu", "Relu", 520, 90), run(5, 700),
        node("conv", "Conv", 810, 6, CUDA), node("relu", "Relu", 820, 2), run(800, 50),
        node("conv", "Conv", 910, 8, CUDA), node("relu", "Relu", 920, 2), run(900, 50),
    ]  # fmt: skip
    conv, relu = read_profile(events, CUDA)
    assert (conv.name, conv.type, conv.invokes, conv.ns, conv.delegated) == (
        "conv", "Conv", 2, 7000.0, True,
    )  # fmt: skip
    assert (relu.name, relu.ns, relu.delegated) == ("relu", 2000.0, False)


def test_what_runs_inside_a_node_is_not_counted_twice() -> None:
    """Events are written when they end: a branch before the If that it belongs to."""
    events = [
        run(0, 10),
        node("Sin_0", "Sin", 20, 5), node("Sin_0", "Sin", 32, 4), node("If_1", "If", 30, 9),
        run(19, 30),
    ]  # fmt: skip
    assert [(op.name, op.invokes, op.ns) for op in read_profile(events, CPU)] == [
        ("Sin_0", 1, 5000.0), ("If_1", 1, 9000.0),
    ]  # fmt: skip


def test_node_that_ran_twice_in_one_invoke_counts_whole() -> None:
    events = [run(0, 10), node("a", "Mul", 20, 5), node("a", "Mul", 30, 7), run(15, 40)]
    (op,) = read_profile(events, CPU)
    assert (op.invokes, op.ns) == (2, 12000.0)


def test_one_run_alone_tells_nothing() -> None:
    assert read_profile([node("a", "Mul", 1, 5), run(0, 10)], CPU) == []


@dataclass
class Subgraph:
    ep_name: str
    nodes: Sequence[str]

    def get_nodes(self) -> Sequence[str]:
        return self.nodes


def test_nodes_are_counted_by_provider() -> None:
    given = [Subgraph(CUDA, ["a", "b"]), Subgraph(CPU, ["c"]), Subgraph(CUDA, ["d"])]
    assert count_by_provider(given) == {CUDA: 3, CPU: 1}
