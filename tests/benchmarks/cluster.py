"""How much of a Ray cluster's time goes into jobs: simulated nodes on this machine, jobs that sleep.

    python tests/benchmarks/cluster.py --nodes 8 --jobs 160

Every node has one processor. After one job a node, which starts its worker, the jobs are handed over as a search does it:
one more as soon as one is done. The result is the time that the jobs slept over the time that all nodes had.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

from edgebench.executors import Workers  # noqa: E402
from edgebench.testing.executors import stamps  # noqa: E402

PATH = HERE / "results" / "cluster.json"
JOB_S = 1.0


def run_one(nodes: int, jobs: int) -> dict[str, Any]:
    from ray.cluster_utils import Cluster

    from edgebench.executors.ray import RayExecutor

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    for _ in range(nodes - 1):
        cluster.add_node(num_cpus=1)
    with tempfile.TemporaryDirectory() as folder:
        executor = RayExecutor(Workers(ray_address=cluster.address), root=Path(folder))
        assert executor.workers == nodes
        for future in [executor.submit(stamps, JOB_S) for _ in range(nodes)]:
            future.result()
        started = time.perf_counter()
        running: set[Future[tuple[float, float]]] = set()
        for _ in range(jobs):
            running.add(executor.submit(stamps, JOB_S))
            if len(running) == nodes:
                _, running = wait(running, return_when=FIRST_COMPLETED)
        wait(running)
        wall_s = time.perf_counter() - started
        executor.shutdown()
    cluster.shutdown()
    share = jobs * JOB_S / (nodes * wall_s)
    return {"nodes": nodes, "jobs": jobs, "wall_s": round(wall_s, 2), "share": round(share, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=160)
    options = parser.parse_args()
    journal = Journal(PATH, {"job_s": JOB_S, "machine": MACHINE})
    run = run_one(options.nodes, options.jobs)
    run["load_before"] = os.getloadavg()[0]
    journal.add(run)
    print(json.dumps(run))  # noqa: T201


if __name__ == "__main__":
    main()
