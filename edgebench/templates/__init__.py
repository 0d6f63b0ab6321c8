"""Templates: families of networks with named hyperparameters, each a `keras_tuner.HyperModel`.

Importing this package loads neither Keras nor keras-tuner; the first `load_template` of a known name does.
"""

from edgebench.templates.backend import chosen_backend, import_keras
from edgebench.templates.classes import find_class
from edgebench.templates.drawing import draw_text
from edgebench.templates.graph import GraphFacts, LayerFacts, read_graph
from edgebench.templates.picture import draw_svg
from edgebench.templates.registry import (
    TEMPLATES,
    load_template,
    portable_name,
    register_template,
    task_of,
    template_names,
    usual_arguments,
)
from edgebench.templates.space import discover_space, parse_sets, resolve_values
from edgebench.templates.terms import TRAINING_HYPERPARAMETERS

__all__ = [
    "TEMPLATES",
    "TRAINING_HYPERPARAMETERS",
    "GraphFacts",
    "LayerFacts",
    "chosen_backend",
    "discover_space",
    "draw_svg",
    "draw_text",
    "find_class",
    "import_keras",
    "load_template",
    "parse_sets",
    "portable_name",
    "read_graph",
    "register_template",
    "resolve_values",
    "task_of",
    "template_names",
    "usual_arguments",
]
