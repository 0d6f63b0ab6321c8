"""The results of all runs, on disk."""

from edgebench.store.migrations import STEPS, VERSION, migrate
from edgebench.store.store import CONFIRM, PROFILE, ResultStore, SqliteStore

__all__ = ["CONFIRM", "PROFILE", "STEPS", "VERSION", "ResultStore", "SqliteStore", "migrate"]
