"""The results of all runs, on disk."""

from edgebench.store.migrations import VERSION, migrate
from edgebench.store.store import CONFIRM, PROFILE, ResultStore, SqliteStore

__all__ = ["CONFIRM", "PROFILE", "VERSION", "ResultStore", "SqliteStore", "migrate"]
