"""What every device must do. Inherit `DeviceContract` and give it a device to have it checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from edgebench.devices import Device, DeviceTimeoutError, upload
from edgebench.errors import DeviceError, InputError


class DeviceContract:
    """Tests of one `edgebench.devices.Device`. Override `device`; its programs are Python one-liners."""

    @pytest.fixture
    def device(self) -> Device:
        """Return a device that is open for the length of a test."""
        raise NotImplementedError

    def program(self, device: Device, code: str) -> Sequence[str]:
        """Return the arguments that run a line of Python on the device."""
        return [device.python, "-c", code]

    def test_file_comes_back_as_it_went(self, device: Device, tmp_path: Path) -> None:
        (tmp_path / "there").write_bytes(b"\x00weights\xff")
        device.push(tmp_path / "there", "folder/file")
        device.pull("folder/file", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == b"\x00weights\xff"

    def test_plain_remote_path_is_overwritten(self, device: Device, tmp_path: Path) -> None:
        for content in (b"old", b"new"):
            (tmp_path / "file").write_bytes(content)
            device.push(tmp_path / "file", "file")
        device.pull("file", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == b"new"

    def test_upload_is_named_by_its_content(self, device: Device, tmp_path: Path) -> None:
        (tmp_path / "a b.tflite").write_bytes(b"model")
        first = upload(device, tmp_path / "a b.tflite")
        assert upload(device, tmp_path / "a b.tflite") == first
        (tmp_path / "a b.tflite").write_bytes(b"other")
        assert upload(device, tmp_path / "a b.tflite") != first
        device.pull(first, tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == b"model"

    def test_upload_is_not_copied_twice(self, device: Device, tmp_path: Path) -> None:
        for content in (b"there", b"other"):
            (tmp_path / "file").write_bytes(content)
            device.push(tmp_path / "file", "uploads/0123/file")
        device.pull("uploads/0123/file", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == b"there"

    def test_upload_that_is_there_in_part_is_copied_again(
        self, device: Device, tmp_path: Path
    ) -> None:
        for content in (b"", b"whole"):
            (tmp_path / "file").write_bytes(content)
            device.push(tmp_path / "file", "uploads/0123/file")
        device.pull("uploads/0123/file", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == b"whole"

    def test_missing_local_file_is_an_input_error(self, device: Device, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="does not exist"):
            device.push(tmp_path / "absent", "file")

    def test_missing_remote_file_is_a_device_error(self, device: Device, tmp_path: Path) -> None:
        with pytest.raises(DeviceError, match="absent is not on"):
            device.pull("absent", tmp_path / "back")
        assert not (tmp_path / "back").exists()

    @pytest.mark.parametrize("remote", ["../outside", "/tmp/outside", "a/../../outside"])  # noqa: S108
    def test_path_outside_the_working_folder_is_refused(
        self, device: Device, tmp_path: Path, remote: str
    ) -> None:
        (tmp_path / "file").write_bytes(b"x")
        with pytest.raises(DeviceError, match="leaves the working folder"):
            device.push(tmp_path / "file", remote)
        with pytest.raises(DeviceError, match="leaves the working folder"):
            device.pull(remote, tmp_path / "back")

    def test_program_tells_output_and_exit_code(self, device: Device) -> None:
        code = "import sys; print('said'); print('wept', file=sys.stderr); sys.exit(3)"
        completed = device.run(self.program(device, code), timeout_s=30.0)
        assert completed.returncode == 3
        assert (completed.stdout.strip(), completed.stderr.strip()) == ("said", "wept")

    def test_program_past_its_time_is_ended(self, device: Device) -> None:
        with pytest.raises(DeviceTimeoutError, match=r"longer than 0.3 s"):
            device.run(self.program(device, "import time; time.sleep(60)"), timeout_s=0.3)

    def test_description_names_the_device_and_its_transport(self, device: Device) -> None:
        info = device.describe()
        assert info.name == device.document.name
        assert info.transport == device.document.transport.kind
