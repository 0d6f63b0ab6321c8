"""The search: oracles, the session that asks them, and what becomes of its winners."""

from edgebench.tuning.names import candidate_id
from edgebench.tuning.observer import Observer, Progress, SilentObserver
from edgebench.tuning.oracles import Judge
from edgebench.tuning.pareto_oracle import ParetoOracle
from edgebench.tuning.reexport import Exported, export_again, export_keras_file
from edgebench.tuning.runs import SearchSettings
from edgebench.tuning.session import Search

__all__ = [
    "Exported",
    "Judge",
    "Observer",
    "ParetoOracle",
    "Progress",
    "Search",
    "SearchSettings",
    "SilentObserver",
    "candidate_id",
    "export_again",
    "export_keras_file",
]
