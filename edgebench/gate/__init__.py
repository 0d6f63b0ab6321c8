"""The regression gate: two files run against each other now, on the same device, in pairs of blocks."""

from edgebench.gate.answers import Answers, Question, check_answers
from edgebench.gate.baseline import SaveOptions, Subject, save
from edgebench.gate.benchmark_json import (
    compare_stored,
    measurements_as_benchmarks,
    read_benchmarks,
    results_as_benchmarks,
)
from edgebench.gate.compare import Gate, GatePlan
from edgebench.gate.contents import check_contents
from edgebench.gate.document import as_document, read_result
from edgebench.gate.junit import as_junit
from edgebench.gate.margins import Margins, read_margin, read_margins
from edgebench.gate.pairs import Contest, PairTaker, PairTimer
from edgebench.gate.result import Check, GateResult
from edgebench.gate.sides import resolve, resolve_all
from edgebench.gate.statistics import Ratio, hodges_lehmann, holm, pairs_needed
from edgebench.gate.summary import as_markdown, cautions
from edgebench.gate.verdicts import Pair, Ruling, Series, Verdict, decide

__all__ = [
    "Answers",
    "Check",
    "Contest",
    "Gate",
    "GatePlan",
    "GateResult",
    "Margins",
    "Pair",
    "PairTaker",
    "PairTimer",
    "Question",
    "Ratio",
    "Ruling",
    "SaveOptions",
    "Series",
    "Subject",
    "Verdict",
    "as_document",
    "as_junit",
    "as_markdown",
    "cautions",
    "check_answers",
    "check_contents",
    "compare_stored",
    "decide",
    "hodges_lehmann",
    "holm",
    "measurements_as_benchmarks",
    "pairs_needed",
    "read_benchmarks",
    "read_margin",
    "read_margins",
    "read_result",
    "resolve",
    "resolve_all",
    "results_as_benchmarks",
    "save",
]
