"""A device and model files in, measurements out."""

from __future__ import annotations

import dataclasses
import tempfile
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench import scratch
from edgebench.agent.job import (
    InferJob,
    Job,
    Limits,
    MeasureJob,
    MemoryJob,
    OpsJob,
    PairJob,
    SustainedJob,
)
from edgebench.devices import Device, sha256_of, upload
from edgebench.errors import DeviceError, InputError, UnavailableError
from edgebench.profiling import benchmark_model
from edgebench.profiling.link import AgentLink
from edgebench.profiling.patience import Patience
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.validity import TimedBlock, changed_between, judge
from edgebench.records import Measurement, Window
from edgebench.runtimes import Op

Array = npt.NDArray[Any]
LOCK = "agent.lock"
LOCK_GRACE_S = 30.0
WINDOW_S = 5.0
MIB = 1024 * 1024
DEFAULT_PLAN = MeasurePlan()


class Profiler:
    """Measures model files on one device, which must be open (inside its ``with`` block).

    Where the link breaks, the block that it broke is run again, for as long as the device's ``budget.reconnect_s`` lets it.
    On a device without Python whose file names a ``benchmark_model``, that measures; it gives no outputs.

    Args:
        device: Where to measure.
        told: Gets a sentence each time that the link broke.

    All methods raise `InputError` for a file that is missing or cannot be read, `UnavailableError` for a
    runtime, delegate or device that is not there, `WorkError` where the model does not run.
    """

    def __init__(self, device: Device, told: Callable[[str], None] = lambda sentence: None) -> None:
        self._device = device
        self._patience = Patience(device.document.budget.reconnect_s, told)
        self._is_native = benchmark_model.stands_in(device)
        if not self._is_native:
            self._link = AgentLink(device)

    @property
    def device_name(self) -> str:
        return self._device.document.name

    @property
    def gives_outputs(self) -> bool:
        """Whether `infer` can be had."""
        return not self._is_native

    def measure(self, model: Path, plan: MeasurePlan = DEFAULT_PLAN) -> Measurement:
        """Measure one file; see `measure_interleaved`."""
        return self.measure_interleaved([model], plan)[0]

    def measure_interleaved(
        self, models: Sequence[Path], plan: MeasurePlan = DEFAULT_PLAN
    ) -> list[Measurement]:
        """Measure files in turns, a block of each, so that a drift of the device meets them all alike.

        Every second round runs in reverse order. All blocks are pinned to the same cores. With
        ``plan.remeasure`` a file whose interval is over 5 % of its figure is measured once more, with twice the
        blocks, and that measurement stands.
        """
        measurements = self._in_turns(models, plan)
        if not plan.remeasure or plan.blocks < 2:
            return measurements
        again = dataclasses.replace(plan, blocks=2 * plan.blocks, remeasure=False)
        return [
            self._in_turns([model], again)[0] if measurement.is_wide else measurement
            for model, measurement in zip(models, measurements, strict=True)
        ]

    def block(self, model: Path, plan: MeasurePlan = DEFAULT_PLAN) -> TimedBlock:
        """Time one block in a fresh process."""
        return self._checked(self._timed(model, plan), model)

    def pair(
        self, first: Path, second: Path, plan: MeasurePlan = DEFAULT_PLAN
    ) -> tuple[TimedBlock, TimedBlock]:
        """Time a block of each file on the same cores, in two fresh processes that take turns, 50 ms each.

        What else the device does then meets both alike. Without Python there, the second begins when the first is done.
        """
        if self._is_native:
            return self.block(first, plan), self.block(second, plan)
        asked = dataclasses.replace(plan, cores=plan.cores or self._device.document.cores)

        # Each waits for the other, so that either may take as long as both.
        other_s = self._device.document.budget.timeout_s + self._cooling().get("cool_wait_s", 0.0)

        def job() -> PairJob:
            jobs = [self._measure_job(model, asked, other_s) for model in (first, second)]
            return PairJob(
                limits=Limits(wall_s=jobs[0].limits.wall_s),
                lock=jobs[0].lock,
                lock_wait_s=jobs[0].lock_wait_s,
                first=jobs[0],
                second=jobs[1],
            )

        answer = self._ask(job)
        return (
            self._checked(judge(answer["first"], asked), first),
            self._checked(judge(answer["second"], asked), second),
        )

    def _timed(self, model: Path, plan: MeasurePlan) -> TimedBlock:
        asked = dataclasses.replace(plan, cores=plan.cores or self._device.document.cores)
        if self._is_native:
            return self._patience.persist(
                lambda: benchmark_model.time_block(self._device, model, asked)
            )
        return judge(self._ask(lambda: self._measure_job(model, asked)), asked)

    def _measure_job(self, model: Path, plan: MeasurePlan, more_s: float = 0.0) -> MeasureJob:
        cooling = self._cooling()
        return MeasureJob(
            **self._common(model, plan, more_s + cooling.get("cool_wait_s", 0.0)),
            **cooling,
            cores=plan.cores,
            block_s=plan.block_s,
            seed=plan.seed,
        )

    def _checked(self, block: TimedBlock, model: Path) -> TimedBlock:
        if block.model_sha256 != sha256_of(model):
            raise DeviceError(
                f"{model.name} on {self._device.document.name} is not the file that was put there",
                remedy="delete the folder uploads in its working folder and run again",
            )
        return block

    def sustained(
        self, model: Path, plan: MeasurePlan = DEFAULT_PLAN, *, for_s: float
    ) -> tuple[Window, ...]:
        """Run a model without a pause, and return window after window: what is left once the device is warm."""
        self._require_agent("tell window after window")
        answer = self._ask(
            lambda: SustainedJob(
                **self._common(model, plan, for_s),
                cores=plan.cores or self._device.document.cores,
                seed=plan.seed,
                for_s=for_s,
                window_s=min(WINDOW_S, for_s),
            )
        )
        return tuple(Window(**window) for window in answer["windows"])

    def peak_rss_bytes(self, model: Path, plan: MeasurePlan = DEFAULT_PLAN) -> int | None:
        """Return the peak resident memory of a fresh, untimed run, the interpreter's own included."""
        if self._is_native:
            return self._patience.persist(
                lambda: benchmark_model.peak_rss_bytes(self._device, model, plan)
            )
        peak = self._ask(lambda: MemoryJob(**self._common(model, plan), seed=plan.seed))[
            "peak_rss_bytes"
        ]
        return None if peak is None else int(peak)

    def per_op(self, model: Path, plan: MeasurePlan = DEFAULT_PLAN) -> tuple[Op, ...]:
        """Return the model's operations from a fresh run that is not measured.

        Only ``ort`` tells how long each took; elsewhere ``ns`` is None.
        """
        self._require_agent("list operations")
        rows = self._ask(lambda: OpsJob(**self._common(model, plan), seed=plan.seed))["ops"]
        return tuple(Op(**row) for row in rows)

    def infer(
        self, model: Path, inputs: Array | Sequence[Array], plan: MeasurePlan = DEFAULT_PLAN
    ) -> list[Array]:
        """Run examples one by one through a batch-1 model on the device.

        Args:
            model: The file.
            inputs: One array of shape (examples, ...) for each input; floats, also where the model is quantised.
            plan: Runtime, delegate and threads.

        Returns:
            One array of shape (examples, ...) for each output; quantised outputs as float32.
        """
        arrays = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
        with tempfile.TemporaryDirectory(dir=scratch.own_folder()) as folder:
            examples = Path(folder, "inputs.npz")
            np.savez(examples, *arrays)
            return self._outputs(lambda: {"inputs": upload(self._device, examples)}, model, plan)

    def infer_drawn(
        self, model: Path, plan: MeasurePlan = DEFAULT_PLAN, *, examples: int
    ) -> list[Array]:
        """Run examples that the device draws by ``plan.seed``, the same on every device; returns what `infer` does."""
        return self._outputs(lambda: {"examples": examples, "seed": plan.seed}, model, plan)

    def _outputs(
        self, source: Callable[[], dict[str, Any]], model: Path, plan: MeasurePlan
    ) -> list[Array]:
        self._require_agent("give outputs")
        with tempfile.TemporaryDirectory(dir=scratch.own_folder()) as folder:
            fetched = Path(folder, "outputs.npz")

            def attempt() -> None:
                common = self._common(model, plan)
                # Beside the model: what a killed search leaves there is removed with it.
                outputs = f"{common['model']}-{uuid.uuid4().hex}.npz"
                job = InferJob(**common, **source(), outputs=outputs)
                self._link.ask(job, self._device.document.budget.timeout_s)
                self._device.pull(outputs, fetched)
                self._device.run(["rm", "-f", outputs], timeout_s=10.0)

            self._patience.persist(attempt)
            with np.load(fetched, allow_pickle=False) as outputs:
                return [outputs[f"output_{i}"] for i in range(len(outputs.files))]

    def _require_agent(self, doing: str) -> None:
        if self._is_native:
            raise UnavailableError(
                f"{self._device.document.name} cannot {doing}: it has no Python, and benchmark_model only tells times",
                remedy="install Python there, or ask another device",
            )

    def _ask(self, job: Callable[[], Job]) -> dict[str, Any]:
        """Put there what a job needs and ask the agent, again where the link breaks."""

        def attempt() -> dict[str, Any]:
            asked = job()
            return self._link.ask(asked, asked.limits.wall_s or 0.0)

        return self._patience.persist(attempt)

    def _in_turns(self, models: Sequence[Path], plan: MeasurePlan) -> list[Measurement]:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        timed: list[list[TimedBlock]] = [[] for _ in models]
        for turn in range(plan.blocks):
            order = range(len(models)) if turn % 2 == 0 else range(len(models) - 1, -1, -1)
            for index in order:
                block = self.block(models[index], plan)
                timed[index].append(block)
                plan = dataclasses.replace(plan, cores=block.environment.affinity or ())
        return [
            Measurement(
                model_name=model.name,
                model_sha256=blocks[0].model_sha256,
                device=self._device.document.name,
                environment=blocks[0].environment,
                blocks=tuple(block.block for block in blocks),
                peak_rss_bytes=self.peak_rss_bytes(model, plan) if plan.memory else None,
                invalid_reasons=_invalid(blocks),
                measured_utc=started,
                rank_by=self._device.document.rank_by or _figure(blocks[0]),
            )
            for model, blocks in zip(models, timed, strict=True)
        ]

    def _cooling(self) -> dict[str, Any]:
        cooling = self._device.document.cooling
        if cooling is None:
            return {}
        return {"max_start_c": cooling.max_start_c, "cool_wait_s": cooling.wait_s}

    def _common(self, model: Path, plan: MeasurePlan, more_s: float = 0.0) -> dict[str, Any]:
        """Put the model there and return what all jobs on it have; one may take ``more_s`` than the budget says."""
        if not model.is_file():
            raise InputError(f"{model} does not exist", why="expected a model file there")
        budget = self._device.document.budget
        peak_mb = budget.peak_rss_mb
        wait_s = budget.timeout_s + LOCK_GRACE_S if plan.lock_wait_s is None else plan.lock_wait_s
        return {
            "model": upload(self._device, model),
            "runtime": plan.runtime,
            "allowed": self._device.document.runtimes,
            "delegate": plan.delegate,
            "threads": plan.threads,
            "lock": LOCK,
            "lock_wait_s": wait_s,
            "limits": Limits(
                wall_s=budget.timeout_s + more_s,
                peak_rss_bytes=int(peak_mb * MIB) if peak_mb else None,
            ),
        }


def _figure(block: TimedBlock) -> str:
    """Return what a search ranks by where the device file does not say: who shares a machine sees its neighbours."""
    return "floor" if block.environment.virtual else "p50"


def _invalid(blocks: Sequence[TimedBlock]) -> tuple[str, ...]:
    each = [reason for block in blocks for reason in block.invalid_reasons]
    return tuple(dict.fromkeys([*each, *changed_between(blocks)]))
