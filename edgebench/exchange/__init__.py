"""Runs and measurements for other programs to read."""

from edgebench.exchange.measurement import ProfileDocument, profile_document
from edgebench.exchange.node_data import file_names, node_data

__all__ = ["ProfileDocument", "file_names", "node_data", "profile_document"]
