"""Training: the loop, its checkpoints, and the step of each Keras backend."""

from edgebench.training.augment import CHANGES
from edgebench.training.checkpoint import (
    CheckpointError,
    TrainingState,
    read_state,
    write_state,
)
from edgebench.training.exam import Exam
from edgebench.training.fit import FitResult, Trainee, fit, predict, prepare
from edgebench.training.losses import LOSSES, load_loss
from edgebench.training.steps import KerasStepper, Stepper, stepper_for, training_scope

__all__ = [
    "CHANGES",
    "LOSSES",
    "CheckpointError",
    "Exam",
    "FitResult",
    "KerasStepper",
    "Stepper",
    "Trainee",
    "TrainingState",
    "fit",
    "load_loss",
    "predict",
    "prepare",
    "read_state",
    "stepper_for",
    "training_scope",
    "write_state",
]
