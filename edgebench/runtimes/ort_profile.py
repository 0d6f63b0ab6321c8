"""What ONNX Runtime tells of a graph's nodes: who was given them, and how long each took. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgebench.runtimes.base import Op

KERNEL = "_kernel_time"


def count_by_provider(subgraphs: Sequence[Any]) -> dict[str, int]:
    """Return how many of the file's own nodes each provider was given, from the session's assignment."""
    counts: dict[str, int] = {}
    for subgraph in subgraphs:
        counts[subgraph.ep_name] = counts.get(subgraph.ep_name, 0) + len(subgraph.get_nodes())
    return counts


def read_profile(events: Sequence[Mapping[str, Any]], delegate: str) -> list[Op]:
    """Return the nodes of a profile in the order they ran, as the optimised graph has them.

    The first run of the model is left out, and so is what runs inside another node (the branch of an If), whose
    time holds it. Times are written in whole microseconds.

    Args:
        events: The JSON document that a session with profiling on writes, in the order the events ended.
        delegate: The provider whose nodes count as delegated.
    """
    runs = [event for event in events if event.get("name") == "model_run"]
    if len(runs) < 2:
        return []
    first_end_us = runs[0]["ts"] + runs[0]["dur"]
    spent_us: dict[tuple[str, str, str], list[int]] = {}
    for event in _outermost(events):
        if event["ts"] >= first_end_us:
            facts = event["args"]
            key = (
                event["name"][: -len(KERNEL)].strip(),
                facts["op_name"],
                facts.get("provider", ""),
            )
            spent_us.setdefault(key, []).append(event["dur"])
    return [
        Op(
            name=name,
            type=kind,
            invokes=len(spent),
            ns=sum(spent) * 1000.0 / (len(runs) - 1),
            delegated=provider == delegate,
        )
        for (name, kind, provider), spent in spent_us.items()
    ]


def _outermost(events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the nodes' events that lie in no other: one that ended earlier, but began later, lies inside."""
    found = []
    begin_us = float("inf")
    for event in reversed(events):
        is_node = event.get("cat") == "Node" and event["name"].endswith(KERNEL)
        if is_node and event["ts"] <= begin_us:
            begin_us = event["ts"]
            found.append(event)
    return found[::-1]
