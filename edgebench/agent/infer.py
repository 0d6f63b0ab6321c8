"""Running a file of examples through a model."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edgebench.agent.job import InferJob
from edgebench.agent.models import running, runtime_for, seeded_inputs
from edgebench.runtimes import InferenceError, Session, run_examples

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array


def infer(job: InferJob) -> dict[str, object]:
    """Write the outputs of all examples as ``output_0``, ``output_1``, ... of an .npz file."""
    import numpy as np

    runtime = runtime_for(job)
    session = runtime.open(job.model, job.threads, job.delegate)
    inputs = read_inputs(job.inputs) if job.inputs else draw_inputs(session, job)
    with running(job.model):
        outputs = run_examples(session, inputs)
    partial = f"{job.outputs}.{os.getpid()}.npz"
    np.savez(partial, **{f"output_{i}": output for i, output in enumerate(outputs)})
    os.replace(partial, job.outputs)
    return {
        "runtime": runtime.name,
        "runtime_version": runtime.version(),
        "delegate": session.delegate,
        "outputs": job.outputs,
        "names": [spec.name for spec in session.outputs],
        "shapes": [list(output.shape) for output in outputs],
    }


def draw_inputs(session: Session, job: InferJob) -> list[Array]:
    """Return seeded examples, one array of shape (examples, ...) an input."""
    import numpy as np

    drawn = [seeded_inputs(session.inputs, job.seed + index) for index in range(job.examples)]
    return [np.stack(arrays) for arrays in zip(*drawn)]  # noqa: B905  Python 3.8 has no strict zip


def read_inputs(path: str) -> list[Array]:
    """Return the array of an .npy file, or all arrays of an .npz file in its order."""
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return [loaded]
        with loaded:
            return [loaded[name] for name in loaded.files]
    except (OSError, ValueError) as error:
        raise InferenceError("inputs_rejected", f"{path} cannot be read: {error}") from None
