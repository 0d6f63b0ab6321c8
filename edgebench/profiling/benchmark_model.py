"""Android without Python: TensorFlow's own ``benchmark_model`` in place of the agent.

It tells means, not samples: each fresh process gives a block of one sample, the mean over its invokes. It reads no
conditions of the device, so what makes a block invalid is known only as far as runtime, delegate and cores.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgebench.agent.sampling import BLOCK_MAX_S, MIN_SAMPLES, WARMUP_MIN_S, WINDOW_SAMPLES
from edgebench.devices import Completed, Device, sha256_of, upload
from edgebench.errors import InputError, UnavailableError, WorkError
from edgebench.profiling.link import without_python
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.validity import TimedBlock, judge

PROGRAM = "benchmark_model"
RUNTIME = "tflite"
MIB = 1024 * 1024
USES_XNNPACK = {None: "true", "xnnpack": "true", "none": "false"}
UNKNOWN_CONDITIONS = dict.fromkeys(
    (
        "governor",
        "frequency_khz",
        "max_frequency_khz",
        "temperature_c",
        "load_1m",
        "throttle_count",
        "throttled_now",
    )
)
SHORT_S = 30.0

_NUMBER = r"([0-9.]+(?:e[+-]?[0-9]+)?)"
_STATISTICS = re.compile(
    r"^(?:[A-Z]+: )?(Timings \(microseconds\): )?count=(\d+) (.*)$", re.MULTILINE
)
_VALUE = re.compile(rf"\b(\w+)={_NUMBER}")
_INIT = re.compile(rf"inference timings in us:.*?\bInit: {_NUMBER}", re.IGNORECASE)
_SESSION = re.compile(rf"Initialized session in {_NUMBER} ?ms")
_FIRST = re.compile(rf"First inference: {_NUMBER}")
_PEAK = re.compile(rf"Overall peak memory footprint \(MB\) via periodic monitoring: {_NUMBER}")
_GROWTH = re.compile(
    rf"(?:Peak memory footprint|Memory footprint delta from the start of the tool) \(MB\): init=\S+ overall={_NUMBER}"
)
_TAKEN = re.compile(
    r"Explicitly applied XNNPACK delegate, and the model graph will be (?:completely|partially) executed"
    r"|Replacing [1-9]\d* out of \d+ node\(s\) with delegate \(TfLiteXNNPackDelegate\)"
)
_NOT_TAKEN = re.compile(r"XNNPACK delegate\b.*the model graph will not be executed by the delegate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run of benchmark_model told; what it did not tell is None.

    ``peak_rss_bytes`` is that of the whole process, which only builds since TensorFlow 2.9 or so tell, when asked;
    ``growth_bytes`` is by how much the process grew since its start.
    """

    invokes: int
    mean_ns: float
    init_ns: int
    first_ns: int
    warmup_invokes: int
    delegate: str | None
    peak_rss_bytes: int | None
    growth_bytes: int | None


def stands_in(device: Device) -> bool:
    """Return whether benchmark_model measures on an open device: it has no Python, and its file names the program."""
    return not device.python and device.document.benchmark_model is not None


def parse(text: str) -> Report:
    """Read what benchmark_model printed, on standard output and standard error together.

    Raises:
        ValueError: It tells no timings.
    """
    found = [
        (bool(timings), int(count), _values(rest))
        for timings, count, rest in _STATISTICS.findall(text)
    ]
    # A profile of operators has timings of its own; the runs' are those without that title.
    runs = [(count, values) for titled, count, values in found if not titled and values]
    runs = runs or [(count, values) for titled, count, values in found[:1] if values]
    init_us, init_ms = _number(_INIT, text), _number(_SESSION, text)
    if not runs or (init_us is None and init_ms is None):
        raise ValueError("it tells no timings")
    invokes, values = runs[-1]
    warmup_invokes, warmup = runs[-2] if len(runs) > 1 else (0, values)
    first_us = _number(_FIRST, text) or warmup.get("first", warmup["curr"])
    return Report(
        invokes=invokes,
        mean_ns=values.get("avg", values["curr"]) * 1e3,
        init_ns=round(init_us * 1e3 if init_us is not None else (init_ms or 0.0) * 1e6),
        first_ns=round(first_us * 1e3),
        warmup_invokes=warmup_invokes,
        delegate=_delegate(text),
        peak_rss_bytes=_bytes(_number(_PEAK, text)),
        growth_bytes=_bytes(_number(_GROWTH, text)),
    )


def time_block(device: Device, model: Path, plan: MeasurePlan) -> TimedBlock:
    """Time one block in a fresh process of benchmark_model.

    Raises:
        InputError: It cannot read such a file, or the device file asks for what only the agent can do.
        UnavailableError: The device file names no benchmark_model, or it lacks the plan's runtime or delegate.
        WorkError: The model does not run.
    """
    program = _checked_program(device, model, plan)
    cores = sorted(set(plan.cores))
    prefix, affinity = _pinning(device, cores)
    report = _run(
        device,
        [*prefix, *_command(device, program, model, plan)],
        model,
    )
    answer = {
        "samples_ns": [report.mean_ns],
        "invokes_per_sample": report.invokes,
        "init_ns": report.init_ns,
        "first_ns": report.first_ns,
        "warmup_invokes": report.warmup_invokes,
        "warmup_stable": True,
        "runtime": RUNTIME,
        "runtime_version": PROGRAM,
        "delegate": report.delegate,
        "threads": plan.threads,
        "pinned": cores or None,
        "affinity": affinity,
        "cooled": None,
        "before": UNKNOWN_CONDITIONS,
        "after": UNKNOWN_CONDITIONS,
        "agent": {"version": PROGRAM, "sha256": sha256_of(program)},
        "model_sha256": sha256_of(model),
    }
    return judge(answer, plan)


def peak_rss_bytes(device: Device, model: Path, plan: MeasurePlan) -> int | None:
    """Return the peak resident memory of a fresh run, as benchmark_model watched it; None where it cannot.

    Raises as `time_block` does.
    """
    program = _checked_program(device, model, plan)
    command = _command(device, program, model, plan)
    return _run(device, [*command, "--report_peak_memory_footprint=true"], model).peak_rss_bytes


def program_sha256(device: Device) -> str:
    """Return the SHA-256 of the program that the device file names.

    Raises:
        InputError: It is not there.
        UnavailableError: The device file names none.
    """
    return sha256_of(_program(device))


def _program(device: Device) -> Path:
    document = device.document
    if document.benchmark_model is None:
        raise without_python(document.name)
    program = Path(document.benchmark_model).expanduser()
    if not program.is_file():
        raise InputError(
            f"{program} does not exist", why=f"it is the benchmark_model of {document.name}"
        )
    return program


def _checked_program(device: Device, model: Path, plan: MeasurePlan) -> Path:
    """Return the local benchmark_model, once it is known to do what is asked."""
    document, program = device.document, _program(device)
    if not model.is_file():
        raise InputError(f"{model} does not exist", why="expected a model file there")
    if model.suffix != ".tflite":
        raise InputError(
            f"benchmark_model reads .tflite files, not {model.name}",
            why=f"{document.name} has no Python, so nothing else can run there",
            remedy="export the model as .tflite",
        )
    allowed = document.runtimes or (RUNTIME,)
    if plan.runtime not in {"auto", RUNTIME} or RUNTIME not in allowed:
        wanted = plan.runtime if plan.runtime != "auto" else " or ".join(allowed)
        raise UnavailableError(
            f"{document.name} has no {wanted}: its benchmark_model is the runtime {RUNTIME}",
            remedy=f"name the runtime {RUNTIME}, or `auto`",
        )
    if plan.delegate not in USES_XNNPACK:
        raise UnavailableError(
            f"benchmark_model has no delegate {plan.delegate} here; it has xnnpack and none",
            remedy="choose another delegate",
        )
    for key, is_asked in (
        ("cooling", document.cooling is not None),
        ("budget: {peak_rss_mb: ...}", document.budget.peak_rss_mb is not None),
    ):
        if is_asked:
            raise InputError(
                f"{key} in the device file of {document.name} needs Python on the device",
                why="benchmark_model can neither wait until a device is cool nor be held to a memory budget",
                remedy="remove the key, or install Python on the device",
            )
    return program


def _command(device: Device, program: Path, model: Path, plan: MeasurePlan) -> list[str]:
    remote = upload(device, program)
    made = device.run(["chmod", "755", remote], SHORT_S)
    if made.returncode != 0:
        raise WorkError(
            f"benchmark_model cannot be made executable on {device.document.name}",
            why=_last_words(made),
        )
    return [
        f"./{remote}",
        f"--graph={upload(device, model)}",
        f"--num_threads={plan.threads}",
        f"--use_xnnpack={USES_XNNPACK[plan.delegate]}",
        f"--warmup_runs={WINDOW_SAMPLES}",
        f"--warmup_min_secs={min(WARMUP_MIN_S, plan.block_s):g}",
        f"--num_runs={MIN_SAMPLES}",
        f"--min_secs={plan.block_s:g}",
        f"--max_secs={BLOCK_MAX_S:g}",
    ]


def _pinning(device: Device, cores: Sequence[int]) -> tuple[list[str], list[int] | None]:
    """Return what to put before a command to pin it, and the cores that this really gives."""
    if not cores:
        return [], None
    prefix = ["taskset", f"{sum(1 << core for core in cores):x}"]
    told = device.run([*prefix, "cat", "/proc/self/status"], SHORT_S)
    match = re.search(r"^Cpus_allowed_list:\s*([0-9,-]+)$", told.stdout, re.MULTILINE)
    if told.returncode != 0 or match is None:
        raise InputError(
            f"{device.document.name} cannot be pinned to cores {list(cores)}",
            why=_last_words(told),
            remedy="name cores that the device has, or none",
        )
    ranges = [part.split("-") for part in match[1].split(",")]
    return prefix, [core for ends in ranges for core in range(int(ends[0]), int(ends[-1]) + 1)]


def _run(device: Device, argv: Sequence[str], model: Path) -> Report:
    name = device.document.name
    ended = device.run(argv, device.document.budget.timeout_s)
    if ended.returncode < 0:
        number = -ended.returncode
        known = number in signal.valid_signals()
        told = signal.Signals(number).name if known else f"signal {number}"
        raise WorkError(f"benchmark_model on {name} was ended by {told}")
    if ended.returncode != 0:
        raise WorkError(
            f"benchmark_model on {name} does not run {model.name} (exit {ended.returncode})",
            why=_last_words(ended),
        )
    try:
        return parse(f"{ended.stdout}\n{ended.stderr}")
    except ValueError as error:
        raise WorkError(
            f"what benchmark_model on {name} printed cannot be understood: {error}",
            why=_last_words(ended),
            remedy="use a benchmark_model of TensorFlow 2",
        ) from None


def _last_words(ended: Completed) -> str:
    lines = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
    return lines[-1] if lines else ""


def _values(text: str) -> Mapping[str, float]:
    return {name: float(value) for name, value in _VALUE.findall(text)}


def _number(pattern: re.Pattern[str], text: str) -> float | None:
    match = pattern.search(text)
    return None if match is None else float(match[1])


def _bytes(mebibytes: float | None) -> int | None:
    """Return bytes; 0 is how platforms without the number are told."""
    return round(mebibytes * MIB) if mebibytes else None


def _delegate(text: str) -> str | None:
    """Return ``xnnpack`` where it took nodes, ``none`` where it took none or is not spoken of, else None."""
    if _TAKEN.search(text):
        return "xnnpack"
    is_made = re.search(r"XNNPACK delegate", text)
    return None if is_made and not _NOT_TAKEN.search(text) else "none"
