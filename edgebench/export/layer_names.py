"""The names of Keras layers, read from what converters call tensors: ``unet_1/down0_conv1_1/convolution``. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

KERNEL = re.compile(r"(convolution|depthwise|MatMul)\d*")
INNER = {"convolution", "depthwise", "MatMul", "batchnorm", "Cast", "BiasAdd"}
COUNTER = re.compile(r"_\d+$")
ENDING = re.compile(r":\d+(__\d+)?$")
UNNAMED = re.compile(r"(Identity|StatefulPartitionedCall)(_\d+)?(:\d+)?")


def layer_names(tensors: Sequence[Sequence[str]]) -> list[str]:
    """Return a name for each layer.

    A tensor's path is the model, the layer, what is inside it, and an operation; one that stands for several operations joins
    their paths with semicolons, and that of a convolution or dense layer goes before others. TensorFlow numbers a name
    that is used again, so that of a model that was called before all names end in ``_1``: then that is taken off.

    Args:
        tensors: Of each layer the names of tensors that may tell, the best first.

    Returns:
        The layers' names; of one without a path the tensor's own, ``output`` where TensorFlow gave it none.
    """
    layers = [_layer(names) for names in tensors]
    parts = [part for layer in layers if layer is not None for part in layer]
    is_numbered = all(COUNTER.search(part) for part in parts)
    return [
        UNNAMED.sub("output", names[0])
        if layer is None
        else "/".join(COUNTER.sub("", part) if is_numbered else part for part in layer)
        for names, layer in zip(tensors, layers, strict=True)
    ]


def _layer(names: Sequence[str]) -> list[str] | None:
    paths = [ENDING.sub("", path).split("/") for name in names for path in name.split(";")]
    paths = [path for path in paths if len(path) > 2]
    if not paths:
        return None
    path = next((path for path in paths if KERNEL.fullmatch(path[-1])), paths[0])
    return [part for part in path[1:-1] if part not in INNER] or path[1:2]
