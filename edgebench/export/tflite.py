"""A traced model to TFLite.

The converter is given the function alone: handing it the Keras 3 model as well makes it write a file without weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from edgebench.datasets import Floats
from edgebench.export.tracing import Traced
from edgebench.records import Precision
from edgebench.runtimes.quiet import silenced

SIGNATURE = "serving_default"
ALIGNMENT = 16


def to_tflite(traced: Traced, precision: Precision, examples: Sequence[Floats]) -> bytes:
    """Return a TFLite flatbuffer with one signature, ``serving_default``, that names all inputs and outputs.

    Input and output stay float32 but for ``int8-io``, so that one program feeds every other file alike.

    Args:
        traced: From `edgebench.export.tracing.trace`.
        precision: Any.
        examples: Training inputs that calibrate activations, one array of shape (count, *input shape) an input, in
            their order; not looked at by precisions that need none.
    """
    import tensorflow as tf

    # The second argument is there to be found, so that no warning asks for it: a function is no model.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced.function], traced.function)
    _spare(converter, traced)
    if precision is not Precision.FP32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision is Precision.FP16:
        converter.target_spec.supported_types = [tf.float16]
    if precision.needs_calibration:
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            if precision is Precision.INT16X8
            else tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        ]
        converter.representative_dataset = lambda: _one_by_one(examples)
    if precision is Precision.INT8_IO:
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings(), silenced():
        # The converter warns that float inputs have no statistics of their own: they are what is asked for.
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")
        content = bytes(converter.convert())
    return _signed(content, traced.input_names, traced.output_names)


def _spare(converter: Any, traced: Traced) -> None:
    """Keep the converter from what it would do again for each file, and from what nobody reads.

    Freezing takes half of its time, what it would add of its own options a quarter.
    """
    import tensorflow as tf

    no_function = SimpleNamespace(graph=tf.Graph())  # looked at for what its graph collects
    frozen = (traced.graph, list(traced.inputs), list(traced.outputs), no_function)
    converter._freeze_concrete_function = lambda: frozen
    converter.exclude_conversion_metadata = True
    converter.experimental_lower_to_saved_model = False


def _one_by_one(examples: Sequence[Floats]) -> Iterator[list[Floats]]:
    for example in zip(*examples, strict=True):
        yield [array[None] for array in example]


def _signed(content: bytes, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """Return a model with a signature added.

    A flatbuffer is written from its end to its beginning: so a new head goes before all that is there, and points to
    it. Reading the whole file into objects and packing them again would take longer than the conversion.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    content += bytes(-len(content) % ALIGNMENT)
    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Bytes[-len(content) :] = content
    builder.head = len(builder.Bytes) - len(content)
    builder.minalign = ALIGNMENT

    maps = []
    for names, indices in ((inputs, graph.InputsAsNumpy()), (outputs, graph.OutputsAsNumpy())):
        entries = []
        for name, index in zip(names, indices, strict=True):
            text = builder.CreateString(name)
            schema.TensorMapStart(builder)
            schema.TensorMapAddName(builder, text)
            schema.TensorMapAddTensorIndex(builder, int(index))
            entries.append(schema.TensorMapEnd(builder))
        maps.append(_vector(builder, entries))
    key = builder.CreateString(SIGNATURE)
    schema.SignatureDefStart(builder)
    schema.SignatureDefAddInputs(builder, maps[0])
    schema.SignatureDefAddOutputs(builder, maps[1])
    schema.SignatureDefAddSignatureKey(builder, key)
    signatures = _vector(builder, [schema.SignatureDefEnd(builder)])

    kept = {slot: _place(model, slot, len(content)) for slot in range(1, 7)}
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, model.Version())
    for slot, place in kept.items():
        builder.PrependUOffsetTRelativeSlot(slot, place, 0)
    schema.ModelAddSignatureDefs(builder, signatures)
    builder.Finish(schema.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _vector(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _place(model: Any, slot: int, size: int) -> int:
    """Return where what a field of the model points to stands, counted from the file's end; 0 where it has none."""
    table = model._tab
    field = table.Offset(4 + 2 * slot)
    return size - table.Indirect(table.Pos + field) if field else 0
