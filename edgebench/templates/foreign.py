"""A user's plain `keras_tuner.HyperModel` as a template."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner
from keras_tuner.engine.hyperparameters import Float, HyperParameter, Int

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates.base import Template
from edgebench.templates.terms import TRAINING_HYPERPARAMETERS, Shapes


def is_hypermodel(cls: Any) -> bool:
    """Return whether ``cls`` is a class of keras-tuner hypermodels."""
    return isinstance(cls, type) and issubclass(cls, keras_tuner.HyperModel)


class ForeignTemplate(Template):
    """A HyperModel that knows nothing of edgebench; its space is found by building.

    The class is called with those of ``input_shapes``, ``input_shape`` (the first), ``classes`` and ``num_classes``
    that its constructor names, and with the options.

    Args:
        cls: The user's class.
        name: What the user called it.
        input_shapes: One shape an input, without the batch.
        classes: Number of classes, at least 2.
        options: Further arguments of the constructor.

    Raises:
        UnknownNameError: The constructor has no such option.
        InputError: It could not be called.
    """

    name = "foreign"
    known_options = {}  # noqa: RUF012

    def __init__(
        self,
        cls: type,
        *,
        name: str,
        input_shapes: Shapes,
        classes: int,
        options: Mapping[str, Any],
    ) -> None:
        self.input_count = len(input_shapes)
        super().__init__(input_shapes=input_shapes, classes=classes)
        self.name = name
        self.version = str(getattr(cls, "version", "1"))
        self.task = str(getattr(cls, "task", "classification"))
        self._hypermodel = _construct(cls, name, self.input_shapes, classes, options)

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        """Register what building registers: at the values given, then with each choice in turn.

        Numbers are tried at both ends. A name that shows only under two choices at once, outside any conditional
        scope, is not found.
        """
        self._hypermodel.build(hp)
        tried: set[str] = set(TRAINING_HYPERPARAMETERS)
        while untried := [entry for entry in hp.space if entry.name not in tried]:
            entry = untried[0]
            tried.add(entry.name)
            parents = {c.name: c.values[0] for c in entry.conditions}
            for value in _choices(entry):
                probe = hp.copy()
                probe.values = {**hp.values, **parents, entry.name: value}
                self._hypermodel.build(probe)
                hp.merge(probe, overwrite=False)

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        model = self._hypermodel.build(hp)
        self._check_model(model)
        return model

    def assemble(self, values: Mapping[str, Any]) -> keras.Model:
        hp = keras_tuner.HyperParameters()
        hp.values = dict(values)
        return self.build(hp)

    def _check_model(self, model: Any) -> None:
        if not isinstance(model, keras.Model):
            raise InputError(f"{self.name} built no keras.Model", why=f"it built {type(model)}")
        shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
        fits = len(shapes) == len(self.input_shapes) and all(
            len(a) == len(b) and all(n in (None, m) for n, m in zip(a, b, strict=True))
            for a, b in zip(shapes, self.input_shapes, strict=True)
        )
        if not fits:
            raise InputError(
                f"{self.name} built a model for {shapes}, the data has {list(self.input_shapes)}",
                remedy="take input_shapes and classes in its constructor",
            )


def _choices(entry: HyperParameter) -> list[Any]:
    """Return the choices other than the default; of a range its ends."""
    is_range = isinstance(entry, (Int, Float))
    choices = [entry.min_value, entry.max_value] if is_range else list(entry.values)
    return [choice for choice in choices if choice != entry.default]


def _construct(
    cls: type, name: str, input_shapes: Shapes, classes: int, options: Mapping[str, Any]
) -> Any:
    offered = {
        "input_shapes": input_shapes,
        "input_shape": input_shapes[0],
        "classes": classes,
        "num_classes": classes,
    }
    parameters = inspect.signature(cls).parameters
    is_open = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for option in options:
        if option not in parameters and not is_open:
            raise UnknownNameError(f"an option of {name}", option, set(parameters) - set(offered))
    given = {key: value for key, value in offered.items() if key in parameters}
    try:
        return cls(**{**given, **options})
    except TypeError as error:
        raise InputError(
            f"template {name} cannot be constructed",
            why=str(error),
            remedy="let its constructor take input_shapes and classes, the rest with defaults",
        ) from error
