"""What stands in a file, read in a process of its own: real files, and files that nobody should open."""

from __future__ import annotations

import resource
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from edgebench.errors import InputError
from edgebench.export import inspection
from edgebench.export.inspection import Contents, inspect

ASSETS = Path(inspection.__file__).parents[1] / "profiling" / "assets"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (
            "tiny.tflite",
            Contents(
                file_bytes=1016, ops={"FULLY_CONNECTED float32": 1}, param_bytes=144, macs=32, arena_bytes=48
            ),
        ),
        (
            "tiny.onnx",
            Contents(file_bytes=293, ops={"Gemm float32": 1, "Relu float32": 1}, param_bytes=144, macs=32),
        ),
        ("tiny.keras", Contents(file_bytes=11649, ops={"Dense float32": 1})),
    ],
)  # fmt: skip
def test_real_files(name: str, found: Contents) -> None:
    assert inspect(ASSETS / name) == found


def refusal(path: Path) -> str:
    """Return why a file cannot be read: one sentence of an error whose exit code is 2."""
    with pytest.raises(InputError, match="cannot be read") as caught:
        inspect(path)
    assert caught.value.exit_code == 2
    assert str(path) in caught.value.message
    assert caught.value.why
    assert "\n" not in caught.value.why
    assert "Traceback" not in caught.value.why
    return caught.value.why


@pytest.mark.parametrize("name", ["tiny.tflite", "tiny.onnx", "tiny.keras"])
def test_damaged_files_are_one_sentence(name: str, tmp_path: Path) -> None:
    content = (ASSETS / name).read_bytes()
    torn = tmp_path / name
    torn.write_bytes(content[: len(content) // 2])
    refusal(torn)
    torn.write_bytes(b"")
    refusal(torn)


def test_what_is_not_there_or_no_file(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "absent.tflite")
    (tmp_path / "folder.onnx").mkdir()
    refusal(tmp_path / "folder.onnx")
    (tmp_path / "text\n\udcff.tflite").write_text("this is no network, however one reads it")
    with pytest.raises(InputError, match="cannot be read"):
        inspect(tmp_path / "text\n\udcff.tflite")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.tflite"
    with path.open("wb") as file:
        file.truncate(2**40)
    assert refusal(path) == "more than 2,147,483,648 bytes"


def bomb(path: Path, mebibytes: int) -> None:
    """Write a .keras file whose config.json is so many MiB of blanks."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = squeezer.compress(b" " * 2**20) + squeezer.flush(zlib.Z_FULL_FLUSH)
    packed = piece * mebibytes + squeezer.flush(zlib.Z_FINISH)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("config.json"), packed)
    told = path.read_bytes()
    # The archive holds the packed bytes as they are; say that they are deflated, and into how many.
    local, central = told.index(b"PK\x03\x04"), told.index(b"PK\x01\x02")
    changed = bytearray(told)
    for start, method, size in ((local, 8, 22), (central, 10, 24)):
        changed[start + method : start + method + 2] = (8).to_bytes(2, "little")
        changed[start + size : start + size + 4] = (mebibytes * 2**20).to_bytes(4, "little")
    path.write_bytes(bytes(changed))


def test_a_file_that_unpacks_into_too_much_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "MOST_BYTES", 700 * 2**20)
    assert inspect(ASSETS / "tiny.keras").ops == {"Dense float32": 1}
    bomb(tmp_path / "bomb.keras", 800)
    assert (tmp_path / "bomb.keras").stat().st_size < 4_000_000
    assert refusal(tmp_path / "bomb.keras") == "Unable to allocate output buffer."


def test_a_file_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "LONGEST_S", 0.01)
    assert refusal(ASSETS / "tiny.onnx") == "it took longer than 0.01 s"


def test_who_may_use_less_memory_than_that_can_still_read() -> None:
    limit = 4 * 2**30
    told = subprocess.run(
        [sys.executable, "-m", "edgebench.export.inspection", str(ASSETS / "tiny.onnx"), str(8 * 2**30)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert '"macs": 32' in told.stdout
    assert told.stderr == ""
