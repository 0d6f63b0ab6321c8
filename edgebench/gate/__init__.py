"""The regression gate: two files run against each other now, on the same device, in pairs of blocks."""

from edgebench.gate.answers import Answers, check_answers
from edgebench.gate.contents import Contents, check_contents
from edgebench.gate.pairs import BlockTimer, Contest, PairTaker
from edgebench.gate.result import Check, GateResult
from edgebench.gate.statistics import Ratio, hodges_lehmann, holm, pairs_needed
from edgebench.gate.verdicts import Pair, Ruling, Series, Verdict, decide

__all__ = [
    "Answers",
    "BlockTimer",
    "Check",
    "Contents",
    "Contest",
    "GateResult",
    "Pair",
    "PairTaker",
    "Ratio",
    "Ruling",
    "Series",
    "Verdict",
    "check_answers",
    "check_contents",
    "decide",
    "hodges_lehmann",
    "holm",
    "pairs_needed",
]
