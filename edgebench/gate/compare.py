"""A whole gate: every benchmark that the baseline has, its contents, its answers, its latency on each device."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from edgebench import stats
from edgebench.devices import Device, DeviceDocument, find_device, open_device, sha256_of
from edgebench.errors import (
    DeviceError,
    EdgebenchError,
    IncomparableError,
    InputError,
    UnavailableError,
)
from edgebench.export.inspection import inspect
from edgebench.gate.answers import Answers, Examiner, Question, check_answers
from edgebench.gate.baseline import Place, Subject
from edgebench.gate.contents import check_contents
from edgebench.gate.margins import Margins
from edgebench.gate.pairs import Contest, PairTaker
from edgebench.gate.result import ACCURACY, LATENCY, OPS, SIZES, Check, GateResult
from edgebench.gate.statistics import Ratio, hodges_lehmann, pairs_needed
from edgebench.gate.verdicts import Ruling, Verdict, decide
from edgebench.profiling import MeasurePlan, Profiler
from edgebench.records import DeviceInfo, Environment

PROBE_S = 0.05
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePlan:
    """How a gate is held.

    Args:
        devices: Where latency is measured; nowhere where empty.
        margins: How much worse each benchmark may be.
        block: How each block is measured; its runtime, delegate and threads are for files that no baseline says them of.
        alpha: The risk that anything that is no slower than its margin is called REGRESSED on a device; and the same of
            anything that answers no worse.
        question: Whose answers are compared where the baseline has none.
        measures_noise: Run each baseline against itself first, and refuse margins under twice what that shows.
    """

    devices: tuple[str, ...] = ("local",)
    margins: Margins = field(default_factory=Margins)
    block: MeasurePlan = field(default_factory=lambda: MeasurePlan(blocks=1))
    alpha: float = 0.01
    question: Question | None = None
    measures_noise: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0:
            raise InputError(f"alpha must lie between 0 and 1, not {self.alpha:g}")


class Gate:
    """Holds files against their baseline.

    Args:
        base: The baseline's files.
        head: Those that are to be judged. One file on each side is compared whatever they are called.
        plan: How.
        told: Gets a sentence of what is being done.

    Raises:
        IncomparableError: the sides have no benchmark in common.
    """

    def __init__(
        self,
        base: Sequence[Subject],
        head: Sequence[Subject],
        plan: GatePlan,
        told: Told = lambda sentence: None,
    ) -> None:
        if len(base) == len(head) == 1:
            head = [_called(head[0], base[0].name)]
        self._base = {subject.name: subject for subject in base}
        self._head = {subject.name: subject for subject in head}
        self._plan, self._told = plan, told
        self._examiner = Examiner()
        if not self._base.keys() & self._head.keys():
            raise IncomparableError(
                "the two sides have no benchmark in common",
                why=f"{', '.join(self._base)} before, {', '.join(self._head)} now",
                remedy="give the files the same names, or compare one file with one file",
            )
        plan.margins.require_known({**self._base, **self._head})

    def run(self, base_title: str, head_title: str) -> GateResult:
        """Make all checks; a device that is not fit for it is a verdict, no error.

        Raises:
            InputError: a device is not known, a file is damaged, or a margin lies under twice a device's noise.
            WorkError: a file does not run.
        """
        started, utc = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
        devices = [find_device(name) for name in self._plan.devices]
        common = [name for name in self._base if name in self._head]
        checks = [*map(self._missing, self._base.keys() - self._head.keys())]
        for name in common:
            checks += self._contents(name)
        for name in common:
            checks += self._answers(name, self._plan.alpha / len(common))
        noise: dict[str, Ratio] = {}
        for device in devices:
            checks += self._latencies(device, common, noise)
        order = {name: rank for rank, name in enumerate(self._base)}
        return GateResult(
            base=base_title,
            head=head_title,
            checks=tuple(sorted(checks, key=lambda check: order[check.benchmark])),
            new=tuple(name for name in self._head if name not in self._base),
            noise=noise,
            measured_utc=utc,
            wall_s=time.monotonic() - started,
        )

    def _missing(self, name: str) -> Check:
        return Check(
            benchmark=name,
            kind="file_bytes",
            verdict=Verdict.INCOMPARABLE,
            sentence="the other side has no such file",
        )

    def _contents(self, name: str) -> Iterator[Check]:
        margins = self._plan.margins.of(name)
        if not margins.keys().isdisjoint({*SIZES, OPS}):
            self._told(f"reading what stands in {name}")
            base, head = inspect(self._base[name].path), inspect(self._head[name].path)
            yield from check_contents(name, base, head, margins)

    def _answers(self, name: str, alpha: float) -> Iterator[Check]:
        base, head = self._base[name], self._head[name]
        question = base.question or self._plan.question or head.question
        if question is None or ACCURACY not in self._plan.margins.of(name):
            return
        try:
            with open_device("local") as local:
                profiler = Profiler(local, self._told)

                def asked(subject: Subject) -> Answers | None:
                    self._told(f"asking {subject.path.name} the test part of {question.data.name}")
                    return self._examiner.ask(question, subject.path, profiler, self._plan.block)

                before = (base.answers if base.question else None) or asked(base)
                after = asked(head) if before is not None else None
            if before is not None and after is not None:
                yield check_answers(name, before, after, alpha)
        except (IncomparableError, UnavailableError) as error:
            yield _failed(name, ACCURACY, None, error)

    def _latencies(
        self, device: DeviceDocument, names: Sequence[str], noise: dict[str, Ratio]
    ) -> list[Check]:
        wanted = [name for name in names if LATENCY in self._plan.margins.of(name)]
        found: dict[str, Check] = {}
        if not wanted:
            return []
        try:
            with open_device(device) as opened:
                contests = self._contests(opened, wanted, found)
                if contests:
                    found |= self._measured(opened, contests, noise)
        except UnavailableError as error:
            left = [name for name in wanted if name not in found]
            found |= {name: _failed(name, LATENCY, device.name, error) for name in left}
        return list(found.values())

    def _contests(
        self, device: Device, names: Sequence[str], failed: dict[str, Check]
    ) -> dict[str, Contest]:
        info, profiler, contests = device.describe(), Profiler(device, self._told), {}
        for name in names:
            try:
                contests[name] = self._contest(name, info, profiler)
            except DeviceError:
                raise
            except (IncomparableError, UnavailableError) as error:
                failed[name] = _failed(name, LATENCY, info.name, error)
        return contests

    def _contest(self, name: str, info: DeviceInfo, profiler: Profiler) -> Contest:
        """Return who is run against whom. A short block of the baseline tells what will run both."""
        base, head = self._base[name], self._head[name]
        if base.path.suffix != head.path.suffix:
            raise IncomparableError(
                f"{name} is a {base.path.suffix} file before and a {head.path.suffix} one now"
            )
        plan, place = self._plan.block, base.places.get(info.name)
        if base.places and place is None:
            raise IncomparableError(
                f"the baseline of {name} was not saved for {info.name}",
                why=f"it was for {', '.join(base.places)}",
                remedy=f"edgebench baseline save ... --device {info.name}",
            )
        if place is not None:
            _require_same_device(name, place, info)
            plan = replace(
                plan, runtime=place.runtime, delegate=place.delegate, threads=place.threads
            )
        ran = profiler.block(base.path, replace(plan, block_s=PROBE_S)).environment
        if place is not None:
            _require_same_runtime(name, place, info, ran)
        return Contest(
            name=name,
            base=base.path,
            head=head.path,
            plan=replace(plan, runtime=ran.runtime),
            runtime=f"{ran.runtime} {ran.runtime_version}",
        )

    def _measured(
        self, device: Device, contests: Mapping[str, Contest], noise: dict[str, Ratio]
    ) -> dict[str, Check]:
        margins = {name: self._plan.margins.of(name)[LATENCY] for name in contests}
        where = device.document.name
        if self._plan.measures_noise:
            noise[where] = self._noise(device, contests)
            _require_above_noise(margins, noise[where], where)
        taker = self._taker(device, contests)
        rulings = decide(taker, margins, self._plan.alpha)
        return {
            name: _latency(contests[name], where, margins[name], ruling)
            for name, ruling in rulings.items()
        }

    def _noise(self, device: Device, contests: Mapping[str, Contest]) -> Ratio:
        """Run each baseline against itself; return the widest of the ratios."""
        twins = {name: replace(contest, head=contest.base) for name, contest in contests.items()}
        count = pairs_needed(len(contests), self._plan.alpha)
        taken = self._taker(device, twins)(list(twins), count)
        ratios = [
            hodges_lehmann([pair.log_ratio for pair in series.pairs])
            for series in taken.values()
            if not series.invalid_reasons
        ]
        if not ratios:
            raise UnavailableError(
                f"the noise of {device.document.name} cannot be told",
                why="a block of each benchmark was invalid twice",
            )
        return max(ratios, key=spread)

    def _taker(self, device: Device, contests: Mapping[str, Contest]) -> PairTaker:
        where = device.document.name

        def told(name: str, done: int, of: int) -> None:
            self._told(f"{name} on {where}: pair {done + 1} of {of}")

        return PairTaker(Profiler(device, self._told), list(contests.values()), told)


def spread(noise: Ratio) -> float:
    """Return how far from 1 the interval of a ratio reaches, as a share."""
    return math.exp(max(abs(math.log(noise.low)), abs(math.log(noise.high)))) - 1.0


def _called(subject: Subject, name: str) -> Subject:
    return Subject(name=name, path=subject.path, question=subject.question)


def _require_same_device(name: str, place: Place, info: DeviceInfo) -> None:
    before = place.machine if place.any_host else f"{place.machine} {place.model or ''}".strip()
    now = info.machine if place.any_host else f"{info.machine} {info.model or ''}".strip()
    if before != now:
        raise IncomparableError(
            f"{info.name} is another device than the baseline of {name} was saved for",
            why=f"{before} before, {now} now",
            remedy="save the baseline again there; with --any-host where hosts come and go",
        )


def _require_same_runtime(name: str, place: Place, info: DeviceInfo, ran: Environment) -> None:
    if (ran.runtime, ran.runtime_version) != (place.runtime, place.runtime_version):
        raise IncomparableError(
            f"{info.name} has another {place.runtime} than the baseline of {name} was saved with",
            why=f"{place.runtime_version} before, {ran.runtime_version} now",
            remedy="install that version, or save the baseline again",
        )


def _require_above_noise(margins: Mapping[str, float], noise: Ratio, device: str) -> None:
    floor = spread(noise)
    for name, margin in margins.items():
        if margin < 2 * floor:
            raise InputError(
                f"a margin of {margin:.3g} for {name} is under twice the noise of {device}",
                why=f"two runs of one file there are up to {floor:.2%} apart",
                remedy=f"allow {math.ceil(2 * floor * 1000) / 10:g}% or more, or quieten the device",
            )


def _failed(name: str, kind: str, device: str | None, error: EdgebenchError) -> Check:
    verdict = Verdict.INCOMPARABLE if isinstance(error, IncomparableError) else Verdict.ENVIRONMENT
    sentence = f"{error.message}: {error.why}" if error.why else error.message
    return Check(benchmark=name, kind=kind, verdict=verdict, sentence=sentence, device=device)


def _latency(contest: Contest, device: str, margin: float, ruling: Ruling) -> Check:
    pairs, ratio = ruling.pairs, ruling.ratio
    base = stats.median([pair.base_ns for pair in pairs]) / 1e6 if pairs else None
    head = stats.median([pair.head_ns for pair in pairs]) / 1e6 if pairs else None
    if ruling.verdict is Verdict.ENVIRONMENT or ratio is None:
        reasons = ", ".join(reason.replace("_", " ") for reason in ruling.invalid_reasons)
        sentence = f"a block was invalid twice: {reasons}"
    else:
        sentence = (
            f"{base:.4g} to {head:.4g} ms: {ratio.value:.3f} times as long "
            f"[{ratio.low:.3f}, {ratio.high:.3f}], {len(pairs)} pairs"
        )
    return Check(
        benchmark=contest.name,
        kind=LATENCY,
        verdict=ruling.verdict,
        sentence=sentence,
        device=device,
        base=base,
        head=head,
        margin=margin,
        ratio=ratio,
        pairs=pairs,
        runtime=contest.runtime,
        head_sha256=sha256_of(contest.head),
    )
