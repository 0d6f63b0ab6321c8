from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import keras_tuner
import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates import (
    TEMPLATES,
    discover_space,
    load_template,
    portable_name,
    read_graph,
    register_template,
    resolve_values,
    usual_arguments,
)
from edgebench.templates.base import Template

SHAPES = ((8, 8, 3),)

USER_MODULE = """
import keras
import keras_tuner


class Plain(keras_tuner.HyperModel):
    def __init__(self, input_shape, num_classes, depth=1):
        super().__init__()
        self.shape, self.classes, self.depth = input_shape, num_classes, depth

    def build(self, hp):
        x = inputs = keras.Input(self.shape)
        if hp.Choice("kind", ["conv", "dense"]) == "conv":
            with hp.conditional_scope("kind", ["conv"]):
                filters = hp.Choice("filters", [4, 8])
                x = keras.layers.Conv2D(filters, 3)(x)
        else:
            with hp.conditional_scope("kind", ["dense"]):
                units = hp.Int("units", 4, 6)
                x = keras.layers.Dense(units)(x)
        if hp.Boolean("wide"):
            x = keras.layers.Conv2D(hp.Choice("wide_filters", [16, 32]), 1)(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, keras.layers.Dense(self.classes)(x))


class Deaf(keras_tuner.HyperModel):
    def build(self, hp):
        return keras.Sequential([keras.Input((5, 5, 1)), keras.layers.Flatten()])


class Picky(keras_tuner.HyperModel):
    def __init__(self, must):
        super().__init__()


class NoTemplate:
    pass
"""


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"user_templates_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(USER_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


def load(name: str, **options: object) -> Template:
    return load_template(name, input_shapes=SHAPES, classes=3, options=options)


def test_importing_and_misnaming_load_no_keras() -> None:
    code = (
        "import sys\n"
        "from edgebench.templates import *\n"
        "try: load_template('squeezenet', input_shapes=((8, 8, 3),), classes=2)\n"
        "except InputError as error: print(error, error.remedy)\n"
        "print({'keras', 'keras_tuner', 'tensorflow'} & set(sys.modules))\n"
    )
    code = "from edgebench.errors import InputError\n" + code
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "squeezenet is not a template did you mean squeezenet" in done.stdout
    assert "set()" in done.stdout


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_known_names_are_those_of_their_classes_and_load_as_published(name: str) -> None:
    shapes, classes = usual_arguments(name)
    template = load_template(name, input_shapes=shapes, classes=classes)
    assert template.name == name
    assert template.version
    assert (template.input_shapes, template.classes) == (shapes, classes)


@pytest.mark.parametrize(
    ("name", "shapes", "classes"),
    [
        ("squeezenet-1.1", ((224, 224, 3),), 1000),
        ("squeezenet-sem-auto", ((224, 224, 3), (224, 224, 3)), 1000),
        ("mlp-auto", ((468, 3),), 8),
        ("unet", ((256, 256, 1),), 1),
        ("{}:Plain", ((224, 224, 3),), 1000),
    ],
)
def test_a_template_knows_what_it_was_published_with(
    user_module: str, name: str, shapes: tuple[tuple[int, ...], ...], classes: int
) -> None:
    assert usual_arguments(name.format(user_module)) == (shapes, classes)


def test_a_plain_hypermodel_is_found_by_module_and_class(user_module: str) -> None:
    template = load(f"{user_module}:Plain", depth=2)
    space = discover_space(template, {"filters": [2, 4]})
    assert space.names == ("kind", "filters", "wide", "units", "wide_filters")
    assert space.values["filters"] == 2
    assert "units" not in space.values
    model = template.build(resolve_values(template, {"filters": [2, 4]}, {"filters": "2"}))
    assert model.layers[1].filters == 2
    assert read_graph(model).output_shapes == ((3,),)
    assert template.name == f"{user_module}:Plain"
    assert "filters=2" in template.describe(space.values)


def test_names_that_a_python_condition_hides_are_found(user_module: str) -> None:
    template = load(f"{user_module}:Plain")
    values = resolve_values(template, {}, {"wide_filters": "32", "wide": "true"}).values
    assert template.assemble(values).layers[2].filters == 32


def test_a_model_for_another_input_is_refused(user_module: str) -> None:
    template = load(f"{user_module}:Deaf")
    with pytest.raises(InputError, match="the data has"):
        template.build(keras_tuner.HyperParameters())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module_here:X", "cannot be imported"),
        ("{}:Absent", "Absent is not a class of"),
        ("{}:NoTemplate", "is not a template"),
        ("{}:Picky", "cannot be constructed"),
        (":X", "cannot be imported"),
    ],
)
def test_what_is_no_template_is_one_sentence(user_module: str, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(name.format(user_module))


def test_options_a_constructor_lacks_are_unknown(user_module: str) -> None:
    with pytest.raises(UnknownNameError, match="an option of") as caught:
        load(f"{user_module}:Plain", width=3)
    assert caught.value.why == "known: depth"


def test_a_registered_template_is_loaded_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgebench.templates.registry.TEMPLATES", dict(TEMPLATES))

    class Tiny(Template):
        name = "tiny"

        def space(self, hp: keras_tuner.HyperParameters) -> None:
            self.training_space(hp)

        def graph(self, inputs, values):  # type: ignore[no-untyped-def]
            return keras.layers.Dense(self.classes)(keras.layers.Flatten()(inputs[0]))

    register_template("tiny", Tiny)
    register_template("tiny", Tiny)
    template = load("tiny")
    assert read_graph(template.build(discover_space(template))).macs == 8 * 8 * 3 * 3
    assert template.describe({"dropout": 0.1}) == "tiny"


def test_another_process_loads_a_registered_class_from_its_module(
    user_module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgebench.templates.registry.TEMPLATES", dict(TEMPLATES))
    load(f"{user_module}:Plain")
    cls = sys.modules[user_module].Plain
    register_template("plain", cls)
    assert portable_name("plain") == f"{user_module}:Plain"
    assert portable_name("unet") == "unet"
    assert portable_name("a:B") == "a:B"

    class Local(Template):
        pass

    register_template("local", Local)
    with pytest.raises(InputError, match="the workers cannot import template local") as caught:
        portable_name("local")
    assert "module of its own" in caught.value.remedy


def test_names_cannot_be_taken_twice_or_hold_a_colon() -> None:
    with pytest.raises(InputError, match="squeezenet-auto already"):
        register_template("squeezenet-auto", Template)
    with pytest.raises(InputError, match="cannot name a template"):
        register_template("a:b", Template)
