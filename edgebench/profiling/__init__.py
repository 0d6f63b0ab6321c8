"""Measuring model files on devices: blocks in fresh processes, judged and kept raw."""

from edgebench.profiling.agreement import check_agreement
from edgebench.profiling.bundle import Bundle, build_bundle
from edgebench.profiling.check import DeviceCheck, RuntimeCheck, check_device
from edgebench.profiling.files import per_op, profile_all, score_all
from edgebench.profiling.findings import Finding, look_at
from edgebench.profiling.int8 import why_int8_is_slower
from edgebench.profiling.patience import Patience
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.profiler import Profiler
from edgebench.profiling.reference import Reference
from edgebench.profiling.scoring import answering, as_expected, open_test, outputs_of
from edgebench.profiling.suite import Profiled, SuiteProfile
from edgebench.profiling.validity import TimedBlock

__all__ = [
    "Bundle",
    "DeviceCheck",
    "Finding",
    "MeasurePlan",
    "Patience",
    "Profiled",
    "Profiler",
    "Reference",
    "RuntimeCheck",
    "SuiteProfile",
    "TimedBlock",
    "answering",
    "as_expected",
    "build_bundle",
    "check_agreement",
    "check_device",
    "look_at",
    "open_test",
    "outputs_of",
    "per_op",
    "profile_all",
    "score_all",
    "why_int8_is_slower",
]
