"""A suite of model files, profiled and scored on every device of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgebench.devices import find_device, open_device
from edgebench.profiling.files import per_op, profile_all, score_all
from edgebench.profiling.scoring import open_test
from edgebench.records import DataPlan, DeviceInfo, Measurement, Score
from edgebench.runtimes import Op
from edgebench.suites import ModelSuite


@dataclass(slots=True, kw_only=True)
class Profiled:
    """One file on one device. ``score`` is None for a file without data, ``ops`` where nobody asked."""

    size_bytes: int
    measurement: Measurement
    score: Score | None = None
    ops: tuple[Op, ...] | None = None


class SuiteProfile:
    """The work on a suite of models. ``rows`` and ``devices`` hold what is known so far, also where a device fails later.

    Args:
        suite: What to do.
        sustained_s: Run each file without a pause for so long besides.
        lists_ops: List the operations too, from a run of their own.
        told: Gets a sentence of what is being done.

    Raises:
        InputError: a model file, a device or data is not there.
    """

    def __init__(
        self,
        suite: ModelSuite,
        *,
        sustained_s: float | None = None,
        lists_ops: bool = False,
        told: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.suite = suite
        self.rows: list[Profiled] = []
        self.devices: dict[str, DeviceInfo] = {}
        self._sustained_s, self._lists_ops, self._told = sustained_s, lists_ops, told
        for name in suite.devices:
            find_device(name)
        self._paths = suite.paths()
        for data in dict.fromkeys(model.data for model in suite.models if model.data):
            open_test(data)

    def run(self) -> list[Profiled]:
        """Measure all files on a device, then score them, before the next device.

        Raises:
            EdgebenchError: something of it failed.
        """
        for device in self.suite.devices:
            self._score(device, self._measure(device))
        return self.rows

    def _measure(self, device: str) -> list[Profiled]:
        suite = self.suite
        with open_device(device) as opened:
            info = opened.describe()
            self.devices[info.name] = info
        measured = profile_all(
            self._paths,
            device=device,
            runtime=suite.runtime,
            delegate=suite.delegate,
            threads=suite.threads,
            blocks=suite.blocks,
            block_s=suite.block_s,
            sustained_s=self._sustained_s,
            told=self._told,
        )
        rows = []
        for path, measurement in zip(self._paths, measured, strict=True):
            row = Profiled(size_bytes=path.stat().st_size, measurement=measurement)
            rows.append(row)
            self.rows.append(row)
            if self._lists_ops:
                row.ops = per_op(
                    path,
                    device=device,
                    runtime=suite.runtime,
                    delegate=suite.delegate,
                    threads=suite.threads,
                )
        return rows

    def _score(self, device: str, rows: list[Profiled]) -> None:
        """Score the files that have data; those asked the same examples are compared."""
        suite = self.suite
        asked: dict[tuple[DataPlan, tuple[float, float], int | None], list[int]] = {}
        for index, model in enumerate(suite.models):
            if model.data is not None:
                key = (model.data, model.input_range, model.examples)
                asked.setdefault(key, []).append(index)
        for (data, input_range, examples), indices in asked.items():
            scores = score_all(
                [self._paths[index] for index in indices],
                data,
                device=device,
                examples=examples,
                input_range=input_range,
                runtime=suite.runtime,
                delegate=suite.delegate,
                threads=suite.threads,
                told=self._told,
            )
            for index, score in zip(indices, scores, strict=True):
                rows[index].score = score
