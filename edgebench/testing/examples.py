"""Small inputs on which any known template can be tried."""

from __future__ import annotations

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates import discover_space, load_template
from edgebench.templates.base import Template

EXAMPLE_INPUTS = (((32, 32, 3), (32, 32, 3)), ((32, 32, 3),), ((468, 3),), ((196, 196, 3),))


def example_template(name: str, *, classes: int = 4) -> Template:
    """Return the template for the first of `EXAMPLE_INPUTS` that its defaults accept.

    Raises:
        UnknownNameError: No such template.
        InputError: It accepts none of them.
    """
    for shapes in EXAMPLE_INPUTS:
        try:
            template = load_template(name, input_shapes=shapes, classes=classes)
        except UnknownNameError:
            raise
        except InputError:
            continue
        smallest = template.smallest_input(discover_space(template).values)
        sizes = {shape[:-1] for shape in shapes} if smallest else set()
        if all(len(size) == len(smallest) and size >= smallest for size in sizes):
            return template
    raise InputError(f"{name} takes none of the example inputs", why=str(EXAMPLE_INPUTS))
