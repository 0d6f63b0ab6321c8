"""What a network is asked for, and how well it answers. Pure functions, no I/O; each task is one file here."""

from edgebench.tasks.average_precision import average_precisions
from edgebench.tasks.base import Array, Task, class_names
from edgebench.tasks.boxes import Objects, overlaps
from edgebench.tasks.classification import Classification
from edgebench.tasks.default_boxes import (
    LARGEST_GROWTH,
    VARIANCES,
    Targets,
    decode,
    default_boxes,
    encode,
    map_sizes,
    targets,
)
from edgebench.tasks.detection import Detection
from edgebench.tasks.parity import compare, mcnemar_p
from edgebench.tasks.registry import TASKS, load_task
from edgebench.tasks.segmentation import Segmentation, pixel_classes
from edgebench.tasks.suppression import Detected, suppress

__all__ = [
    "LARGEST_GROWTH",
    "TASKS",
    "VARIANCES",
    "Array",
    "Classification",
    "Detected",
    "Detection",
    "Objects",
    "Segmentation",
    "Targets",
    "Task",
    "average_precisions",
    "class_names",
    "compare",
    "decode",
    "default_boxes",
    "encode",
    "load_task",
    "map_sizes",
    "mcnemar_p",
    "overlaps",
    "pixel_classes",
    "suppress",
    "targets",
]
