"""Files and paths of jobs on their way between machines that share none."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgebench.executors.parcel import Parcel, pack, unpack, written


@dataclass(frozen=True)
class Job:
    source: str
    target: Path
    note: str = "adam"
    missing: str | None = None


@pytest.fixture
def here(tmp_path):
    folder = tmp_path / "here"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "t1.h5").write_bytes(b"w")
    return folder


def test_paths_are_of_the_new_folder_and_files_travel(here, tmp_path):
    job = Job(str(here / "weights" / "t1.h5"), here / "out" / "t1.h5", missing=str(here / "x.h5"))
    there = tmp_path / "there"
    arrived = unpack(pack([job], here), there)
    assert arrived == [
        Job(str(there / "weights/t1.h5"), there / "out" / "t1.h5", missing=str(there / "x.h5"))
    ]
    assert Path(arrived[0].source).read_bytes() == b"w"
    assert (there / "out").is_dir()
    assert not Path(arrived[0].missing).exists()


def test_the_folder_itself_and_a_subfolder_may_be_named(here, tmp_path):
    there = tmp_path / "there"
    arrived = unpack(pack((str(here), str(here / "artifacts")), here), there)
    assert arrived == (str(there), str(there / "artifacts"))
    assert (there / "artifacts").is_dir()


def test_other_strings_stay_as_they_are(here, tmp_path):
    outside = [str(tmp_path / "other"), "weights/t1.h5", "", "/"]
    parcel = pack(outside, here)
    assert unpack(parcel, tmp_path / "there") == outside
    assert parcel.files == {}


def test_only_what_is_new_or_changed_goes_home(here):
    before = {"weights/t1.h5": b"w"}
    assert written(here, before) == {}
    (here / "weights" / "t1.h5").write_bytes(b"better")
    (here / "new.bin").write_bytes(b"n")
    assert written(here, before) == {"new.bin": b"n", "weights/t1.h5": b"better"}


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_a_file_outside_its_folder_is_refused(tmp_path, name):
    parcel = Parcel(body=pickle.dumps(None), files={name: b"x"})
    with pytest.raises(ValueError, match="leads out"):
        unpack(parcel, tmp_path / "there")
    assert not (tmp_path / "evil").exists()


def test_a_file_is_there_whole_or_not_at_all(here, tmp_path, monkeypatch):
    parcel = pack(str(here / "weights" / "t1.h5"), here)

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="space"):
        unpack(parcel, tmp_path / "there")
    assert not (tmp_path / "there" / "weights" / "t1.h5").exists()
