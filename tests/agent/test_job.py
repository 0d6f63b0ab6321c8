from __future__ import annotations

import json

import pytest

from edgebench.agent.job import (
    DescribeJob,
    InferJob,
    Job,
    JobError,
    Limits,
    MeasureJob,
    MemoryJob,
    read_job,
    write_job,
)


@pytest.mark.parametrize(
    "job",
    [
        MeasureJob(
            model="m.onnx", allowed=("ort",), cores=(2, 3), limits=Limits(wall_s=5.0, cpu_s=3)
        ),
        MemoryJob(model="m.tflite", threads=2),
        InferJob(model="m.tflite", inputs="x.npz", outputs="y.npz"),
        DescribeJob(runtimes=("ort",), models=("m.onnx",)),
    ],
    ids=lambda job: type(job).__name__,
)
def test_job_comes_through_the_wire_as_it_was(job: Job) -> None:
    assert read_job(write_job(job)) == job


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "kind must be one of"),
        ({"kind": "reboot"}, "kind must be one of describe, infer, measure, memory"),
        ({"kind": "measure"}, "names no model"),
        ({"kind": "measure", "model": "m", "cokres": [1]}, "cokres is not a field of MeasureJob"),
        ({"kind": "measure", "model": "m", "threads": 0}, "threads must be at least 1, not 0"),
        ({"kind": "measure", "model": "m", "threads": "2"}, "MeasureJob: "),
        (
            {"kind": "measure", "model": "m", "block_s": 31},
            r"block_s must lie in \(0, 30\], not 31",
        ),
        ({"kind": "measure", "model": "m", "limits": 3}, "Limits must be a JSON object"),
        ({"kind": "infer", "model": "m"}, "either inputs or"),
    ],
)
def test_wrong_job_is_told_in_a_sentence(fields: object, message: str) -> None:
    with pytest.raises(JobError, match=message) as caught:
        read_job(json.dumps(fields))
    assert caught.value.kind == "job_invalid"


def test_text_that_is_no_json_is_told() -> None:
    with pytest.raises(JobError, match="is not JSON"):
        read_job("{")
