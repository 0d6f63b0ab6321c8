"""What all templates speak of."""

from __future__ import annotations

Shapes = tuple[tuple[int, ...], ...]
"""Of each input: its axes without the batch, such as ((224, 224, 3),)."""

TRAINING_HYPERPARAMETERS = ("optimizer", "learning_rate", "dropout")
"""Those that change how a network learns, and not what it is."""
