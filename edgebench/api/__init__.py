"""What Python users and the command line both call."""

from edgebench.api.exchange import render_report, write_reports
from edgebench.api.files import export, export_keras, prepare_profile, profile, profile_suite
from edgebench.api.gates import compare, save_baseline
from edgebench.api.options import changes
from edgebench.api.searching import SearchResult, paper, report, search
from edgebench.api.stores import DEFAULT_REPORTS, DEFAULT_STORE, open_store

__all__ = [
    "DEFAULT_REPORTS",
    "DEFAULT_STORE",
    "SearchResult",
    "changes",
    "compare",
    "export",
    "export_keras",
    "open_store",
    "paper",
    "prepare_profile",
    "profile",
    "profile_suite",
    "render_report",
    "report",
    "save_baseline",
    "search",
    "write_reports",
]
