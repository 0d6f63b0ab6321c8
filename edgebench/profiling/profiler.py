"""A device and model files in, measurements out."""

from __future__ import annotations

import dataclasses
import tempfile
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench import scratch
from edgebench.agent.job import InferJob, Limits, MeasureJob, MemoryJob
from edgebench.devices import Device, upload
from edgebench.errors import InputError, UnavailableError
from edgebench.profiling import benchmark_model
from edgebench.profiling.link import AgentLink
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.validity import TimedBlock, changed_between, judge
from edgebench.records import INTERVAL_LIMIT, Measurement

Array = npt.NDArray[Any]
LOCK = "agent.lock"
MIB = 1024 * 1024
DEFAULT_PLAN = MeasurePlan()


class Profiler:
    """Measures model files on one device, which must be open (inside its ``with`` block).

    On a device without Python whose file names a ``benchmark_model``, that measures; it gives no outputs.

    All methods raise `InputError` for a file that is missing or cannot be read, `UnavailableError` for a
    runtime, delegate or device that is not there, `WorkError` where the model does not run.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._is_native = benchmark_model.stands_in(device)
        if not self._is_native:
            self._link = AgentLink(device)

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
        ``plan.remeasure`` a file whose interval is over 5 % of its median is measured once more, with twice the
        blocks, and that measurement stands.
        """
        measurements = self._in_turns(models, plan)
        if not plan.remeasure or plan.blocks < 2:
            return measurements
        again = dataclasses.replace(plan, blocks=2 * plan.blocks, remeasure=False)
        return [
            self._in_turns([model], again)[0] if _is_wide(measurement) else measurement
            for model, measurement in zip(models, measurements, strict=True)
        ]

    def block(self, model: Path, plan: MeasurePlan = DEFAULT_PLAN) -> TimedBlock:
        """Time one block in a fresh process."""
        document = self._device.document
        if self._is_native:
            pinned = dataclasses.replace(plan, cores=plan.cores or document.cores)
            return benchmark_model.time_block(self._device, model, pinned)
        cooling = document.cooling
        job = MeasureJob(
            **self._common(model, plan),
            cores=plan.cores or document.cores,
            block_s=plan.block_s,
            seed=plan.seed,
            max_start_c=cooling.max_start_c if cooling else None,
            cool_wait_s=cooling.wait_s if cooling else 0.0,
        )
        asked = dataclasses.replace(plan, cores=job.cores)
        return judge(self._link.ask(job, document.budget.timeout_s + job.cool_wait_s), asked)

    def peak_rss_bytes(self, model: Path, plan: MeasurePlan = DEFAULT_PLAN) -> int | None:
        """Return the peak resident memory of a fresh, untimed run, the interpreter's own included."""
        if self._is_native:
            return benchmark_model.peak_rss_bytes(self._device, model, plan)
        job = MemoryJob(**self._common(model, plan), seed=plan.seed)
        peak = self._link.ask(job, self._device.document.budget.timeout_s)["peak_rss_bytes"]
        return None if peak is None else int(peak)

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
        if self._is_native:
            name = self._device.document.name
            raise UnavailableError(
                f"{name} cannot give outputs: it has no Python, and benchmark_model only tells times",
                remedy="install Python there, or compare outputs on another device",
            )
        arrays = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
        with tempfile.TemporaryDirectory(dir=scratch.own_folder()) as folder:
            local_inputs, local_outputs = Path(folder, "inputs.npz"), Path(folder, "outputs.npz")
            np.savez(local_inputs, *arrays)
            remote_inputs = upload(self._device, local_inputs)
            # Beside the inputs: what a killed search leaves there is removed with them.
            remote_outputs = f"{remote_inputs}-{uuid.uuid4().hex}.npz"
            job = InferJob(
                **self._common(model, plan),
                inputs=remote_inputs,
                outputs=remote_outputs,
            )
            self._link.ask(job, self._device.document.budget.timeout_s)
            self._device.pull(remote_outputs, local_outputs)
            self._device.run(["rm", "-f", remote_outputs], timeout_s=10.0)
            with np.load(local_outputs, allow_pickle=False) as outputs:
                return [outputs[f"output_{i}"] for i in range(len(outputs.files))]

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
            )
            for model, blocks in zip(models, timed, strict=True)
        ]

    def _common(self, model: Path, plan: MeasurePlan) -> dict[str, Any]:
        if not model.is_file():
            raise InputError(f"{model} does not exist", why="expected a model file there")
        budget = self._device.document.budget
        peak_mb = budget.peak_rss_mb
        return {
            "model": upload(self._device, model),
            "runtime": plan.runtime,
            "allowed": self._device.document.runtimes,
            "delegate": plan.delegate,
            "threads": plan.threads,
            "lock": LOCK,
            "lock_wait_s": plan.lock_wait_s,
            "limits": Limits(
                wall_s=budget.timeout_s, peak_rss_bytes=int(peak_mb * MIB) if peak_mb else None
            ),
        }


def _is_wide(measurement: Measurement) -> bool:
    width_ms = measurement.p50_high_ms - measurement.p50_low_ms
    return width_ms > INTERVAL_LIMIT * measurement.p50_ms


def _invalid(blocks: Sequence[TimedBlock]) -> tuple[str, ...]:
    each = [reason for block in blocks for reason in block.invalid_reasons]
    return tuple(dict.fromkeys([*each, *changed_between(blocks)]))
