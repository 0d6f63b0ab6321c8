from __future__ import annotations

import keras_tuner
import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates import TEMPLATES
from edgebench.templates.base import Template
from edgebench.testing.examples import example_template


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("squeezenet-1.1", ((32, 32, 3),)),
        ("squeezenet-sem-auto", ((32, 32, 3), (32, 32, 3))),
        ("mobilenetv2-ssd", ((196, 196, 3),)),
    ],
)
def test_the_first_inputs_that_fit_are_taken(
    name: str, shapes: tuple[tuple[int, ...], ...]
) -> None:
    assert example_template(name).input_shapes == shapes


def test_what_fits_nothing_or_is_unknown_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Huge(Template):
        name = "huge"

        def space(self, hp: keras_tuner.HyperParameters) -> None:
            self.training_space(hp)

        def smallest_input(self, values: object) -> tuple[int, ...]:
            return 1000, 1000

    monkeypatch.setattr("edgebench.templates.registry.TEMPLATES", {**TEMPLATES, "huge": Huge})
    with pytest.raises(InputError, match="huge takes none"):
        example_template("huge")
    with pytest.raises(UnknownNameError, match="squeeznet is not a template"):
        example_template("squeeznet")
