"""The table of a model's operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgebench.cli.screen import out, print_table
from edgebench.records import Measurement

if TYPE_CHECKING:
    from edgebench.runtimes import Op


def print_ops(measurement: Measurement, ops: Sequence[Op]) -> None:
    """Print the operations of one model, the longest first; where there are no times, in the model's order."""
    environment = measurement.environment
    runtime = f"{environment.runtime} {environment.runtime_version}"
    out().print(
        f"\n{measurement.model_name} on {measurement.device}, {runtime}: {_heading(ops)}",
        markup=False,
        soft_wrap=True,
    )
    total_ns = sum(op.ns or 0.0 for op in ops)
    rows = [
        (
            op.name,
            op.type,
            "yes" if op.delegated else "no",
            "-" if op.ns is None else f"{op.ns / 1000:.1f}",
            "-" if op.ns is None or not total_ns else f"{op.ns / total_ns:.1%}",
        )
        for op in sorted(ops, key=lambda op: -(op.ns or 0.0))
    ]
    if rows:
        title = f"in {environment.delegate}" if environment.delegate else "delegated"
        print_table(("operation", "type", title, "us", "share"), rows, text=3)


def _heading(ops: Sequence[Op]) -> str:
    if not ops:
        return "the runtime tells nothing of its operations"
    taken = f"{sum(op.delegated for op in ops)} of {len(ops)} operations in the delegate"
    if all(op.ns is None for op in ops):
        return f"{taken}; this runtime tells no times from Python"
    return f"{taken}; times of a watched run of its own, no measurement"
