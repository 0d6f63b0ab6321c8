"""Measuring model files on devices: blocks in fresh processes, judged and kept raw."""

from edgebench.profiling.agreement import check_agreement
from edgebench.profiling.bundle import Bundle, build_bundle
from edgebench.profiling.check import DeviceCheck, RuntimeCheck, check_device
from edgebench.profiling.findings import Finding, look_at
from edgebench.profiling.patience import Patience
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.profiler import Profiler
from edgebench.profiling.reference import Reference
from edgebench.profiling.validity import TimedBlock

__all__ = [
    "Bundle",
    "DeviceCheck",
    "Finding",
    "MeasurePlan",
    "Patience",
    "Profiler",
    "Reference",
    "RuntimeCheck",
    "TimedBlock",
    "build_bundle",
    "check_agreement",
    "check_device",
    "look_at",
]
