from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from edgebench.devices import (
    AdbDevice,
    Budget,
    Cooling,
    DeviceDocument,
    LocalDevice,
    SshDevice,
    Transport,
    add_device,
    document_of,
    find_device,
    list_devices,
    open_device,
    scan_devices,
)
from edgebench.devices.inventory import shipped_devices_dir
from edgebench.documents import load_document
from edgebench.errors import DocumentError, InputError, UnknownNameError

PI4 = """\
name: pi4
transport: {kind: ssh, host: pi4.local, user: pi, port: 22}
python: /usr/bin/python3
work_dir: /home/pi/edgebench
cores: [2, 3]
runtimes: [tflite, ort]
cooling: {max_start_c: 60, wait_s: 120}
budget: {peak_rss_mb: 512, timeout_s: 120}
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str, name: str = "pi4.yaml") -> Path:
    Path("devices").mkdir(exist_ok=True)
    path = Path("devices", name)
    path.write_text(text)
    return path


def test_local_needs_no_file() -> None:
    document = find_device("local")
    assert (document.name, document.transport.kind, document.cores) == ("local", "local", ())
    assert isinstance(open_device("local"), LocalDevice)


def test_shipped_files_are_all_valid() -> None:
    paths = sorted(shipped_devices_dir().glob("*.yaml"))
    assert [path.stem for path in paths] == [
        "android-phone",
        "gpu-host",
        "jetson-orin",
        "local",
        "raspberry-pi-4",
        "raspberry-pi-5",
    ]
    for path in paths:
        assert load_document(path, DeviceDocument).name == path.stem


def test_device_of_the_current_folder_is_found_by_name_and_by_path() -> None:
    path = write(PI4)
    document = find_device("pi4")
    assert document == find_device(str(path))
    assert document.transport.host == "pi4.local"
    assert document.cores == (2, 3)
    assert document.cooling is not None
    assert document.cooling.max_start_c == 60
    assert document.budget.peak_rss_mb == 512
    assert {entry.document.name for entry in list_devices()} >= {"local", "pi4"}


def test_a_local_file_in_the_current_folder_stands_before_the_built_in() -> None:
    write("name: local\ntransport: {kind: local}\ncores: [0]\n", "local.yaml")
    assert find_device("local").cores == (0,)


def test_unknown_name_offers_the_nearest() -> None:
    write(PI4)
    with pytest.raises(UnknownNameError, match="pi5 is not a device") as caught:
        find_device("pi5")
    assert caught.value.why.startswith("known: android-phone, gpu-host, jetson-orin, local, pi4")
    assert caught.value.remedy == "did you mean pi4?"


def test_missing_file_is_an_input_error() -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_device("devices/absent.yaml")


def test_each_transport_has_its_device() -> None:
    write("name: pi4\ntransport: {kind: ssh, host: pi4}\n")
    assert isinstance(open_device("pi4"), SshDevice)
    write("name: phone\ntransport: {kind: adb}\n", "phone.yaml")
    assert isinstance(open_device("phone"), AdbDevice)


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("corse: [1]", "3:1", "corse is not a key"),
        ("cores: [-1]", "3:9", "greater than or equal to 0"),
        ("runtimes: [tensorrt]", "3:12", "litert"),
        ("environment: {KERAS_BACKEND: jax; rm}", "3:30", "refused in this form"),
        ("environment: {keras_backend: jax}", "3:30", "refused in this form"),
        ("environment: {KERAS_BACKEND: 1}", "3:30", "string"),
        ("cooling: {wait_s: 3}", "3:10", "max_start_c is missing"),
        ("budget: {timeout_s: 0}", "3:21", "greater than 0"),
        ("password: secret", "3:1", "password is not a key"),
    ],
)
def test_mistake_is_told_with_its_place(line: str, place: str, message: str) -> None:
    path = write(f"name: pi4\ntransport: {{kind: local}}\n{line}\n")
    with pytest.raises(DocumentError, match=message) as caught:
        find_device(str(path))
    assert f"pi4.yaml:{place} " in caught.value.message


@pytest.mark.parametrize(
    ("transport", "message"),
    [
        ("{kind: ssh, user: pi}", "ssh needs a host"),
        ("{kind: local, host: pi4}", "local takes nothing but its kind"),
        ("{kind: ssh, host: -oProxyCommand=x}", "host"),
        ("{kind: ssh, host: a b}", "host"),
        ("{kind: ssh, host: pi4, port: 70000}", "65535"),
        ("{kind: telnet}", "local"),
        ("{kind: adb, host: pi4}", "adb takes nothing but its kind and a serial"),
        ("{kind: ssh, host: pi4, serial: x}", "ssh takes no serial"),
        ("{kind: local, serial: x}", "local takes nothing but its kind"),
        ("{kind: adb, serial: -s}", "serial"),
        ("{kind: adb, serial: a b}", "serial"),
    ],
)
def test_wrong_transport_is_told(transport: str, message: str) -> None:
    path = write(f"name: pi4\ntransport: {transport}\n")
    with pytest.raises(DocumentError, match=message):
        find_device(str(path))


NASTY = "x; rm -rf ~"
TEXTS = {
    "name": "name: {}\ntransport: {{kind: local}}\n",
    "host": "name: pi\ntransport: {{kind: ssh, host: {}}}\n",
    "user": "name: pi\ntransport: {{kind: ssh, host: pi, user: {}}}\n",
    "identity_file": "name: pi\ntransport: {{kind: ssh, host: pi, identity_file: {}}}\n",
    "known_hosts": "name: pi\ntransport: {{kind: ssh, host: pi, known_hosts: {}}}\n",
    "serial": "name: pi\ntransport: {{kind: adb, serial: {}}}\n",
    "kind": "name: pi\ntransport: {{kind: {}}}\n",
    "python": "name: pi\ntransport: {{kind: local}}\npython: {}\n",
    "work_dir": "name: pi\ntransport: {{kind: local}}\nwork_dir: {}\n",
    "benchmark_model": "name: pi\ntransport: {{kind: local}}\nbenchmark_model: {}\n",
    "runtimes": "name: pi\ntransport: {{kind: local}}\nruntimes: [{}]\n",
    "environment": "name: pi\ntransport: {{kind: local}}\nenvironment: {{KERAS_BACKEND: {}}}\n",
    "rank_by": "name: pi\ntransport: {{kind: local}}\nrank_by: {}\n",
}


def texts_in(model: type[BaseModel]) -> set[str]:
    """Return the names of all fields of a document that hold text."""
    found = set()
    for name, field in model.model_fields.items():
        inner = [
            m for m in (Transport, Cooling, Budget) if str(m.__name__) in str(field.annotation)
        ]
        if inner:
            found |= texts_in(inner[0])
        elif "str" in str(field.annotation) or "Literal" in str(field.annotation):
            found.add(name)
    return found


def test_every_text_of_a_device_file_is_tried() -> None:
    assert set(TEXTS) == texts_in(DeviceDocument)


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    "text",
    [NASTY, "$(id)", "`id`", "a\nb", "-oProxyCommand=id", "a|b", "a&b", "a'b", 'a"b', "a\\b"],
)
def test_text_that_a_shell_would_read_is_refused(field: str, text: str) -> None:
    if field == "environment" and text.startswith("-"):
        pytest.skip("a variable's value is no option of a program, so it may begin with a dash")
    path = write(TEXTS[field].format(json.dumps(text)))
    with pytest.raises(DocumentError, match=r"pi4.yaml:\d+:\d+"):
        find_device(str(path))


def test_device_is_added_once_and_checked_like_any_other() -> None:
    document = document_of("pi5", "ssh://pi@pi5.local:2222")
    path = add_device(document)
    assert path == Path("devices", "pi5.yaml")
    assert find_device("pi5") == document
    with pytest.raises(InputError, match="there already"):
        add_device(document)


@pytest.mark.parametrize("name", ["0123456789", "1e3", "true"])
def test_name_that_yaml_reads_as_something_else_is_kept(name: str) -> None:
    add_device(document_of(name, f"adb://{name}"))
    assert find_device(name).name == name


def test_hosts_that_ssh_is_configured_for_are_found(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Host pi4 pi5 fd00::5\n")
    add_device(document_of("mine", "ssh://pi5"))
    found = {s.name: s for s in scan_devices(tmp_path / "config")}
    assert (found["pi4"].address, found["pi4"].known_as) == ("ssh://pi4", None)
    assert found["pi5"].known_as == "mine"


@pytest.mark.parametrize(
    "name", ["PATH", "LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "keras_backend", "A;B"]
)
def test_variable_that_is_no_framework_s_is_refused(name: str) -> None:
    path = write(f"name: pi\ntransport: {{kind: local}}\nenvironment: {{{json.dumps(name)}: x}}\n")
    with pytest.raises(DocumentError, match="is refused in this form"):
        find_device(str(path))
