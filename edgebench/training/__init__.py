"""Training: the loop, and the step of each Keras backend."""

from edgebench.training.fit import FitResult, accuracy_of, fit, predict
from edgebench.training.steps import KerasStepper, Stepper, stepper_for

__all__ = ["FitResult", "KerasStepper", "Stepper", "accuracy_of", "fit", "predict", "stepper_for"]
