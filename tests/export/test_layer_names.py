"""Keras layers' names from what converters call tensors."""

from __future__ import annotations

import pytest

from edgebench.export.layer_names import layer_names


@pytest.mark.parametrize(
    ("tensors", "name"),
    [
        (["m_1/conv1_1/Relu;m_1/conv1_1/convolution"], "conv1"),
        (["m_1/stem_relu6_1/Relu6;m_1/stem_1/convolution"], "stem"),
        (["m_1/b1_norm_1/batchnorm/mul_1;m_1/b1_depthwise_1/depthwise"], "b1_depthwise"),
        (["m_1/stem_relu6_1/Relu6;m_1/stem_1/convolution1"], "stem"),
        (["m_1/se_scale_1/Mul;m_1/se_weights_1/Reshape"], "se_scale"),
        (["m_1/part_1/conv_1/convolution"], "part/conv"),
        (["Identity", "m_1/head_1/MatMul"], "head"),
        (["m_1/conv1_1/convolution/ReadVariableOp:0", "m_1/pool_1/MaxPool2d:0"], "conv1"),
        (["m_1/expand_norm_1/batchnorm/mul_1:0__2"], "expand_norm"),
        (["m_1/shared_2/convolution"], "shared"),
        (["Identity_1", "arith.constant"], "output"),
        (["masks", "arith.constant"], "masks"),
    ],
)
def test_a_layer_is_called_as_in_keras(tensors, name):
    assert layer_names([tensors]) == [name]


def test_numbers_are_taken_off_only_where_all_names_end_in_one():
    plain = [["net/conv_1/convolution"], ["net/conv/convolution"]]
    assert layer_names(plain) == ["conv_1", "conv"]
    again = [["net_1/conv_1_1/convolution"], ["net_1/conv_1/convolution"]]
    assert layer_names(again) == ["conv_1", "conv"]


def test_a_layer_called_as_an_operation_keeps_its_name():
    assert layer_names([["net/convolution/convolution"]]) == ["convolution"]
