"""Training: the loop, its checkpoints, and the step of each Keras backend."""

from edgebench.training.checkpoint import (
    CheckpointError,
    TrainingState,
    read_state,
    write_state,
)
from edgebench.training.fit import FitResult, Trainee, accuracy_of, fit, predict, prepare
from edgebench.training.steps import KerasStepper, Stepper, stepper_for, training_scope

__all__ = [
    "CheckpointError",
    "FitResult",
    "KerasStepper",
    "Stepper",
    "Trainee",
    "TrainingState",
    "accuracy_of",
    "fit",
    "predict",
    "prepare",
    "read_state",
    "stepper_for",
    "training_scope",
    "write_state",
]
