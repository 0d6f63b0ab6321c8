"""Candidates to metrics, each evaluator with its cost."""

from edgebench.evaluators.accuracy import AccuracyEvaluator, dataset_of, train
from edgebench.evaluators.base import (
    Blueprint,
    Candidate,
    Evaluator,
    Findings,
    FixedEvaluator,
    TrainingJob,
)
from edgebench.evaluators.latency import (
    CALIBRATION_COUNT,
    LatencyEvaluator,
    ProbeJob,
    export_probe,
)
from edgebench.evaluators.size import SizeEvaluator, measure_sizes

__all__ = [
    "CALIBRATION_COUNT",
    "AccuracyEvaluator",
    "Blueprint",
    "Candidate",
    "Evaluator",
    "Findings",
    "FixedEvaluator",
    "LatencyEvaluator",
    "ProbeJob",
    "SizeEvaluator",
    "TrainingJob",
    "dataset_of",
    "export_probe",
    "measure_sizes",
    "train",
]
