"""Runs and measurements for other programs to read."""

from edgebench.exchange.measurement import ProfileDocument, profile_document

__all__ = ["ProfileDocument", "profile_document"]
