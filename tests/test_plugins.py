"""What installed distributions offer: found without an import, loaded by name, refused in one sentence."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from edgebench import plugins
from edgebench.datasets import load_dataset, source_kind
from edgebench.datasets.digits import Digits
from edgebench.devices import DeviceDocument, open_device
from edgebench.errors import InputError, UnknownNameError
from edgebench.profiling import MeasurePlan
from edgebench.profiling.bundle import bundle_bytes
from edgebench.records import DataPlan

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Lay a distribution into a folder of the import path, as an installer does, but for what it does not need."""
    before = set(sys.modules)

    def installed(name: str, entries: str, **modules: str) -> Path:
        folder = tmp_path / name
        described = folder / f"{name.replace('-', '_')}-0.3.dist-info"
        described.mkdir(parents=True)
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.3\n")
        (described / "entry_points.txt").write_text(entries)
        for module, source in modules.items():
            (folder / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(folder)
        return folder

    yield installed
    for name in set(sys.modules) - before:
        if name.startswith("plug_"):
            del sys.modules[name]


def test_nothing_is_offered_where_nothing_is_installed() -> None:
    assert plugins.find("datasets", "flowers") is None
    assert plugins.names("datasets") == []


def test_a_name_is_found_without_importing_anything(install: Install) -> None:
    install("flowers", "[edgebench.datasets]\nflowers = plug_flowers:absent\n")
    found = plugins.find("datasets", "flowers")
    assert found is not None
    assert (found.target, found.source) == ("plug_flowers:absent", "flowers 0.3")
    assert plugins.names("datasets") == ["flowers"]
    assert "plug_flowers" not in sys.modules


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError"),
        ("", "AttributeError"),
    ],
)
def test_what_cannot_be_imported_is_a_sentence_with_the_distribution(
    module: str, why: str, install: Install
) -> None:
    install("flowers", "[edgebench.datasets]\nflowers = plug_flowers:load\n", plug_flowers=module)
    with pytest.raises(
        InputError, match=r"data set flowers of flowers 0.3 cannot be imported"
    ) as e:
        load_dataset(DataPlan(name="flowers"))
    assert why in e.value.why
    assert e.value.remedy == "update flowers, or uninstall it"
    assert load_dataset(DataPlan(name="digits")).spec.classes == 10


def test_what_is_built_in_wins(install: Install) -> None:
    install("usurper", "[edgebench.datasets]\ndigits = plug_usurper:load\n")
    assert source_kind("digits") is Digits
    (plugin,) = plugins.offered("datasets")
    assert plugins.problem_of(plugin, ["digits"]) == "edgebench has one of that name, which is used"


def test_two_distributions_of_one_name_are_both_named(install: Install) -> None:
    for name in ("roses", "tulips"):
        install(name, f"[edgebench.oracles]\ngreedy = plug_{name}:Oracle\n")
    with pytest.raises(InputError, match="oracle greedy is offered twice") as caught:
        plugins.find("oracles", "greedy")
    assert caught.value.why == "by roses 0.3 and by tulips 0.3"
    assert caught.value.remedy == "uninstall one of them, or name plug_roses:Oracle"
    for plugin in plugins.offered("oracles"):
        assert "another distribution" in plugins.problem_of(plugin, [])


@pytest.mark.parametrize("finder", ["importlib.metadata", "importlib_metadata"])
def test_a_distribution_that_was_removed_by_half_is_told(finder: str, install: Install) -> None:
    pytest.importorskip(finder)
    folder = install("flowers", "[edgebench.datasets]\nflowers = plug_flowers:load\n")
    (metadata,) = folder.rglob("METADATA")
    metadata.unlink()
    (plugin,) = plugins.offered("datasets")
    assert plugin.source == "an unknown distribution"


@pytest.mark.parametrize("name", ["a:b", "../up", "two words", "-v"])
def test_a_name_that_cannot_be_asked_for_is_told(name: str, install: Install) -> None:
    install("odd", f"[edgebench.exporters]\n{name} = plug_odd:Exporter\n")
    (plugin,) = plugins.offered("exporters")
    assert plugins.names("exporters") == []
    assert plugins.find("exporters", name) is None
    assert plugins.problem_of(plugin, []).startswith("its name has other signs")


def test_unknown_names_are_told_with_those_of_plugins(install: Install) -> None:
    install("flowers", "[edgebench.datasets]\nflowers = plug_flowers:load\n")
    with pytest.raises(UnknownNameError) as caught:
        source_kind("flower")
    assert caught.value.remedy == "did you mean flowers?"


def test_a_folder_of_that_name_is_meant_first(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(
        "flowers", "[edgebench.datasets]\nblooms = plug_flowers:load\n", plug_flowers="load = 1"
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blooms").mkdir()
    assert source_kind("blooms").__name__ == "image_folder"


def test_a_transport_of_a_plugin_is_opened_with_its_document(install: Install) -> None:
    document = {"name": "board", "transport": {"kind": "serial-line", "port": 7}}
    with pytest.raises(ValidationError, match="should be one of local, ssh, adb"):
        DeviceDocument.model_validate(document)
    source = "def Board(document):\n    return document.transport.kind, document.transport.port\n"
    install("boards", "[edgebench.devices]\nserial-line = plug_board:Board\n", plug_board=source)
    assert open_device(DeviceDocument.model_validate(document)) == ("serial-line", 7)


def test_a_runtime_goes_along_as_its_file_and_nothing_is_imported(install: Install) -> None:
    with pytest.raises(UnknownNameError, match="sprint is not a runtime"):
        MeasurePlan(runtime="sprint")
    source = "import a_runtime_that_only_devices_have\n\n\nclass Sprint:\n    name = 'sprint'\n"
    install("sprint", "[edgebench.runtimes]\nsprint = plug_sprint:Sprint\n", plug_sprint=source)
    assert MeasurePlan(runtime="sprint").runtime == "sprint"
    content = bundle_bytes(plugins.find("runtimes", "sprint"))
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.read("edgebench_plugged_runtime.py").decode() == source
    assert b"'sprint'" in archive.read("__main__.py")
    assert content == bundle_bytes(plugins.find("runtimes", "sprint"))
    assert "plug_sprint" not in sys.modules


def test_a_runtime_that_is_no_file_cannot_go_along(install: Install) -> None:
    install("sprint", "[edgebench.runtimes]\nsprint = plug_nowhere:Sprint\n")
    with pytest.raises(InputError, match="cannot be put on a device") as caught:
        bundle_bytes(plugins.find("runtimes", "sprint"))
    assert caught.value.why == "plug_nowhere is not one Python file"


def test_the_agent_without_a_plugin_is_as_it_was() -> None:
    assert bundle_bytes() == bundle_bytes(None)
    assert b"plugged" not in zipfile.ZipFile(io.BytesIO(bundle_bytes())).read("__main__.py")
