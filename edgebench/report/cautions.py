"""What a reader should be careful of, each under a code that keeps its meaning; `REMEDIES` says what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgebench.records import Measurement, Status
from edgebench.report import figures, wording
from edgebench.report.view import RunView

MOST_NAMED = 6


class Code(StrEnum):
    """Add-only: W1 is of measuring, W2 of files, W3 of data, W4 of the run."""

    NOISY = "W101"
    UNMEASURED = "W102"
    OUTPUTS_DIFFER = "W103"
    INVALID = "W104"
    NOT_DELEGATED = "W105"
    UNCERTAIN = "W106"
    ACCURACY_LOST = "W201"
    SYNTHETIC = "W301"
    PARTIAL = "W302"
    CHOSEN_BY_TEST = "W303"
    COMMONEST_ANSWER = "W304"
    DATA_NOTE = "W305"
    UNFINISHED = "W401"
    SCALED = "W402"
    UNCOMMITTED = "W403"


REMEDIES = {
    Code.NOISY: "Stop what else runs on the device, and measure again with more blocks.",
    Code.UNMEASURED: "Resume the run with the device at hand, or profile the file on it.",
    Code.OUTPUTS_DIFFER: "Take another runtime or precision there: what runs is not what was scored.",
    Code.INVALID: "Remove the cause, such as heat, and measure again; an invalid latency enters no front.",
    Code.NOT_DELEGATED: "Take another precision or runtime, or leave out the operations that the delegate lacks.",
    Code.UNCERTAIN: "Before you choose between them, train from more seeds (repeats) or measure more blocks.",
    Code.ACCURACY_LOST: "Ship another precision; largest_drop in the suite says how much may be lost.",
    Code.SYNTHETIC: "Search again on real data before you choose.",
    Code.PARTIAL: "Search again with sample: 1.0 before you compare.",
    Code.CHOSEN_BY_TEST: "Hold out a validation part (validation: 0.2) for a score that promises something.",
    Code.COMMONEST_ANSWER: "Go by the mean IoU, not by the share of pixels.",
    Code.DATA_NOTE: "See what edgebench data check says of the data.",
    Code.UNFINISHED: "Finish it with edgebench search --resume.",
    Code.SCALED: "Search again without --scale before you compare.",
    Code.UNCOMMITTED: "Commit and search again if others are to repeat it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One thing to be careful of, as a sentence."""

    code: Code
    sentence: str

    @property
    def remedy(self) -> str:
        return REMEDIES[self.code]


def cautions(view: RunView) -> tuple[Caution, ...]:
    """Return what to be careful of in a run; empty for one without anything."""
    found = (*about_the_run(view), *_about_certainty(view), *_about_files(view))
    return tuple(sorted(found, key=lambda caution: caution.code))


def about_the_run(view: RunView) -> Iterator[Caution]:
    """Yield what holds for everything in a run: it was not finished, not whole, or not of committed code."""
    run, data = view.run, view.run.data
    if run.status != "completed":
        sentence = f"This run is {run.status}: {len(view.searched)} trials have ended."
        yield Caution(code=Code.UNFINISHED, sentence=sentence)
    if run.suite.scale != 1.0:
        sentence = (
            f"The suite was scaled by {run.suite.scale:g}: fewer trials and epochs than it asks."
        )
        yield Caution(code=Code.SCALED, sentence=sentence)
    if run.git_dirty:
        sentence = "The working tree held changes that were not committed."
        yield Caution(code=Code.UNCOMMITTED, sentence=sentence)
    if run.suite.data.sample != 1.0:
        sample = run.suite.data.sample
        sentence = f"Of the data the first {100 * sample:g} % was used (sample: {sample:g})."
        yield Caution(code=Code.PARTIAL, sentence=sentence)
    if run.suite.data.validation == "test":
        sentence = (
            "Networks were chosen by the test part (validation: test), as in the published experiments: "
            "its score is no promise for other data."
        )
        yield Caution(code=Code.CHOSEN_BY_TEST, sentence=sentence)
    if data.get("synthetic"):
        source = str(data.get("source") or "made up").removeprefix("synthetic: ")
        sentence = f"The data is synthetic: {source}; nothing here says how it does on real data."
        yield Caution(code=Code.SYNTHETIC, sentence=sentence)
    if data.get("task") == "segmentation" and data.get("commonest_share"):
        share = figures.accuracy(data["commonest_share"])
        sentence = f"The commonest answer, given everywhere, is right for {share} of the pixels that were chosen by."
        yield Caution(code=Code.COMMONEST_ANSWER, sentence=sentence)
    for note in data.get("notes") or ():
        yield Caution(code=Code.DATA_NOTE, sentence=str(note))


def _about_certainty(view: RunView) -> Iterator[Caution]:
    possible = [member.trial.trial_id for member in view.front if not member.certain]
    if possible:
        sentence = f"Only possibly on the front, since intervals overlap: {_listed(possible)}."
        yield Caution(code=Code.UNCERTAIN, sentence=sentence)
    contenders = [member.trial.trial_id for member in view.contenders]
    if contenders:
        sentence = f"Off the front, possibly on it within their intervals: {_listed(contenders)}."
        yield Caution(code=Code.UNCERTAIN, sentence=sentence)


def _about_files(view: RunView) -> Iterator[Caution]:
    for file in view.all_files():
        for sentence in wording.about_accuracy(file, view.file_title):
            yield Caution(code=Code.ACCURACY_LOST, sentence=sentence)
    main = [view.main_file(trial.trial_id) for trial in view.winners]
    if lacking := [wording.named(f) for f in main if f and not view.main_measurement(f)]:
        sentence = f"Not measured on {view.main_device}: {_listed(lacking)}."
        yield Caution(code=Code.UNMEASURED, sentence=sentence)
    for code, what, holds in LATENCIES:
        found = [
            f"{wording.named(file)} on {m.device}{_why(code, m)}"
            for file in view.all_files()
            for m in file.measurements
            if holds(m)
        ]
        if found:
            yield Caution(code=code, sentence=f"{what}: {_listed(found)}.")


def _is_noisy(measurement: Measurement) -> bool:
    return measurement.valid and bool(measurement.reasons)


def _differs(measurement: Measurement) -> bool:
    return measurement.agreement is not None and not measurement.agreement.holds


def _is_plain(measurement: Measurement) -> bool:
    ran = measurement.environment
    return ran.delegate is not None and ran.delegated_ops == 0 and bool(ran.other_ops)


LATENCIES: tuple[tuple[Code, str, Callable[[Measurement], bool]], ...] = (
    (Code.NOISY, "The latency is noisy", _is_noisy),
    (Code.OUTPUTS_DIFFER, "The answers are not those of this machine", _differs),
    (Code.INVALID, "The latency is invalid", lambda measurement: bool(measurement.invalid_reasons)),
    (Code.NOT_DELEGATED, "The delegate took no operation", _is_plain),
)


def _why(code: Code, measurement: Measurement) -> str:
    if code not in (Code.NOISY, Code.INVALID):
        return ""
    reasons = measurement.reasons if code is Code.NOISY else measurement.invalid_reasons
    return f" ({', '.join(map(wording.readable, reasons))})"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def notes(view: RunView) -> list[str]:
    """Return what else happened in a run, as sentences: what the search noted, and what failed."""
    found = [f"{note.rstrip('.')}." for note in view.run.notes]
    found += [f"{trial.trial_id}: {trial.note.rstrip('.')}." for trial in view.ended if trial.note]
    failed = [trial for trial in view.ended if trial.status is Status.FAILED]
    reasons = Counter(trial.reason or "no reason given" for trial in failed)
    found += [
        f"{'1 trial' if number == 1 else f'{number} trials'} failed: {reason.rstrip('.')}."
        for reason, number in reasons.most_common()
    ]
    return found + [
        f"{repeat.trial_id}: its training with seed {repeat.seed} failed: {repeat.reason.rstrip('.')}."
        for repeat in view.result.repeats
        if repeat.accuracy is None
    ]
