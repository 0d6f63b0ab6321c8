"""Trained networks as files that devices run, and what quantisation does to them."""

from edgebench.export.costs import macs, param_bytes
from edgebench.export.facts import read_facts, read_graphs
from edgebench.export.files import CONVERTERS, Calibration, ExportedFile, Exporter, export_model
from edgebench.export.layers import worst_layers
from edgebench.export.metadata import (
    CalibrationSource,
    Door,
    FileMetadata,
    describe,
    description_path,
    read_metadata,
)
from edgebench.export.plugged import Converter, load_converter

__all__ = [
    "CONVERTERS",
    "Calibration",
    "CalibrationSource",
    "Converter",
    "Door",
    "ExportedFile",
    "Exporter",
    "FileMetadata",
    "describe",
    "description_path",
    "export_model",
    "load_converter",
    "macs",
    "param_bytes",
    "read_facts",
    "read_graphs",
    "read_metadata",
    "worst_layers",
]
