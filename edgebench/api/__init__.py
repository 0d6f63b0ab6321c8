"""What Python users and the command line both call."""

from edgebench.api.exchange import render_report, write_reports
from edgebench.api.files import export, export_keras, prepare_profile, profile, profile_suite
from edgebench.api.gates import compare, save_baseline
from edgebench.api.options import changes
from edgebench.api.result import SearchResult, draw, load_result
from edgebench.api.searching import paper, search
from edgebench.api.stores import DEFAULT_REPORTS, DEFAULT_STORE, chosen_run, open_store

__all__ = [
    "DEFAULT_REPORTS",
    "DEFAULT_STORE",
    "SearchResult",
    "changes",
    "chosen_run",
    "compare",
    "draw",
    "export",
    "export_keras",
    "load_result",
    "open_store",
    "paper",
    "prepare_profile",
    "profile",
    "profile_suite",
    "render_report",
    "save_baseline",
    "search",
    "write_reports",
]
