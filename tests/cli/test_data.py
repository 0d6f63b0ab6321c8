"""edgebench data, and what check, search and profile say of data that is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgebench.cli.app import run

SUITE = """\
name: photographs
template: squeezenet-auto
data: {name: cifar10, sample: SAMPLE}
objectives: {val_accuracy: max}
oracle: {name: random, max_trials: 1}
export: [tflite-fp32]
"""


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list_tells_what_is_here_and_how_to_get_the_rest(empty: Path, capfd: Any) -> None:
    assert run(["data", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capfd.readouterr().out)["data"]}
    assert rows["digits"]["state"] == "embedded"
    assert rows["cifar10"]["state"] == "missing"
    assert rows["cifar10"]["path"] == str(empty / "data" / "cifar-10-batches-bin")
    assert rows["cwfid"]["how"].startswith("download https://github.com/cwfid/dataset")
    assert run(["data", "list"]) == 0
    assert "mnist-detection" in capfd.readouterr().out


def test_check_of_the_digits(empty: Path, capfd: Any) -> None:
    assert run(["data", "check", "digits", "--size", "8,8", "--json"]) == 0
    found = json.loads(capfd.readouterr().out)["data"]
    assert found["parts"]["train"]["count"] == 1150
    assert found["parts"]["train"]["shapes"] == [[8, 8, 3]]
    assert run(["data", "check", "digits", "--sample", "0.5"]) == 0
    printed = capfd.readouterr().out
    assert "575" in printed
    assert "examples in validation" in printed


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["check", "mnist"], "mnist is not here: mnist/train-images-idx3-ubyte.gz"),
        (["check", "nb201"], "nb201 is not here"),
        (["check", "digit"], "did you mean digits?"),
        (["check", "absent.npz"], "absent.npz does not exist"),
        (["check", "no_such_module_here:data"], "cannot be imported"),
        (["check", "digits", "--sample", "2"], "--sample 2.0 is not"),
        (["check", "digits", "--size", "8"], "--size 8 is no size"),
        (["check", "digits", "--size", "0,8"], "--size 0,8 is no size"),
        (["check", "digits", "--tile", "8,x"], "--tile 8,x is not a list of whole numbers"),
        (["get", "cwfid"], "cannot be downloaded"),
        (["get", "nothing"], "nothing is not a data set"),
    ],
)
def test_mistakes_and_what_is_missing_are_exit_2(
    empty: Path, capfd: Any, argv: list[str], said: str
) -> None:
    assert run(["data", *argv]) == 2
    told = capfd.readouterr()
    assert said in told.err
    assert told.out == ""


def test_a_damaged_file_is_named(empty: Path, capfd: Any) -> None:
    folder = empty / "data" / "mnist"
    folder.mkdir(parents=True)
    for part, count in (("train", 60_000), ("t10k", 10_000)):
        for kind, shape in (("images-idx3", (count, 28, 28)), ("labels-idx1", (count,))):
            header = np.array([0x0800 | len(shape), *shape], dtype=">u4").tobytes()
            values = np.arange(count) % 10 if len(shape) == 1 else np.zeros(shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(header + values.astype("u1").tobytes())
    assert run(["data", "check", "mnist", "--sample", "0.01"]) == 2
    told = capfd.readouterr()
    assert "train-images-idx3-ubyte is not the published file" in told.err
    assert "differs: MD5" in told.out
    assert "1 inputs are in both of train, test" in told.out


@pytest.fixture
def pets(empty: Path) -> Path:
    """Two classes of a dozen pictures in the folder one is in."""
    for number in range(24):
        path = empty / "pets" / ("cat" if number % 2 else "dog") / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (number, 0, 0)).save(path)
    return empty / "pets"


def test_check_of_a_folder_of_pictures(pets: Path, capfd: Any) -> None:
    assert run(["data", "check", "pets", "--inputs", "image", "--json"]) == 0
    found = json.loads(capfd.readouterr().out)["data"]
    (file,) = found["files"]
    assert (found["notes"], file["count"], len(file["sha256"])) == ([], 24, 64)
    assert run(["data", "check", "pets"]) == 0
    printed = capfd.readouterr().out
    assert "pets  24 files  " in printed
    assert file["sha256"] in printed
    assert "everywhere is right for 50.0% of the examples in validation" in printed
    assert max(map(len, printed.splitlines())) <= 100


def test_names_that_are_no_text_are_written_as_they_can_be(pets: Path, capfd: Any) -> None:
    name = b"p\xff".decode("utf-8", "surrogateescape")
    pets.rename(pets.with_name(name))
    assert run(["data", "check", str(pets.with_name(name))]) == 0
    assert r"/p\udcff  " in capfd.readouterr().out


@pytest.mark.parametrize("name", ["digits", "cifar10", "mnist", "mnist-detection"])
def test_a_sample_of_next_to_nothing_is_one_sentence(
    name: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    if not (data_dir / "mnist").is_dir():
        pytest.skip(f"the data sets are not in {data_dir}")
    monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
    assert run(["data", "check", name, "--sample", "0.000001"]) == 2
    said = capfd.readouterr().err
    assert f"of 1 examples of {name}, 0 would be for validation" in said
    assert "add examples, raise data.sample, or" in said


def test_check_of_a_mask_and_its_background(empty: Path, capfd: Any) -> None:
    masks = np.zeros((30, 4, 4), dtype=int)
    masks[:, 0] = 1
    np.savez(empty / "field.npz", x_train=np.ones((30, 4, 4, 3)), y_train=masks, labels=["crop"])
    assert run(["data", "check", "field.npz"]) == 0
    rows = [line.split()[0] for line in capfd.readouterr().out.splitlines() if "%" in line]
    assert rows == ["background", "crop", "to"]


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("cat/01.png", None, "pets/cat/01.png cannot be read as an image"),
        ("cat/01.png", b"", "pets/cat/01.png is empty"),
        ("cat/01.png", b"hello", "pets/cat/01.png cannot be read as an image"),
        ("cat/notes.txt", b"hello", "pets/cat/notes.txt is in a folder of images and is none"),
    ],
)
def test_a_damaged_picture_ends_check_and_search_before_any_work(
    pets: Path, capfd: Any, path: str, content: bytes | None, said: str
) -> None:
    whole = (pets / "cat/01.png").read_bytes()
    (pets / path).write_bytes(whole[: len(whole) // 2] if content is None else content)
    suite = SUITE.replace("cifar10", "pets").replace("SAMPLE", "1.0")
    (pets.parent / "mine.yaml").write_text(suite)
    for argv in (["data", "check", "pets"], ["search", "mine.yaml"]):
        assert run(argv) == 2
        told = capfd.readouterr()
        assert said in told.err
        assert told.out == ""
    assert run(["runs", "list"]) == 2
    assert "holds no runs" in capfd.readouterr().err


def test_check_of_a_suite_warns_of_missing_data(empty: Path, capfd: Any) -> None:
    (empty / "mine.yaml").write_text(SUITE.replace("SAMPLE", "0.3"))
    assert run(["check", "mine.yaml", "--json"]) == 0
    told = capfd.readouterr()
    document = json.loads(told.out)
    assert document["data"]["train"] is None
    assert document["data"]["classes"] == 10
    assert "cifar10 is not here: cifar-10-batches-bin/data_batch_1.bin" in document["warnings"][0]
    assert "warning cifar10 is not here" in told.err
    (empty / "mine.yaml").write_text(
        SUITE.replace("SAMPLE", "0.3").replace("squeezenet-auto", "vgg")
    )
    assert run(["check", "mine.yaml"]) == 2


def test_search_and_profile_refuse_missing_data_before_any_work(empty: Path, capfd: Any) -> None:
    (empty / "mine.yaml").write_text(SUITE.replace("SAMPLE", "1.0"))
    assert run(["search", "mine.yaml"]) == 2
    said = capfd.readouterr().err
    assert "cifar10 is not here: cifar-10-batches-bin/data_batch_1.bin" in said
    assert "edgebench data get cifar10" in said
    assert not list(empty.rglob("*.tflite"))
    (empty / "model.tflite").write_bytes(b"any")
    assert run(["profile", "model.tflite", "--data", "mnist"]) == 2
    assert "mnist is not here" in capfd.readouterr().err


def test_batches_are_missed_only_where_the_sample_needs_them(
    data_dir: Path, empty: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (data_dir / "cifar-10-batches-bin" / "data_batch_3.bin").is_file():
        pytest.skip("all batches are here")
    monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
    for sample, warnings in (("0.02", 0), ("0.5", 1)):
        (empty / "mine.yaml").write_text(SUITE.replace("SAMPLE", sample))
        assert run(["check", "mine.yaml", "--json"]) == 0
        assert len(json.loads(capfd.readouterr().out)["warnings"]) == warnings
