from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from edgebench.agent.machine import Machine
from edgebench.agent.processor import cpu_features

EPYC = """processor\t: 0
model name\t: AMD EPYC
flags\t\t: fpu sse2 hypervisor avx2 bmi2 avx512f avx512vl avx512_vnni rdpid
bugs\t\t: sysret_ss_attrs

processor\t: 1
flags\t\t: fpu sse2 hypervisor avx2 bmi2 avx512f avx512vl avx512_vnni rdpid
"""
PI5 = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU architecture: 8
"""
PI2 = "processor\t: 0\nFeatures\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva\n"


@pytest.mark.parametrize(
    ("cpuinfo", "machine", "features"),
    [
        (EPYC, "x86_64", ("avx2", "avx512_vnni", "avx512f")),
        (PI5, "aarch64", ("dotprod", "fp16", "neon")),
        (PI2, "armv7l", ("neon",)),
        ("Features : asimd asimddp i8mm sve\n", "aarch64", ("dotprod", "i8mm", "neon", "sve")),
        ("flags : avx2 avx_vnni amx_int8\n", "AMD64", ("amx_int8", "avx2", "avx_vnni")),
        ("flags : fpu sse2 avx2_like\n", "i686", ()),
    ],
)
def test_features_are_sorted_stable_words(
    cpuinfo: str, machine: str, features: tuple[str, ...]
) -> None:
    assert cpu_features(cpuinfo, machine) == features


@pytest.mark.parametrize(
    ("cpuinfo", "machine"),
    [
        ("", "x86_64"),
        ("flags\t\t:\n", "x86_64"),
        ("flags\t\t: \nbugs\t: avx2\n", "x86_64"),
        ("processor : 0\nmodel name : Apple M2\n", "arm64"),
        (EPYC, "aarch64"),
        (EPYC, "riscv64"),
        (EPYC, ""),
    ],
)
def test_what_is_not_told_is_none(cpuinfo: str, machine: str) -> None:
    """An empty line is none of features either, nor is the host's that an emulated program is shown."""
    assert cpu_features(cpuinfo, machine) is None


def test_only_what_every_core_has_counts() -> None:
    little = "Features : asimd\n"
    big = "Features : asimd asimddp i8mm\n"
    assert cpu_features(little + big, "aarch64") == ("neon",)
    assert cpu_features("Features :\n" + big, "aarch64") == ("dotprod", "i8mm", "neon")


def test_the_agent_tells_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert Machine(str(tmp_path)).facts()["cpu_features"] is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(PI5)
    assert Machine(str(tmp_path)).facts()["cpu_features"] == ("dotprod", "fp16", "neon")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_those_of_this_machine_are_in_its_file() -> None:
    told = Machine().facts()["cpu_features"]
    words = Path("/proc/cpuinfo").read_text().split()
    if platform.machine() == "x86_64":
        assert isinstance(told, tuple)
        assert ("avx2" in told) == ("avx2" in words)
        assert set(told) <= set(words)
