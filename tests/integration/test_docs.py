"""The code that the documentation shows is run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_keras_tuner_example_finds_a_front(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "keras-tuner.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning:edgebench", "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    *members, volume = done.stdout.splitlines()[-20:]
    sizes = [int(re.search(r"(\d+) bytes", line)[1]) for line in members if " bytes " in line]
    assert len(sizes) >= 2
    assert sizes == sorted(sizes, reverse=True)
    assert 0.0 < float(volume.removeprefix("hypervolume ")) < 1.0
