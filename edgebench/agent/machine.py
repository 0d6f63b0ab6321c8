"""Facts of the machine from /proc and /sys (macOS: sysctl). What it does not offer is None, never guessed."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.agent.processor import cpu_features

MACHINE_ZONES = re.compile(r"cpu|soc|pkg|core", re.IGNORECASE)
THROTTLED_NOW = 0x4 | 0x8
PI_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


@dataclass(frozen=True)
class Conditions:
    """What may change while a model is measured. Frequencies are the lowest of the cores asked for."""

    governor: str | None
    frequency_khz: int | None
    max_frequency_khz: int | None
    temperature_c: float | None
    load_1m: float | None
    throttle_count: int | None
    throttled_now: bool | None


@dataclass(frozen=True)
class Machine:
    """Reads facts below ``root``, which tests replace."""

    root: str = "/"

    def facts(self) -> dict[str, object]:
        """Return the facts that stay the same between measurements."""
        return {
            "machine": platform.machine(),
            "system": f"{platform.system()} {platform.release()}",
            "model": self._model(),
            "cores": os.cpu_count(),
            "memory_bytes": self._memory_bytes(),
            "python": platform.python_version(),
            "cpu_features": cpu_features(self._read("proc/cpuinfo") or "", platform.machine()),
        }

    def conditions(self, cores: Sequence[int]) -> Conditions:
        """Return what holds now, of the given cores where it is a core's."""
        policies = [f"sys/devices/system/cpu/cpu{core}" for core in cores]
        governors = [self._read(f"{p}/cpufreq/scaling_governor") for p in policies]
        current = [self._number(f"{p}/cpufreq/scaling_cur_freq") for p in policies]
        highest = [self._number(f"{p}/cpufreq/scaling_max_freq") for p in policies]
        counts = [self._number(f"{p}/thermal_throttle/core_throttle_count") for p in policies]
        counted = [count for count in counts if count is not None]
        flags = self._read(PI_THROTTLED)
        return Conditions(
            governor=",".join(sorted({g for g in governors if g})) or None,
            frequency_khz=min((f for f in current if f is not None), default=None),
            max_frequency_khz=min((f for f in highest if f is not None), default=None),
            temperature_c=self._temperature_c(),
            load_1m=self._load_1m(),
            throttle_count=sum(counted) if counted else None,
            throttled_now=bool(int(flags, 16) & THROTTLED_NOW) if flags else None,
        )

    def busy_ticks(self) -> dict[int, int]:
        """Return by core the clock ticks that it did not idle since boot; empty where not offered."""
        ticks = {}
        for line in (self._read("proc/stat") or "").splitlines():
            name, *counts = line.split()
            if re.fullmatch(r"cpu\d+", name) and len(counts) >= 5:
                ticks[int(name[3:])] = sum(map(int, counts[:8])) - int(counts[3]) - int(counts[4])
        return ticks

    def thread_ns(self) -> dict[str, int]:
        """Return by thread the nanoseconds this process's threads have computed; empty where not offered."""
        folder = "proc/self/task"
        try:
            threads = os.listdir(os.path.join(self.root, folder))
        except OSError:
            return {}
        told = {thread: self._read(f"{folder}/{thread}/schedstat") for thread in threads}
        return {thread: int(text.split()[0]) for thread, text in told.items() if text}

    def peak_rss_bytes(self) -> int | None:
        """Return this process's own peak resident memory.

        Not ``ru_maxrss`` on Linux: a process started from a large one inherits the large one's peak there.
        """
        match = re.search(r"VmHWM:\s+(\d+) kB", self._read("proc/self/status") or "")
        if match:
            return int(match.group(1)) * 1024
        if platform.system() == "Darwin":
            import resource

            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return None

    def is_virtual(self) -> bool | None:
        """Return whether other systems may share this machine's processor; None where the platform does not tell."""
        flags = re.search(r"^flags\s*:(.*)$", self._read("proc/cpuinfo") or "", re.MULTILINE)
        if flags:
            return "hypervisor" in flags.group(1).split()
        if self._read("sys/hypervisor/type") or self._read(
            "proc/device-tree/hypervisor/compatible"
        ):
            return True
        return None

    def _read(self, path: str) -> str | None:
        try:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                return file.read().strip().strip("\0") or None
        except OSError:
            return None

    def _number(self, path: str) -> int | None:
        text = self._read(path)
        return int(text) if text and text.isdigit() else None

    def _model(self) -> str | None:
        for tree in ("proc/device-tree/model", "sys/firmware/devicetree/base/model"):
            board = self._read(tree)
            if board:
                return board
        match = re.search(
            r"^model name\s*:\s*(.+)$", self._read("proc/cpuinfo") or "", re.MULTILINE
        )
        return match.group(1) if match else _sysctl("machdep.cpu.brand_string")

    def _memory_bytes(self) -> int | None:
        match = re.search(r"MemTotal:\s+(\d+) kB", self._read("proc/meminfo") or "")
        if match:
            return int(match.group(1)) * 1024
        text = _sysctl("hw.memsize")
        return int(text) if text and text.isdigit() else None

    def _temperature_c(self) -> float | None:
        folder = os.path.join(self.root, "sys/class/thermal")
        try:
            zones = sorted(name for name in os.listdir(folder) if name.startswith("thermal_zone"))
        except OSError:
            return None
        readings = [
            self._number(f"sys/class/thermal/{zone}/temp")
            for zone in zones
            if MACHINE_ZONES.search(self._read(f"sys/class/thermal/{zone}/type") or "")
        ]
        return max((r / 1000.0 for r in readings if r is not None), default=None)

    def _load_1m(self) -> float | None:
        text = self._read("proc/loadavg")
        if text:
            return float(text.split()[0])
        try:
            return os.getloadavg()[0]
        except (AttributeError, OSError):
            return None


def _sysctl(name: str) -> str | None:
    if platform.system() != "Darwin":
        return None
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
