"""Facts of a device that its shell tells, for those that are described without Python."""

from __future__ import annotations

from edgebench.agent.processor import cpu_features

# In what every shell has; lines of cores alike are told once.
TELL_CPUINFO = (
    'last=; while read -r line; do case $line in "$last") ;; flags*|Features*) last=$line; echo "cpuinfo=$line";; '
    "esac; done 2>/dev/null </proc/cpuinfo"
)


def told_features(output: str, machine: str) -> tuple[str, ...] | None:
    """Return the processor's features from what `TELL_CPUINFO` printed, among other lines."""
    told = (line.partition("=") for line in output.splitlines())
    return cpu_features("\n".join(text for key, _, text in told if key == "cpuinfo"), machine)
