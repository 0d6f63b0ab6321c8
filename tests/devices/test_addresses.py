from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.devices import configured_hosts, document_of
from edgebench.errors import InputError


@pytest.mark.parametrize(
    ("address", "transport"),
    [
        ("ssh://pi4", {"kind": "ssh", "host": "pi4"}),
        ("ssh://MyPi", {"kind": "ssh", "host": "MyPi"}),
        ("ssh://[fd00::5]:22", {"kind": "ssh", "host": "fd00::5", "port": 22}),
        (
            "ssh://pi@pi4.local:2222",
            {"kind": "ssh", "host": "pi4.local", "user": "pi", "port": 2222},
        ),
        ("adb://emulator-5554", {"kind": "adb", "serial": "emulator-5554"}),
        ("adb://192.168.1.7:5555", {"kind": "adb", "serial": "192.168.1.7:5555"}),
        ("adb://", {"kind": "adb"}),
    ],
)
def test_address_is_read(address: str, transport: dict[str, object]) -> None:
    document = document_of("mine", address)
    assert document.name == "mine"
    assert document.transport.model_dump(exclude_none=True) == transport


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("pi4", "no address"),
        ("http://pi4", "no address"),
        ("ssh://pi4/home", "no address"),
        ("ssh://", "no device"),
        ("ssh://pi4:99999", "no device"),
        ("ssh://-oProxyCommand=x", "no device"),
        ("ssh://pi;rm -rf@pi4", "no device"),
        ("ssh://pi:secret@pi4", "no password"),
    ],
)
def test_what_is_no_address_is_told(address: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        document_of("mine", address)


@pytest.mark.parametrize("name", ["", "a b", "../up", "-x", "a;b"])
def test_name_must_be_plain(name: str) -> None:
    with pytest.raises(InputError):
        document_of(name, "ssh://pi4")


def test_hosts_are_those_that_are_named_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "config.d").mkdir()
    (tmp_path / "config.d" / "lab").write_text("Host jetson\n  HostName 10.0.0.7\nInclude config\n")
    config = tmp_path / "config"
    config.write_text(
        "Include config.d/*\n# Host old\nHost pi4 pi5 !pi6 *.lab\n  User pi\nhost=phone\nMatch host x\nHost *\n"
    )
    assert configured_hosts(config) == ["jetson", "pi4", "pi5", "phone"]


def test_no_configuration_names_no_host(tmp_path: Path) -> None:
    assert configured_hosts(tmp_path / "absent") == []
