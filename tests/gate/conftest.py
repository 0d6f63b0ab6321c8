"""A gate's result with every verdict in it; and devices in memory, whose latencies stand in the files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench import devices
from edgebench.devices import Completed, Device, DeviceDocument
from edgebench.devices.fake import FakeDevice, simulated_agent
from edgebench.gate import (
    Check,
    Gate,
    GatePlan,
    GateResult,
    Pair,
    Ratio,
    Subject,
    Verdict,
    compare,
    read_margins,
)
from edgebench.gate.baseline import Place
from edgebench.records import DeviceInfo


def latency_check(benchmark: str, verdict: Verdict, slower: float, **more: object) -> Check:
    pairs = tuple(
        Pair(
            base_ns=2.0e6 + 1000 * n,
            head_ns=(2.0e6 + 1000 * n) * slower,
            base_first=n % 2 == 0,
            noisy=int(n == 3),
        )
        for n in range(10)
    )
    fields = {
        "device": "pi5",
        "base": 2.0045,
        "head": 2.0045 * slower,
        "margin": 0.05,
        "ratio": Ratio(value=slower, low=slower - 0.01, high=slower + 0.01, confidence=0.95),
        "pairs": pairs,
        "runtime": "litert 2.3.0",
        "head_sha256": "ab" * 32,
    }
    return Check(
        benchmark=benchmark,
        kind="latency",
        verdict=verdict,
        sentence=f"{slower - 1:+.1%} of the time, [{slower - 0.01:.3f}, {slower + 0.01:.3f}]",
        **{**fields, **more},  # type: ignore[arg-type]
    )


@pytest.fixture
def result() -> GateResult:
    return GateResult(
        base="ci/baseline",
        head="models",
        measured_utc="2026-11-22T23:00:01.5+00:00",
        wall_s=123.4567,
        new=("tiny",),
        noise={"pi5": Ratio(value=1.001, low=0.997, high=1.004, confidence=0.95)},
        checks=(
            latency_check("steady", Verdict.PASS, 1.001),
            latency_check("faster", Verdict.IMPROVED, 0.8),
            latency_check("slower", Verdict.REGRESSED, 1.25),
            latency_check("unsure", Verdict.INCONCLUSIVE, 1.05),
            latency_check(
                "hot", Verdict.ENVIRONMENT, 1.0, pairs=(), ratio=None, base=None, head=None
            ),
            Check(
                benchmark="moved",
                kind="latency",
                verdict=Verdict.INCOMPARABLE,
                sentence="saved with litert 2.2.0, and this is 2.3.0",
                device="pi5",
            ),
            Check(
                benchmark="steady",
                kind="file_bytes",
                verdict=Verdict.PASS,
                sentence="1,200 file bytes, as before",
                base=1200,
                head=1200,
                margin=0.0,
            ),
            Check(
                benchmark="steady",
                kind="accuracy",
                verdict=Verdict.PASS,
                sentence="90.00% to 90.50% of 200 examples: 1 lost, 2 gained, p 1",
                base=0.9,
                head=0.905,
            ),
        ),
    )


Respond = Callable[[FakeDevice, Sequence[str]], Completed]


class Board(FakeDevice):
    """A device in memory."""

    def __init__(self, respond: Respond, document: DeviceDocument, model: str | None) -> None:
        super().__init__(respond, document)
        self._model = model

    def describe(self) -> DeviceInfo:
        return replace(super().describe(), model=self._model)

    @property
    def jobs(self) -> list[dict[str, Any]]:
        asked = [json.loads(argv[-1]) for argv in self.ran]
        pairs = [[job["first"], job["second"]] if job["kind"] == "pair" else [job] for job in asked]
        return [job for jobs in pairs for job in jobs]


class Lab:
    """Makes sides and devices, and holds gates whose devices are in memory; but "local" is this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model: str | None = None
        self.opened: dict[str, Board] = {}
        self._responds: dict[str, Respond] = {}
        path = folder / "latency.yaml"
        path.write_text(
            "default: {file_bytes: ignore, param_bytes: ignore, macs: ignore, arena_bytes: ignore,\n"
            "          ops: ignore, accuracy: ignore}\n"
        )
        # The files of these sides are no models.
        self.margins = read_margins(path)

    def side(self, places: Mapping[str, Place] | None = None, **ms: float) -> list[Subject]:
        """Return files that take so many milliseconds."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        found = []
        for name, each in ms.items():
            path = folder / f"{name}.null"
            path.write_text(str(each))
            found.append(Subject(name=name, path=path, places=places or {}))
        return found

    def respond(self, noise: float = 0.0, **changes: object) -> Respond:
        """Return an agent whose blocks are up and down by a share, no two pairs alike."""
        rng = np.random.default_rng(3)
        return simulated_agent(
            lambda model: float(model) * (1 + noise * rng.standard_normal()), changes
        )

    def add(self, respond: Respond | None = None, name: str = "board") -> str:
        """Make a device, and return its file."""
        self._responds[name] = respond or self.respond()
        path = self.folder / f"{name}.yaml"
        path.write_text(f"name: {name}\ntransport: {{kind: local}}\nbudget: {{reconnect_s: 0}}\n")
        return str(path)

    def hold(
        self,
        base: list[Subject],
        head: list[Subject],
        respond: Respond | None = None,
        **plan: Any,
    ) -> GateResult:
        fields = {"devices": (self.add(respond),), "margins": self.margins, **plan}
        return Gate(base, head, GatePlan(**fields)).run("base", "head")

    def open(self, document: DeviceDocument | str) -> Device:
        if isinstance(document, str):
            return devices.open_device(document)
        self.opened[document.name] = Board(self._responds[document.name], document, self.model)
        return self.opened[document.name]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    made = Lab(tmp_path)
    monkeypatch.setattr(compare, "open_device", made.open)
    return made
