"""A Keras model as one frozen TensorFlow graph: what the converters start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgebench.runtimes.quiet import silenced


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A model in inference mode (dropout and augmentation inert), its weights made constants of the graph.

    Args:
        function: The concrete function it was frozen from.
        graph: The definition of the frozen graph.
        inputs: Tensors of ``function`` that are called as in ``graph``, in the model's order; the names are the model's.
        outputs: The same of the outputs.
        output_names: What files call the outputs.
    """

    function: Any
    graph: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    output_names: tuple[str, ...]

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(tensor.op.name for tensor in self.inputs)


def trace(model: Any, *, dynamic_batch: bool = False) -> Traced:
    """Trace and freeze a model once, for all the files that are made of it.

    Args:
        model: A built Keras model.
        dynamic_batch: Leave the batch open; else it is 1.
    """
    import keras
    import tensorflow as tf
    from tensorflow.python.framework import convert_to_constants as freezing

    batch = None if dynamic_batch else 1
    signature = [
        tf.TensorSpec([batch, *tensor.shape[1:]], tensor.dtype, name=tensor.name)
        for tensor in model.inputs
    ]
    names = output_names(model)
    given: list[str] = []

    def infer(*inputs: Any) -> list[Any]:
        packed = inputs[0] if len(inputs) == 1 else keras.tree.pack_sequence_as(model.input, inputs)
        answers = keras.tree.flatten(model(packed, training=False))
        named = [tf.identity(y, name=name) for y, name in zip(answers, names, strict=True)]
        given[:] = [tensor.op.name for tensor in named]
        return named

    traceable = tf.function(infer, input_signature=signature, autograph=False)
    with silenced():
        function = traceable.get_concrete_function()
        # What TensorFlow offers to freeze a function builds another one of the result, which takes a third of a conversion.
        variables = freezing._FunctionConverterDataInEager(
            func=function, lower_control_flow=False, aggressive_inlining=False
        )
        graph, _ = freezing._replace_variables_by_constants(converter_data=variables)
    return Traced(
        function=function,
        graph=graph,
        inputs=tuple(t for t in function.inputs if t.dtype != tf.resource),
        outputs=tuple(function.graph.get_tensor_by_name(f"{name}:0") for name in given),
        output_names=names,
    )


def output_names(model: Any) -> tuple[str, ...]:
    """Return what files call a model's outputs: ``output``, or ``output_1``, ``output_2``, ... where it has several.

    Keras' own names count the layers of a process, so they would differ between two exports of one network.
    """
    count = len(model.outputs)
    return ("output",) if count == 1 else tuple(f"output_{i}" for i in range(1, count + 1))
