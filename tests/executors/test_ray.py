"""RayExecutor on real clusters of this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgebench.errors import UnavailableError
from edgebench.executors import Executor, Shared, Workers
from edgebench.testing.executors import ExecutorContract, install, installed

pytest.importorskip("ray", reason="Ray is an extra: pip install 'edgebench[ray]'")
from ray.cluster_utils import Cluster

from edgebench.executors.ray import RayExecutor


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_where_no_cluster_is_a_sentence_says_so_at_once(tmp_path: Path, address: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = address.format(free.getsockname()[1])
    with pytest.raises(UnavailableError, match="no Ray cluster at") as caught:
        RayExecutor(Workers(ray_address=nowhere), root=tmp_path)
    assert nowhere in caught.value.message
    assert "ray start" in caught.value.remedy


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_worker_niceness", "0")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
        yield cluster
        cluster.shutdown()


class TestRayExecutor(ExecutorContract):
    @pytest.fixture(autouse=True)
    def _address(self, cluster: Any) -> None:
        self.address = cluster.address

    def executor(self, root: Path) -> Executor:
        return RayExecutor(Workers(ray_address=self.address), root=root)

    def test_a_shared_value_reaches_the_nodes(self, made: Executor) -> None:
        for _ in range(2):
            made.share(Shared(content_hash=lambda: "1" * 64, value="data", install=install))
        assert made.submit(installed, None).result() == ["data"]
