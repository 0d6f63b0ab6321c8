"""Trained networks as files that devices run."""

from edgebench.export.files import CONVERTERS, ExportedFile, export_model

__all__ = ["CONVERTERS", "ExportedFile", "export_model"]
