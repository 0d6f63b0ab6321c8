"""What `adb devices` prints, read. The texts are those of adb 29 to 35, with serials changed."""

from __future__ import annotations

import pytest

from edgebench.devices import Transport
from edgebench.devices.adb_scan import AttachedDevice, choose, complaint, parse_devices
from edgebench.errors import DeviceError

NO_PERMISSIONS = (
    "no permissions (user in plugdev group; are your udev rules wrong?);"
    " see [http://developer.android.com/tools/device.html]"
)
LONG = f"""\
* daemon not running; starting now at tcp:5037
* daemon started successfully
List of devices attached
1A051FDF6007RQ         device usb:1-4 product:oriole model:Pixel_6 device:oriole transport_id:3
emulator-5554          device product:sdk_gphone64_x86_64 model:sdk_gphone64_x86_64 device:emu64xa transport_id:1
192.168.1.20:5555      offline product:beyond1 model:SM_G973F device:beyond1 transport_id:8
adb-R58M12ABCDE-xY1z2Q._adb-tls-connect._tcp device product:a52q model:SM_A525F device:a52q transport_id:9
ce0717178d7758b00b     unauthorized usb:1-2 transport_id:2
0123456789ABCDEF       {NO_PERMISSIONS} usb:2-1.4 transport_id:5
????????????           no permissions usb:1-1
(no serial number)     no permissions; see [http://developer.android.com/tools/device.html] usb:3-1
FA6AB0301534           recovery usb:1-3 product:sailfish model:Pixel device:sailfish transport_id:4

"""
SHORT = "List of devices attached\nemulator-5554\tdevice\r\nce0717178d7758b00b\tunauthorized\n\n"
NONE = "List of devices attached\n\n"


def attached(serial: str, state: str = "device") -> AttachedDevice:
    return AttachedDevice(serial=serial, state=state)


def test_every_device_is_read_with_its_state() -> None:
    assert [(device.serial, device.state, device.model) for device in parse_devices(LONG)] == [
        ("1A051FDF6007RQ", "device", "Pixel 6"),
        ("emulator-5554", "device", "sdk gphone64 x86 64"),
        ("192.168.1.20:5555", "offline", "SM G973F"),
        ("adb-R58M12ABCDE-xY1z2Q._adb-tls-connect._tcp", "device", "SM A525F"),
        ("ce0717178d7758b00b", "unauthorized", None),
        ("0123456789ABCDEF", "no permissions", None),
        ("????????????", "no permissions", None),
        ("(no serial number)", "no permissions", None),
        ("FA6AB0301534", "recovery", "Pixel"),
    ]


def test_short_list_is_read_too() -> None:
    assert parse_devices(SHORT) == [
        attached("emulator-5554"),
        attached("ce0717178d7758b00b", "unauthorized"),
    ]
    assert parse_devices(NONE) == []


def test_document_names_the_device_where_adb_does() -> None:
    document = attached("192.168.1.20:5555").document
    assert document.name == "192.168.1.20:5555"
    assert document.transport == Transport(kind="adb", serial="192.168.1.20:5555")
    assert attached("????????????", "no permissions").document.transport.serial is None


def test_the_device_asked_for_is_chosen_else_the_only_one() -> None:
    assert choose([attached("a"), attached("b")], "b") == "b"
    assert choose([attached("a")], None) == "a"


@pytest.mark.parametrize(
    ("text", "serial", "message", "why", "remedy"),
    [
        (NONE, None, "no Android device is attached", "lists none", "plug it in"),
        (NONE, "10.0.0.2:5555", "10.0.0.2:5555 is not attached", "lists none", "adb connect 10"),
        (SHORT, "abc", "abc is not attached", "lists emulator-5554, ce07", "plug it in"),
        (SHORT, None, "2 devices are attached", "lists emulator-5554, ce07", "serial: ..."),
        (LONG, "ce0717178d7758b00b", "cannot be used", "`unauthorized`", "accept the question"),
        (LONG, "0123456789ABCDEF", "cannot be used", "`no permissions`", "udev rules"),
        (LONG, "192.168.1.20:5555", "cannot be used", "`offline`", "adb reconnect"),
        (LONG, "FA6AB0301534", "cannot be used", "`recovery`", "start Android"),
    ],
)
def test_what_keeps_a_device_from_use_is_told(
    text: str, serial: str | None, message: str, why: str, remedy: str
) -> None:
    with pytest.raises(DeviceError) as caught:
        choose(parse_devices(text), serial)
    assert message in caught.value.message
    assert why in caught.value.why
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "adb: error: failed to copy 'm' to '/data/m': remote No space left on device\n"
            "m: 0 files pushed, 0 skipped. 44.6 MB/s (3000000 bytes in 0.064s)\n",
            "failed to copy 'm' to '/data/m': remote No space left on device",
        ),
        ("error: device 'x' not found\n", "device 'x' not found"),
        ("mkdir: '/x': Read-only file system\n\n", "mkdir: '/x': Read-only file system"),
        ("", ""),
    ],
)
def test_complaint_is_the_line_that_tells_the_error(text: str, said: str) -> None:
    assert complaint(text) == said
