from __future__ import annotations

import os
import subprocess
import sys

import keras
import pytest

from edgebench.errors import InputError
from edgebench.templates import read_graph
from edgebench.templates.graph import dtype_bytes

layers = keras.layers


def small(
    *, name: str = "a", rate: float = 0.5, filters: int = 4, with_dropout: bool = True
) -> keras.Model:
    inputs = keras.Input((8, 6, 3), name=f"{name}_in")
    x = layers.Conv2D(filters, 3, strides=2, padding="same", name=f"{name}_conv")(inputs)
    if with_dropout:
        x = layers.Dropout(rate, name=f"{name}_drop")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name=f"{name}_depth")(x)
    x = layers.Add(name=f"{name}_add")([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(2, name=f"{name}_dense")(x))


def test_counts_of_a_graph_worked_out_by_hand() -> None:
    facts = read_graph(small())
    conv, depth, dense = (27 + 1) * 4, (9 + 1) * 4, (4 + 1) * 2
    assert facts.trainable_params == facts.total_params == conv + depth + dense
    assert facts.param_bytes == 4 * facts.total_params
    assert facts.macs == 4 * 3 * (27 * 4) + 4 * 3 * (9 * 4) + 4 * 2
    # The input (144) and the convolution's output (48) are alive together; later never as much.
    assert facts.peak_activation_bytes == 4 * (144 + 48)
    assert facts.receptive_field == (3 + 2 * 2, 3 + 2 * 2)
    assert facts.output_shapes == ((2,),)
    assert [layer.type for layer in facts.layers] == [
        "Conv2D", "Dropout", "DepthwiseConv2D", "Add", "GlobalAveragePooling2D", "Dense",
    ]  # fmt: skip
    assert facts.layers[0].output_shape == (4, 3, 4)
    assert sum(layer.params for layer in facts.layers) == facts.total_params


def test_a_tensor_lives_until_its_last_reader() -> None:
    inputs = keras.Input((4, 4, 1))
    first = layers.Conv2D(8, 1)(inputs)
    second = layers.Conv2D(8, 1)(first)
    third = layers.Conv2D(8, 1)(second)
    with_skip = read_graph(keras.Model(inputs, layers.Add()([third, first])))
    without = read_graph(keras.Model(inputs, layers.Add()([third, second])))
    assert with_skip.peak_activation_bytes == 3 * 4 * 4 * 8 * 4
    assert with_skip.peak_activation_bytes == without.peak_activation_bytes
    chain = read_graph(keras.Model(inputs, third))
    assert chain.peak_activation_bytes == 2 * 4 * 4 * 8 * 4


def test_a_reshape_is_a_view() -> None:
    inputs = keras.Input((4, 4, 8))
    x = layers.Flatten()(layers.Reshape((16, 8))(inputs))
    assert read_graph(keras.Model(inputs, x)).peak_activation_bytes == 4 * 128
    through = keras.Model(inputs, layers.Dense(2)(x))
    assert read_graph(through).peak_activation_bytes == 4 * (128 + 2)


def test_norms_and_relus_are_free_where_runtimes_fuse_them() -> None:
    def peak(*after: keras.Layer, is_read_again: bool = False) -> int:
        inputs = keras.Input((4, 4, 8))
        x = first = layers.Conv2D(8, 1)(inputs)
        for layer in after:
            x = layer(x)
        outputs = [x, first] if is_read_again else x
        return read_graph(keras.Model(inputs, outputs)).peak_activation_bytes

    one = 4 * 4 * 8 * 4
    assert peak() == 2 * one
    assert peak(layers.BatchNormalization(), layers.ReLU(6.0)) == 2 * one
    assert (
        peak(layers.BatchNormalization(), layers.Activation("relu6"), layers.Conv2D(8, 1))
        == 2 * one
    )
    assert peak(layers.Activation("sigmoid"), layers.Conv2D(8, 1), is_read_again=True) == 3 * one
    assert peak(layers.ReLU(), layers.Conv2D(8, 1), is_read_again=True) == 3 * one
    assert peak(layers.MaxPooling2D(1), layers.BatchNormalization()) == 2 * one


def test_moving_averages_are_parameters_that_do_not_train() -> None:
    inputs = keras.Input((4, 4, 8))
    facts = read_graph(keras.Model(inputs, layers.BatchNormalization()(inputs)))
    assert (facts.trainable_params, facts.total_params, facts.macs) == (16, 32, 0)


def test_parameter_bytes_follow_the_dtype() -> None:
    inputs = keras.Input((4, 4, 8))
    model = keras.Model(inputs, layers.Conv2D(2, 1, dtype="bfloat16")(inputs))
    assert read_graph(model).param_bytes == 2 * (8 * 2 + 2)
    assert [dtype_bytes(d) for d in ("float64", "float16", "int8", "bool")] == [8, 2, 1, 1]


@pytest.mark.parametrize(
    ("layer", "shape", "macs"),
    [
        (layers.Conv1D(5, 3), (10, 4), 8 * 3 * 4 * 5),
        (layers.Conv2D(6, 3, groups=2), (5, 5, 4), 9 * 9 * 2 * 6),
        (layers.Conv2DTranspose(2, 3, strides=2), (4, 4, 3), 16 * 9 * 3 * 2),
        (layers.SeparableConv2D(6, 3), (5, 5, 4), 9 * (9 * 4 + 4 * 6)),
        (layers.Dense(7), (3, 5), 3 * 5 * 7),
        (layers.LSTM(4), (6, 3), 6 * (3 * 16 + 4 * 16)),
        (layers.MaxPooling2D(2), (4, 4, 3), 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, keras.Layer) else "",
)
def test_macs_by_layer(layer: keras.Layer, shape: tuple[int, ...], macs: int) -> None:
    inputs = keras.Input(shape)
    facts = read_graph(keras.Model(inputs, layer(inputs)))
    assert (facts.macs, facts.uncounted) == (macs, ())


def test_work_that_no_rule_counts_is_named() -> None:
    inputs = keras.Input((4, 8))
    facts = read_graph(keras.Model(inputs, layers.MultiHeadAttention(2, 4)(inputs, inputs)))
    assert facts.uncounted == ("MultiHeadAttention",)


def test_names_dropout_and_weights_do_not_change_the_identity() -> None:
    expected = read_graph(small()).arch_id
    layers.Conv2D(3, 3, name="in_between")
    assert read_graph(small(name="b", rate=0.1)).arch_id == expected
    assert read_graph(small(with_dropout=False)).arch_id == expected
    assert len(expected) == 16


def _of_two(*, swapped: bool = False, shared: bool = False, units: int = 4) -> keras.Model:
    """Two inputs, one layer each; the order in which layers are made is not the order of the graph."""
    a, b = keras.Input((6,)), keras.Input((6,))
    if swapped:
        right = layers.Dense(4)(b)
        left = layers.Dense(units)(a)
    else:
        left_layer = layers.Dense(units)
        left = left_layer(a)
        right = (left_layer if shared else layers.Dense(4))(b)
    return keras.Model([a, b], layers.Concatenate()([left, right]))


def test_order_of_creation_does_not_change_the_identity() -> None:
    assert read_graph(_of_two(swapped=True)).arch_id == read_graph(_of_two()).arch_id


def test_anything_in_the_graph_changes_the_identity() -> None:
    inputs = keras.Input((6,))
    x = layers.Dense(6)(inputs)
    models = [
        small(), small(filters=5), _of_two(), _of_two(units=5), _of_two(shared=True),
        keras.Model(inputs, x * 2.0), keras.Model(inputs, x * 3.0), keras.Model(inputs, x),
        keras.Model(inputs, layers.Activation("relu")(x)),
        keras.Model(inputs, layers.Activation("sigmoid")(x)),
    ]  # fmt: skip
    assert len({read_graph(model).arch_id for model in models}) == len(models)


def test_a_layer_called_again_has_its_parameters_once_and_works_twice() -> None:
    facts = read_graph(_of_two(shared=True))
    assert facts.total_params == 7 * 4
    assert [layer.params for layer in facts.layers] == [28, 0, 0]
    assert facts.macs == 2 * 6 * 4


def test_nested_and_sequential_models_are_opened() -> None:
    def chain() -> list[keras.Layer]:
        return [layers.Conv2D(4, 3), layers.Conv2D(5, 3)]

    inputs = keras.Input((8, 8, 3))
    first, second = chain()
    flat = keras.Model(inputs, second(first(inputs)))
    sequential = keras.Sequential([keras.Input((8, 8, 3)), *chain()])
    nested = keras.Model(inputs, keras.Sequential([keras.Input((8, 8, 3)), *chain()])(inputs))
    facts = [read_graph(model) for model in (flat, sequential, nested)]
    assert len({f.arch_id for f in facts}) == 1
    assert {(f.macs, f.receptive_field) for f in facts} == {(facts[0].macs, (5, 5))}


def test_receptive_field_passes_by_global_branches_and_grows_back_after_upsampling() -> None:
    inputs = keras.Input((16, 16, 4))
    x = layers.MaxPooling2D(2)(inputs)
    weights = layers.Reshape((1, 1, 4))(layers.GlobalAveragePooling2D()(x))
    x = layers.Multiply()([x, weights])
    x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(4, 3, dilation_rate=2)(x)
    assert read_graph(keras.Model(inputs, x)).receptive_field == (2 + 4, 2 + 4)
    vector = keras.Input((6,))
    assert read_graph(keras.Model(vector, layers.Dense(2)(vector))).receptive_field is None


def test_deep_graphs_need_no_recursion() -> None:
    x = inputs = keras.Input((4,))
    for _ in range(sys.getrecursionlimit() // 2 + 50):
        x = layers.ReLU()(x)
    assert len(read_graph(keras.Model(inputs, x)).layers) == sys.getrecursionlimit() // 2 + 50


def test_models_without_a_fixed_graph_are_refused() -> None:
    class Subclassed(keras.Model):
        def call(self, x: object) -> object:
            return x

    with pytest.raises(InputError, match="cannot be read"):
        read_graph(Subclassed())
    inputs = keras.Input((None, None, 3))
    with pytest.raises(InputError, match="no fixed shape"):
        read_graph(keras.Model(inputs, layers.Conv2D(2, 1)(inputs)))


def test_identity_is_the_same_in_another_process() -> None:
    from edgebench.templates import load_template, resolve_values

    sets = {"set2_pairs": 1, "se_3": True, "se_skip_3": True, "attention_3": "cbam"}
    arguments = {"input_shapes": ((32, 32, 3),), "classes": 4, "options": {"attention": "choice"}}
    code = (
        "from edgebench.templates import *\n"
        f"template = load_template('squeezenet-se-auto', **{arguments!r})\n"
        f"print(read_graph(template.build(resolve_values(template, None, {sets!r}))).arch_id)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    template = load_template("squeezenet-se-auto", **arguments)  # type: ignore[arg-type]
    here = read_graph(template.build(resolve_values(template, None, sets))).arch_id
    assert done.stdout.strip() == here
