"""Blocks of small convolutional networks: functions on Keras tensors, made of plain Keras layers only."""

from edgebench.blocks.cbam import cbam
from edgebench.blocks.eca import eca, eca_kernel_size
from edgebench.blocks.encoder_decoder import Ladder, encoder_decoder
from edgebench.blocks.fire import BYPASSES, fire
from edgebench.blocks.squeeze_excite import projected_skip, squeeze_excite

__all__ = [
    "BYPASSES",
    "Ladder",
    "cbam",
    "eca",
    "eca_kernel_size",
    "encoder_decoder",
    "fire",
    "projected_skip",
    "squeeze_excite",
]
