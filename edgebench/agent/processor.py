"""What a processor can do that matters to small networks, read from the text of /proc/cpuinfo."""

from __future__ import annotations

import re

X86 = re.compile(r"x86_64|amd64|i[3-6]86", re.IGNORECASE)
ARM = re.compile(r"arm|aarch64", re.IGNORECASE)
X86_WORDS = {word: word for word in ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8")}
ARM_WORDS = {
    "neon": "neon", "asimd": "neon", "asimddp": "dotprod", "i8mm": "i8mm", "asimdhp": "fp16", "sve": "sve",
}  # fmt: skip


def cpu_features(cpuinfo: str, machine: str) -> tuple[str, ...] | None:
    """Return the features that every core has, as sorted stable words; None where they are not told.

    An emulator of user programs shows its host's file: only the line that a processor of this kind has counts, and
    an empty one tells nothing.

    Args:
        cpuinfo: The file's text.
        machine: The kind of processor, as `uname -m` names it.
    """
    if X86.match(machine):
        key, words = "flags", X86_WORDS
    elif ARM.match(machine):
        key, words = "Features", ARM_WORDS
    else:
        return None
    lines = re.findall(rf"^{key}[ \t]*:(.*)$", cpuinfo, re.MULTILINE)
    cores = [set(line.split()) for line in lines if line.strip()]
    if not cores:
        return None
    common = set.intersection(*cores)
    return tuple(sorted({word for told, word in words.items() if told in common}))
