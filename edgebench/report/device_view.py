"""The device view: the same model files on several devices, as one offline page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgebench.profiling import Profiled
from edgebench.records import DeviceInfo, Environment
from edgebench.report import figures
from edgebench.report.charts.devices import devices_chart
from edgebench.report.page import environment, pack


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model file on all devices. ``cells`` are in the order of the devices; None where it was not measured."""

    label: str
    size_bytes: int
    cells: tuple[Profiled | None, ...]

    def times_as_long(self, cell: Profiled) -> float | None:
        """Return how often the first device's p50 goes into this one's; None without either."""
        first = self.cells[0]
        if first is None or first is cell:
            return None
        ends = (first.measurement.p50_ms, cell.measurement.p50_ms)
        return ends[1] / ends[0] if all(map(figures.is_number, ends)) else None


def model_rows(rows: Sequence[Profiled], devices: Sequence[str]) -> list[ModelRow]:
    """Return one row a model file; files of one name are numbered.

    Args:
        rows: Of each device all files, in one order.
        devices: Their names, in the order of the columns.
    """
    on = {name: [row for row in rows if row.measurement.device == name] for name in devices}
    count = max(map(len, on.values()), default=0)
    seen: Counter[str] = Counter()
    found = []
    for number in range(count):
        cells = tuple(on[name][number] if number < len(on[name]) else None for name in devices)
        known = next(cell for cell in cells if cell is not None)
        name = known.measurement.model_name
        seen[name] += 1
        label = name if seen[name] == 1 else f"{name} ({seen[name]})"
        found.append(ModelRow(label=label, size_bytes=known.size_bytes, cells=cells))
    return found


def render_device_view(
    title: str, rows: Sequence[Profiled], devices: Mapping[str, DeviceInfo]
) -> str:
    """Return the page as HTML; all text is escaped.

    Args:
        title: What was profiled.
        rows: Of each device all files, in one order.
        devices: The facts of each device by its name, in the order of the columns.
    """
    models = model_rows(rows, list(devices))
    drawn = devices_chart(
        {row.label: [c.measurement for c in row.cells if c is not None] for row in models}
    )
    drawings = {drawn.name: drawn} if drawn else {}
    dates = [row.measurement.measured_utc for row in rows if row.measurement.measured_utc]
    return (
        environment()
        .get_template("devices.html.j2")
        .render(
            title=title,
            models=models,
            devices=devices,
            about={name: device_sentence(info, rows) for name, info in devices.items()},
            drawings=drawings,
            pack=pack(drawings, with_tables=False),
            decimals=figures.decimals_for(row.measurement.p50_low_ms for row in rows),
            date=min(dates)[:16].replace("T", " ") if dates else "",
        )
    )


def device_sentence(info: DeviceInfo, rows: Sequence[Profiled]) -> str:
    """Return a sentence on a device and on how things were on it while it was measured."""
    seen = [row.measurement.environment for row in rows if row.measurement.device == info.name]
    return ", ".join([f"{info.name}: {info.model or info.machine}", *_facts(info, seen)]) + "."


def _facts(info: DeviceInfo, seen: Sequence[Environment]) -> Iterator[str]:
    if info.cores:
        yield f"{info.cores} cores"
    if any(environment.virtual for environment in seen):
        yield "a virtual machine"
    yield info.system
    if info.python:
        yield f"Python {info.python}"
    threads = sorted({environment.threads for environment in seen})
    yield f"{', '.join(map(str, threads))} {'thread' if threads == [1] else 'threads'}"
    cores = sorted({core for environment in seen for core in environment.affinity or ()})
    if cores:
        yield f"pinned to core {' or '.join(map(str, cores))}"
    governors = sorted({environment.governor for environment in seen if environment.governor})
    if governors:
        yield f"governor {', '.join(governors)}"
    warmth = [e.temperature_c for e in seen if e.temperature_c is not None]
    if warmth:
        yield f"at most {max(warmth):.0f} degrees"
    loads = [e.load_1m for e in seen if e.load_1m is not None]
    if loads:
        yield f"load average {min(loads):.1f} to {max(loads):.1f}"
