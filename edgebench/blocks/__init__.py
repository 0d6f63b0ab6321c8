"""Blocks of small convolutional networks: functions on Keras tensors, made of plain Keras layers only."""

from edgebench.blocks.cbam import cbam
from edgebench.blocks.eca import eca, eca_kernel_size
from edgebench.blocks.encoder_decoder import Ladder, encoder_decoder
from edgebench.blocks.fire import BYPASSES, fire
from edgebench.blocks.gated_skip import gated_skip
from edgebench.blocks.inception import InceptionWidths, inception_v1, inception_v2
from edgebench.blocks.inverted_residual import inverted_residual
from edgebench.blocks.normed_convolution import normed_convolution
from edgebench.blocks.residual import residual
from edgebench.blocks.squeeze_excite import projected_skip, squeeze_excite
from edgebench.blocks.ssd_head import BOX_OFFSETS, ssd_head

__all__ = [
    "BOX_OFFSETS",
    "BYPASSES",
    "InceptionWidths",
    "Ladder",
    "cbam",
    "eca",
    "eca_kernel_size",
    "encoder_decoder",
    "fire",
    "gated_skip",
    "inception_v1",
    "inception_v2",
    "inverted_residual",
    "normed_convolution",
    "projected_skip",
    "residual",
    "squeeze_excite",
    "ssd_head",
]
