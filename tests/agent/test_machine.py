from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.agent.machine import Conditions, Machine


def write(root: Path, files: dict[str, str]) -> Machine:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Machine(str(root))


def test_facts_of_a_board(tmp_path: Path) -> None:
    machine = write(
        tmp_path,
        {
            "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
            "proc/meminfo": "MemTotal:        3884360 kB\nMemFree: 1 kB\n",
        },
    )
    facts = machine.facts()
    assert facts["model"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert facts["memory_bytes"] == 3884360 * 1024


def test_facts_of_a_server(tmp_path: Path) -> None:
    machine = write(
        tmp_path, {"proc/cpuinfo": "processor\t: 0\nmodel name\t: AMD EPYC\nflags: x\n"}
    )
    assert machine.facts()["model"] == "AMD EPYC"


def test_conditions_of_the_cores_asked_for(tmp_path: Path) -> None:
    files = {
        f"sys/devices/system/cpu/cpu{core}/cpufreq/{name}": value
        for core, speed in ((0, "600000"), (2, "1500000"), (3, "1400000"))
        for name, value in (
            ("scaling_governor", "ondemand" if core == 0 else "performance"),
            ("scaling_cur_freq", speed),
            ("scaling_max_freq", "1500000"),
        )
    }
    files |= {
        "sys/class/thermal/thermal_zone0/type": "acpitz\n",
        "sys/class/thermal/thermal_zone0/temp": "99000\n",
        "sys/class/thermal/thermal_zone1/type": "cpu-thermal\n",
        "sys/class/thermal/thermal_zone1/temp": "48312\n",
        "sys/devices/system/cpu/cpu2/thermal_throttle/core_throttle_count": "3\n",
        "sys/devices/system/cpu/cpu3/thermal_throttle/core_throttle_count": "4\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
        "proc/loadavg": "0.52 0.58 0.59 1/467 5543\n",
    }
    assert write(tmp_path, files).conditions((2, 3)) == Conditions(
        governor="performance",
        frequency_khz=1400000,
        max_frequency_khz=1500000,
        temperature_c=48.312,
        load_1m=0.52,
        throttle_count=7,
        throttled_now=True,
    )


def test_throttling_of_the_past_is_not_of_now(tmp_path: Path) -> None:
    machine = write(tmp_path, {"sys/devices/platform/soc/soc:firmware/get_throttled": "50000"})
    assert machine.conditions(()).throttled_now is False


def test_what_is_not_offered_is_none(tmp_path: Path) -> None:
    conditions = Machine(str(tmp_path)).conditions((0,))
    assert (conditions.governor, conditions.frequency_khz, conditions.temperature_c) == (None,) * 3
    assert (conditions.throttle_count, conditions.throttled_now) == (None, None)
    assert Machine(str(tmp_path)).busy_ticks() == {}


def test_busy_ticks_leave_out_idling_and_waiting(tmp_path: Path) -> None:
    stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 10 1 5 900 50 2 3 4 0 0\ncpu11 1 0 0 7 1 0 0 0 0 0\nintr 1 2\n"
    assert write(tmp_path, {"proc/stat": stat}).busy_ticks() == {0: 25, 11: 1}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_is_this_process_s_own() -> None:
    """In a fresh process: this one may have peaked long ago."""
    program = (
        "from edgebench.agent.machine import Machine\n"
        "before = Machine().peak_rss_bytes()\n"
        "held = bytearray(64 * 1024 * 1024)\n"
        "held[::4096] = b'x' * len(held[::4096])\n"
        "print(Machine().peak_rss_bytes() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) > 32 * 1024 * 1024
