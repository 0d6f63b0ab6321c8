"""One distribution that offers one of each thing, and a broken one beside it, from the command line as a user has them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench import plugins
from edgebench.records import DataPlan
from edgebench.runtimes import Runtime
from edgebench.testing.datasets import DatasetContract
from edgebench.testing.devices import DeviceContract
from edgebench.testing.exporters import ExporterContract
from edgebench.testing.oracles import OracleContract
from edgebench.testing.runtimes import RuntimeContract

REPOSITORY = Path(__file__).resolve().parents[2]
INSTALLED = [REPOSITORY / "tests" / "assets" / "plugins" / name for name in ("toy", "broken")]
SUITE = """
name: toys
template: toy-mlp
data: {name: toy-blobs}
oracle: {name: toy-oracle, max_trials: 2}
training: {max_epochs: 1}
devices: [board]
latency: {blocks: 1, winner_blocks: 1, block_s: 0.05}
export: [tflite-fp32]
seed: 5
"""
Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("plugins")
    (found / "toys.yaml").write_text(SUITE)
    (found / "devices").mkdir()
    (found / "devices" / "board.yaml").write_text("name: board\ntransport: {kind: toy-board}\n")
    return found


@pytest.fixture(scope="module", autouse=True)
def _installed() -> Iterator[None]:
    """Have both distributions installed in this process, and in those that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        for path in INSTALLED:
            patch.syspath_prepend(path)
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (REPOSITORY, *INSTALLED))))
        yield


@pytest.fixture(scope="module")
def typed(folder: Path, typed_in: Typed) -> Typed:
    """Type a command where both distributions are installed."""

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = typed_in(folder, *arguments)
        assert done.returncode == code, done.stderr[-2000:]
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def found(typed: Typed) -> dict[str, Any]:
    return json.loads(typed("search", "toys.yaml", "--workers", "1", "--json").stdout)


@pytest.fixture(scope="module")
def exported(typed: Typed, found: dict[str, Any], folder: Path) -> dict[str, Any]:
    command = ("export", found["run_id"], found["front"][0]["trial_id"], "--out", "files")
    done = typed(*command, "--format", "toy-file", "--format", "tflite", "--precision", "fp32", "--json")  # fmt: skip
    return json.loads(done.stdout)


def test_its_template_is_listed_and_shown(typed: Typed) -> None:
    listed = json.loads(typed("template", "list", "--json").stdout)["templates"]
    assert {"name": "toy-mlp", "plugin": "edgebench-toy 1.2"} in listed
    assert {"name": "mlp-auto"} in listed
    shown = json.loads(typed("template", "show", "toy-mlp", "--input", "6,6,1", "--classes", "2", "--json").stdout)  # fmt: skip
    assert shown["trainable_params"] == (36 + 1) * 4 + (4 + 1) * 2


def test_its_data_is_read(typed: Typed) -> None:
    told = json.loads(typed("data", "check", "toy-blobs", "--json").stdout)["data"]
    assert sum(part["count"] for part in told["parts"].values()) == 120
    assert [row["share"] for row in told["parts"]["test"]["classes"]] == [0.5, 0.5]


def test_a_search_trains_its_template_on_its_data_as_its_oracle_asks(found: dict[str, Any]) -> None:
    assert found["trials"]["completed"] == 2
    assert found["oracle"] == "toy-oracle"
    for member in found["front"]:
        assert member["hyperparameters"]["units"] in (4, 8, 16)
        assert member["metrics"]["latency_ms"]["device"] == "board"
        assert member["artifacts"][0]["latency"][0]["p50_ms"] > 0


def test_a_run_records_the_version_of_the_plugin(typed: Typed, found: dict[str, Any]) -> None:
    told = json.loads(typed("runs", "show", found["run_id"], "--json").stdout)
    assert "'edgebench-toy': '1.2'" in str(told)


def test_its_exporter_writes_a_file_that_its_runtime_answers_from(
    exported: dict[str, Any], folder: Path
) -> None:
    of_toy = next(file for file in exported["files"] if file["format"] == "toy-file")
    of_lite = next(file for file in exported["files"] if file["format"] == "tflite")
    assert exported["failures"] == {}
    assert of_toy["precision"] is None
    assert of_toy["parity"]["max_abs_diff"] < 1e-5
    assert of_toy["accuracy"] == of_lite["accuracy"] == exported["keras_accuracy"]
    path = folder / of_toy["path"]
    assert path.stat().st_size == of_toy["bytes"]
    told = json.loads(Path(f"{path}.json").read_text())
    assert (told["trial_id"], told["calibration"]["part"]) == (exported["trial_id"], "train")


def test_its_runtime_is_measured_on_its_device(typed: Typed, exported: dict[str, Any]) -> None:
    path = next(file["path"] for file in exported["files"] if file["format"] == "toy-file")
    command = ("profile", path, "--device", "board", "--blocks", "1", "--block-s", "0.05")
    done = json.loads(typed(*command, "--runtime", "toy-runtime", "--json").stdout)
    (measured,) = done["measurements"]
    assert (measured["runtime"], measured["runtime_version"]) == ("toy-runtime", "3")
    assert measured["device"] == "board"
    assert 0 < measured["p50_ms"] < 100
    said = typed(*command, code=2).stderr
    assert "no runtime reads .toy files" in said


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["template", "show", "broken-mlp"], 2, "template broken-mlp of edgebench-broken 0.1 cannot be imported"),
        (["data", "check", "broken-data"], 2, "data set broken-data of edgebench-broken 0.1 cannot be imported"),
        (["check", "oracle.yaml"], 2, "oracle broken-oracle of edgebench-broken 0.1 cannot be imported"),
        (["device", "check", "broken.yaml"], 2, "transport broken-board of edgebench-broken 0.1 cannot be imported"),
        (["template", "show", "toy-double"], 2, "template toy-double is offered twice"),
        (["check", "export.yaml"], 2, "toy-file of edgebench-toy 1.2 is no file that a search makes"),
    ],
)  # fmt: skip
def test_a_broken_one_is_a_sentence(
    arguments: list[str], code: int, sentence: str, typed: Typed, folder: Path
) -> None:
    (folder / "oracle.yaml").write_text(SUITE.replace("toy-oracle", "broken-oracle"))
    (folder / "export.yaml").write_text(SUITE.replace("tflite-fp32", "toy-file"))
    broken = "name: broken\ntransport: {kind: broken-board}\n"
    (folder / "broken.yaml").write_text(broken)
    assert sentence in typed(*arguments, code=code).stderr


def test_a_broken_runtime_or_exporter_is_a_sentence(typed: Typed, exported: dict[str, Any]) -> None:
    path = next(file["path"] for file in exported["files"] if file["format"] == "toy-file")
    said = typed("profile", path, "--runtime", "broken-runtime", code=2).stderr
    assert "runtime broken-runtime of edgebench-broken 0.1 cannot be put on a device" in said


def test_doctor_tells_of_each_plugin(tmp_path: Path) -> None:
    """In a process of its own, which has imported none of them before, and with one runtime to try."""
    (tmp_path / "devices").mkdir()
    device = "name: here\ntransport: {kind: local}\nruntimes: [ort]\n"
    (tmp_path / "devices" / "here.yaml").write_text(device)
    done = subprocess.run(
        [sys.executable, "-m", "edgebench", "doctor", "--all-devices", "--json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)["plugins"]
    states = {(each["group"], each["name"], each["distribution"]): each for each in told}
    assert len(told) == 15
    kinds = ("templates", "datasets", "oracles", "devices", "runtimes", "exporters")
    working = {group for (group, _, _), each in states.items() if each["works"]}
    assert working == {f"edgebench.{kind}" for kind in kinds}
    for (_, name, distribution), each in states.items():
        is_good = distribution == "edgebench-toy" and name != "toy-double"
        assert each["works"] == is_good
        assert bool(each["problem"]) != is_good
    shadowed = states["edgebench.templates", "mlp-auto", "edgebench-broken"]
    assert shadowed["problem"] == "edgebench has one of that name, which is used"
    assert (
        "never loads" in states["edgebench.datasets", "broken-data", "edgebench-broken"]["problem"]
    )


class TestToyRuntime(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return plugins.find("runtimes", "toy-runtime").load()()

    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        rng = np.random.default_rng(0)
        path = tmp_path / "model.toy"
        with path.open("wb") as file:
            np.savez(file, shape=(4,), w00=rng.normal(size=(4, 3)), w01=rng.normal(size=3))
        return path


class TestToyExporter(ExporterContract):
    name = "toy-file"
    runtime = "toy-runtime"

    def model(self, seed: int = 0) -> Any:
        import keras

        keras.utils.set_random_seed(seed)
        image = keras.Input((8, 8, 3), name="image")
        flat = keras.layers.Flatten(name="flat")(image)
        return keras.Model(image, keras.layers.Dense(4, activation="softmax", name="dense")(flat))


class TestToyDataset(DatasetContract):
    @pytest.fixture
    def plan(self) -> DataPlan:
        return DataPlan(name="toy-blobs")


class TestToyOracle(OracleContract):
    name = "toy-oracle"


class TestToyBoard(DeviceContract):
    @pytest.fixture
    def device(self, tmp_path: Path) -> Iterator[Any]:
        from edgebench.devices import DeviceDocument, open_device

        document = {
            "name": "b",
            "transport": {"kind": "toy-board"},
            "work_dir": str(tmp_path / "w"),
        }
        with open_device(DeviceDocument.model_validate(document)) as device:
            yield device
