"""How a model is measured."""

from __future__ import annotations

from dataclasses import dataclass

from edgebench import plugins
from edgebench.agent.sampling import BLOCK_MAX_S
from edgebench.errors import InputError, UnknownNameError
from edgebench.runtimes import RUNTIMES


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurePlan:
    """What to run and how often; the defaults are those for winners and reports.

    Args:
        runtime: A runtime's name, a plugin's too, or ``auto``, which means a built-in one.
        delegate: What must run the graph; None for the runtime's default.
        threads: From 1.
        blocks: Fresh processes, from 1; an interval needs 2, one of 96.9 % needs 6.
        block_s: Seconds each block samples, in (0, 30].
        seed: Of the inputs.
        cores: What to pin to; empty for the device file's, else the quietest.
        remeasure: Measure once more, with twice the blocks, where the interval is over 5 % of the median.
        memory: Take the peak resident memory too, in a run of its own.
        lock_wait_s: How long to wait for another agent on the device to end; by default as long as one may run.
    """

    runtime: str = "auto"
    delegate: str | None = None
    threads: int = 1
    blocks: int = 6
    block_s: float = 2.0
    seed: int = 0
    cores: tuple[int, ...] = ()
    remeasure: bool = False
    memory: bool = False
    lock_wait_s: float | None = None

    def __post_init__(self) -> None:
        is_built_in = self.runtime in {"auto", *RUNTIMES}
        if not is_built_in and plugins.find("runtimes", self.runtime) is None:
            names = ("auto", *RUNTIMES, *plugins.names("runtimes"))
            raise UnknownNameError("a runtime", self.runtime, names)
        for name, value in (("threads", self.threads), ("blocks", self.blocks)):
            if value < 1:
                raise InputError(f"{name} must be at least 1, not {value}")
        if not 0.0 < self.block_s <= BLOCK_MAX_S:
            raise InputError(
                f"a block lasts more than 0 and at most {BLOCK_MAX_S:g} s, not {self.block_s:g}"
            )
