from __future__ import annotations

import os
from pathlib import Path

from edgebench.devices.uploads import prune


def test_uploads_used_longest_ago_go_first(tmp_path: Path) -> None:
    for age_h, name in ((30, "oldest"), (20, "old"), (10, "newer")):
        path = tmp_path / name / "model"
        path.parent.mkdir()
        path.write_bytes(b"x" * 100)
        os.utime(path, (0, 100 * 3600 - age_h * 3600))
    prune(tmp_path, now_s=100 * 3600, keep_bytes=200)
    assert {path.name for path in tmp_path.iterdir()} == {"old", "newer"}


def test_uploads_of_the_last_hour_stay(tmp_path: Path) -> None:
    path = tmp_path / "fresh" / "model"
    path.parent.mkdir()
    path.write_bytes(b"x" * 100)
    os.utime(path, (0, 7200 - 1800))
    prune(tmp_path, now_s=7200, keep_bytes=0)
    assert path.exists()
