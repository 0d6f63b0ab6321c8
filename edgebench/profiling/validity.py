"""Judging one block: what makes it invalid, what makes it noisy. Pure functions on what the agent told."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgebench import stats
from edgebench.profiling.plan import MeasurePlan
from edgebench.records import DRIFT_LIMIT, Block, Environment
from edgebench.runtimes import delegate_name

FREQUENCY_TOLERANCE = 0.05
MODE_SHARE = 0.2
MODE_RATIO = 1.1
MODE_SEPARATION = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedBlock:
    """One block, the facts it was taken under, and why it is invalid where it is."""

    block: Block
    environment: Environment
    model_sha256: str
    invalid_reasons: tuple[str, ...] = ()


def judge(answer: Mapping[str, Any], plan: MeasurePlan) -> TimedBlock:
    """Turn the agent's answer to a measure job into a block and its verdict."""
    samples_ns = tuple(float(sample) for sample in answer["samples_ns"])
    before, agent = answer["before"], answer["agent"]
    return TimedBlock(
        block=Block(
            samples_ns=samples_ns,
            init_ns=answer["init_ns"],
            first_ns=answer["first_ns"],
            warmup_invokes=answer["warmup_invokes"],
            invokes_per_sample=answer["invokes_per_sample"],
            reasons=noise_reasons(samples_ns, warmup_stable=answer["warmup_stable"]),
        ),
        environment=Environment(
            runtime=answer["runtime"],
            runtime_version=answer["runtime_version"],
            delegate=answer["delegate"],
            accelerator=answer.get("accelerator"),
            delegated_ops=answer.get("delegated_ops"),
            other_ops=answer.get("other_ops"),
            threads=answer["threads"],
            affinity=None if answer["affinity"] is None else tuple(answer["affinity"]),
            governor=before["governor"],
            frequency_khz=before["frequency_khz"],
            temperature_c=before["temperature_c"],
            load_1m=before["load_1m"],
            virtual=answer.get("virtual"),
            agent_version=agent["version"],
            agent_sha256=agent["sha256"] or "",
        ),
        model_sha256=answer["model_sha256"],
        invalid_reasons=invalid_reasons(answer, plan),
    )


def invalid_reasons(answer: Mapping[str, Any], plan: MeasurePlan) -> tuple[str, ...]:
    """Return why the block enters no front and no gate; what the platform does not tell is no reason."""
    before, after = answer["before"], answer["after"]
    frequencies = [c["frequency_khz"] for c in (before, after) if c["frequency_khz"] is not None]
    highest = before["max_frequency_khz"]
    counts = (before["throttle_count"], after["throttle_count"])
    found = {
        "wrong_runtime": plan.runtime not in {"auto", answer["runtime"]},
        "wrong_delegate": plan.delegate is not None
        and delegate_name(answer["runtime"], plan.delegate) != answer["delegate"],
        "wrong_affinity": _ran_elsewhere(answer, plan),
        "throttled": bool(before["throttled_now"] or after["throttled_now"])
        or (None not in counts and counts[0] != counts[1]),
        "frequency_changed": len(frequencies) == 2
        and abs(frequencies[0] - frequencies[1]) > FREQUENCY_TOLERANCE * max(frequencies),
        "frequency_low": bool(frequencies)
        and highest is not None
        and min(frequencies) < (1.0 - FREQUENCY_TOLERANCE) * highest,
        "too_hot": answer["cooled"] is False,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def _ran_elsewhere(answer: Mapping[str, Any], plan: MeasurePlan) -> bool:
    if plan.cores and answer["pinned"] != sorted(set(plan.cores)):
        return True
    return answer["pinned"] is not None and answer["pinned"] != answer["affinity"]


def changed_between(blocks: Sequence[TimedBlock]) -> tuple[str, ...]:
    """Return what differs between the blocks of one measurement and must not."""
    environments = [block.environment for block in blocks]
    kinds = {
        "wrong_runtime": len({(e.runtime, e.runtime_version) for e in environments}),
        "wrong_delegate": len({e.delegate for e in environments}),
        "wrong_affinity": len({e.affinity for e in environments}),
    }
    return tuple(reason for reason, count in kinds.items() if count > 1)


def noise_reasons(samples_ns: Sequence[float], *, warmup_stable: bool) -> tuple[str, ...]:
    """Return why the block is kept but marked."""
    found = {
        "warmup_unstable": not warmup_stable,
        "drift": drift(samples_ns) > DRIFT_LIMIT,
        "bimodal": is_bimodal(samples_ns),
    }
    return tuple(reason for reason, holds in found.items() if holds)


def drift(samples_ns: Sequence[float]) -> float:
    """Return how far the median of the last quarter lies from that of the first, as a share."""
    quarter = len(samples_ns) // 4
    if quarter == 0:
        return 0.0
    first, last = stats.median(samples_ns[:quarter]), stats.median(samples_ns[-quarter:])
    return abs(last / first - 1.0)


def is_bimodal(samples_ns: Sequence[float]) -> bool:
    """Return whether the samples fall into two groups far apart.

    Logarithms, those past the 99th percentile set to it, are split where the variance between two groups of at
    least a fifth each is the largest share of all variance (Otsu). Two modes: that share is at least 0.85 (a
    normal distribution has 0.64, a uniform one 0.75) and the groups' means differ by at least 10 %.
    """
    count = len(samples_ns)
    least = math.ceil(MODE_SHARE * count)
    if count < 20:
        return False
    cap = stats.quantile(samples_ns, 0.99)
    logs = sorted(math.log(min(sample, cap)) for sample in samples_ns)
    sums = [0.0, *itertools.accumulate(logs)]
    mean = sums[-1] / count
    variance = sum((value - mean) ** 2 for value in logs) / count
    if variance == 0.0:
        return False
    best_share, best_gap = 0.0, 0.0
    for split in range(least, count - least + 1):
        gap = (sums[-1] - sums[split]) / (count - split) - sums[split] / split
        share = split * (count - split) / count**2 * gap**2 / variance
        if share > best_share:
            best_share, best_gap = share, gap
    return best_share >= MODE_SEPARATION and best_gap >= math.log(MODE_RATIO)
