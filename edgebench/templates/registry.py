"""Which templates are known, and how a name becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgebench import plugins
from edgebench.errors import InputError, UnknownNameError
from edgebench.templates.backend import import_keras
from edgebench.templates.classes import find_class
from edgebench.templates.terms import Shapes

if TYPE_CHECKING:
    from edgebench.templates.base import Template

TEMPLATES: dict[str, str | type] = {
    "mobilenetv2": "edgebench.templates.mobilenetv2:MobileNetV2",
    "mobilenetv2-auto": "edgebench.templates.mobilenetv2:MobileNetV2Auto",
    "mobilenetv2-ssd": "edgebench.templates.mobilenetv2_ssd:MobileNetV2SSD",
    "mobilenetv2-ssd-auto": "edgebench.templates.mobilenetv2_ssd:MobileNetV2SSDAuto",
    "squeezenet-1.0": "edgebench.templates.squeezenet:SqueezeNet10",
    "squeezenet-1.1": "edgebench.templates.squeezenet:SqueezeNet11",
    "squeezenet-auto": "edgebench.templates.squeezenet:SqueezeNetAuto",
    "squeezenet-se": "edgebench.templates.squeezenet_se:SqueezeNetSE",
    "squeezenet-se-auto": "edgebench.templates.squeezenet_se:SqueezeNetSEAuto",
    "squeezenet-se1-auto": "edgebench.templates.squeezenet_merge:SqueezeNetSE1Auto",
    "squeezenet-sem-auto": "edgebench.templates.squeezenet_merge:SqueezeNetSEMAuto",
    "mlp-auto": "edgebench.templates.mlp:MLPAuto",
    "unet": "edgebench.templates.unet:UNet",
    "unet-auto": "edgebench.templates.unet:UNetAuto",
}


def register_template(name: str, cls: type) -> None:
    """Make a class known under a name, for this process; a search trains it where it stands in a module.

    Args:
        name: What suites and commands will call it; no colon, and not yet taken by another class.
        cls: A `Template`, or any `keras_tuner.HyperModel`.

    Raises:
        InputError: The name has a colon or is taken.
    """
    if not name or ":" in name:
        raise InputError(f"{name!r} cannot name a template", why="a colon means module:Class")
    if TEMPLATES.get(name, cls) is not cls:
        raise InputError(f"there is a template {name} already", remedy="choose another name")
    TEMPLATES[name] = cls


def template_names() -> list[str]:
    """Return the names of all templates: built in, registered in this process, and offered by plugins."""
    return sorted({*TEMPLATES, *plugins.names("templates")})


def portable_name(name: str) -> str:
    """Return what another process loads this template by: of a registered class its ``module:Class``.

    A plugin's goes by its own name, so it is to be installed wherever trials run.

    Raises:
        InputError: The class stands where no other process can import it from.
    """
    target = TEMPLATES.get(name, name)
    if isinstance(target, str):
        return name
    if target.__module__ == "__main__" or "." in target.__qualname__:
        raise InputError(
            f"the workers cannot import template {name}",
            why=f"its class {target.__qualname__} stands in the program itself or inside a function",
            remedy="put the class into a module of its own and import it from there",
        )
    return f"{target.__module__}:{target.__qualname__}"


def load_template(
    name: str,
    *,
    input_shapes: Shapes,
    classes: int,
    options: Mapping[str, Any] | None = None,
) -> Template:
    """Return the template of that name for these inputs and classes.

    Args:
        name: A name in `TEMPLATES`, a plugin's, or ``module:Class`` with the module importable from here.
        input_shapes: One shape an input, without the batch: ``((32, 32, 3),)``.
        classes: Number of classes, at least 2.
        options: The template's options, such as ``{"initializer": "glorot_uniform"}``.

    Raises:
        UnknownNameError: No such template or option.
        InputError: The class cannot be imported, or does not fit these inputs.
    """
    cls = _template_class(name)

    from edgebench.templates.base import Template
    from edgebench.templates.foreign import ForeignTemplate

    if issubclass(cls, Template):
        make: type[Template] = cls
        return make(input_shapes=input_shapes, classes=classes, options=options or {})
    return ForeignTemplate(
        cls, name=name, input_shapes=input_shapes, classes=classes, options=options or {}
    )


def usual_arguments(name: str) -> tuple[Shapes, int]:
    """Return the input shapes and the number of classes that a template was published with.

    Raises:
        UnknownNameError: No such template.
        InputError: The class cannot be imported.
    """
    cls = _template_class(name)

    from edgebench.templates.base import Template

    usual = cls if issubclass(cls, Template) else Template
    return usual.usual_input_shapes, usual.usual_classes


def task_of(name: str) -> str:
    """Return the task that a template's networks are for.

    Raises:
        UnknownNameError: No such template.
        InputError: The class cannot be imported.
    """
    return str(getattr(_template_class(name), "task", "classification"))


def _template_class(name: str) -> type:
    target = TEMPLATES.get(name, name)
    if isinstance(target, str):
        found = find_class(target, "templates", "a template", "keras_tuner:HyperModel")
        if found is None:
            raise UnknownNameError("a template", name, template_names())
        return found
    import_keras()

    from edgebench.templates.foreign import is_hypermodel

    if not is_hypermodel(target):
        raise InputError(f"{name} is not a template", why="it is no keras_tuner.HyperModel class")
    return target
