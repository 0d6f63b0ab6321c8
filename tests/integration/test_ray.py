"""A search on a cluster of two nodes: the trials of a search on this machine, and none lost with a node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgebench import api
from edgebench.executors import Workers
from edgebench.records import Trial
from edgebench.tuning import Progress, SilentObserver

pytest.importorskip("ray", reason="Ray is an extra: pip install 'edgebench[ray]'")
from ray.cluster_utils import Cluster

SUITE = """
reference: {val_accuracy: 0.0, param_bytes: 4000000, latency_ms: 100}
oracle: {name: random, max_trials: 6}
training: {max_epochs: 4, batch_size: 32}
fidelity: {rungs: [2]}
"""


@pytest.fixture
def cluster() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_worker_niceness", "0")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        cluster.add_node(num_cpus=1)
        yield cluster
        cluster.shutdown()


class Watching(SilentObserver):
    def __init__(self, after: int = 0, act: Callable[[], None] | None = None) -> None:
        self.trials: dict[str, Trial] = {}
        self._after, self._act = after, act

    def trial_ended(self, trial: Trial, progress: Progress) -> None:
        self.trials[trial.trial_id] = trial

    def trial_paused(self, trial: Trial, progress: Progress) -> None:
        self._after -= 1
        if self._after == 0 and self._act is not None:
            self._act()


def found(observer: Watching) -> dict[str, tuple[Any, ...]]:
    return {
        trial_id: (
            trial.hyperparameters,
            trial.history[:2],
            trial.status in ("completed", "pruned"),
        )
        for trial_id, trial in observer.trials.items()
    }


def test_the_trials_are_those_of_one_machine_though_a_node_is_lost(
    tmp_path: Path, small_suite: Callable[[str], None], cluster: Any
) -> None:
    small_suite(SUITE)

    def run(name: str, observer: Watching, workers: Workers) -> Any:
        return api.search(
            tmp_path / "small.yaml",
            observer=observer,
            workers=workers,
            store=tmp_path / name,
            reports=tmp_path / f"{name}-reports",
        )

    here, there = Watching(), Watching(3, lambda: lose_a_node(cluster))
    run("here", here, Workers(count=2))
    result = run("there", there, Workers(executor="ray", ray_address=cluster.address))
    assert len(cluster.list_all_nodes()) == 1
    assert found(there) == found(here)
    assert len(there.trials) == 6
    assert result.summary["trials"]["failed"] == 0
    assert result.summary["front"]
    for member in result.summary["front"]:
        assert member["artifacts"]


def lose_a_node(cluster: Any) -> None:
    cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
