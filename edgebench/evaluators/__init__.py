"""Candidates to metrics, each evaluator with its cost."""

from edgebench.evaluators.accuracy import (
    CHECKPOINT_SUFFIX,
    WEIGHTS_SUFFIX,
    AccuracyEvaluator,
    train,
)
from edgebench.evaluators.base import (
    Blueprint,
    Candidate,
    Evaluator,
    Findings,
    FixedEvaluator,
    Slice,
    TrainingJob,
)
from edgebench.evaluators.latency import (
    CALIBRATION_COUNT,
    LatencyEvaluator,
    ProbeJob,
    Reading,
    export_probe,
    representative_of,
)
from edgebench.evaluators.shipped import ShippedAccuracy
from edgebench.evaluators.size import SizeEvaluator, measure_sizes

__all__ = [
    "CALIBRATION_COUNT",
    "CHECKPOINT_SUFFIX",
    "WEIGHTS_SUFFIX",
    "AccuracyEvaluator",
    "Blueprint",
    "Candidate",
    "Evaluator",
    "Findings",
    "FixedEvaluator",
    "LatencyEvaluator",
    "ProbeJob",
    "Reading",
    "ShippedAccuracy",
    "SizeEvaluator",
    "Slice",
    "TrainingJob",
    "export_probe",
    "measure_sizes",
    "representative_of",
    "train",
]
