"""The gate as a pytest fixture: ``edgebench_gate(model)`` holds a file against its baseline, and fails the test it stands in.

pytest loads this with every session of an environment that has edgebench, so nothing else is imported before a gate runs.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from edgebench.gate import Check, GateResult

MARKER = "edgebench_device"
OUTPUT = "edgebench_gates"


class InconclusiveWarning(UserWarning):
    """The pairs of a gate show neither a regression nor its absence."""


class _Gates:
    """What the gates of this session came to, as documents: processes of pytest-xdist can hand these over."""

    def __init__(self, config: pytest.Config) -> None:
        self.documents: list[dict[str, Any]] = []
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a process of pytest-xdist held."""
        self.documents += getattr(node, "workeroutput", {}).get(OUTPUT, [])

    def pytest_sessionfinish(self) -> None:
        output = getattr(self._config, "workeroutput", None)
        path = self._config.getoption("edgebench_json")
        if output is not None:
            output[OUTPUT] = self.documents
        elif path is not None:
            self._write(self._config.invocation_params.dir / path)

    def _write(self, path: Path) -> None:
        from edgebench import scratch
        from edgebench.gate.benchmark_json import results_as_benchmarks
        from edgebench.gate.document import from_document

        results = [from_document(document) for document in self.documents]
        content = json.dumps(results_as_benchmarks(results), indent=2, allow_nan=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.replacing(path) as partial:
            partial.write_text(content + "\n", encoding="utf-8")


_GATES = pytest.StashKey[_Gates]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("edgebench", "edgebench: gates on model files")
    group.addoption(
        "--edgebench-baseline",
        metavar="DIR",
        help="What gates compare with: a baseline folder, a folder of model files, a file or a run.",
    )
    group.addoption(
        "--edgebench-device",
        metavar="NAME",
        action="append",
        help="Where gates measure: a device's name or file. Repeat. Default: local.",
    )
    group.addoption(
        "--edgebench-json",
        metavar="FILE",
        help="Write the latencies of all gates there, in pytest-benchmark's schema.",
    )
    group.addoption(
        "--edgebench-strict",
        action="store_true",
        help="Fail where a gate stays undecided, instead of a warning.",
    )


def pytest_configure(config: pytest.Config) -> None:
    line = "edgebench_device(name): measure on this device; skipped where it is unknown or another is asked for"
    config.addinivalue_line("markers", line)
    gates = config.stash[_GATES] = _Gates(config)
    config.pluginmanager.register(gates, "edgebench-gates")


def pytest_runtest_setup(item: pytest.Item) -> None:
    name = _marked(item)
    if name is None:
        return
    asked = item.config.getoption("edgebench_device")
    if asked and name not in asked:
        pytest.skip(f"marked for {name}, and --edgebench-device names {', '.join(asked)}")

    from edgebench.devices import find_device
    from edgebench.errors import UnknownNameError

    try:
        find_device(name)
    except UnknownNameError as error:
        pytest.skip(f"{error.message}: {error.why}")


@pytest.fixture
def edgebench_gate(request: pytest.FixtureRequest) -> Callable[..., GateResult]:
    """A function that holds a model file against its baseline.

    ``edgebench_gate(model, *, baseline=None, margin=None, device=None, **options)``

    Args of the function:
        model: The file.
        baseline: What to compare it with; None for ``--edgebench-baseline``. Of several files, that of the model's name counts.
        margin: How much longer the model may take, as a share; .05 where neither this nor ``margins=`` says otherwise.
        device: A device's name or file, or several; None for the test's marker, then ``--edgebench-device``, then local.
        **options: As `edgebench.api.compare` takes them.

    Returns the result where the model is no worse. Undecided is an `InconclusiveWarning`, or with ``--edgebench-strict`` a
    failure.

    Raises:
        Failed: something regressed; each red check has its sentence.
        IncomparableError: model and baseline, or their devices or runtimes, cannot be compared.
        UnavailableError: a device was not fit for it.
        InputError: there is no baseline, or an argument is wrong.
    """
    config, node = request.config, request.node

    def gate(
        model: str | Path,
        *,
        baseline: str | Path | None = None,
        margin: float | None = None,
        device: str | Sequence[str] | None = None,
        **options: Any,
    ) -> GateResult:
        __tracebackhide__ = True
        from edgebench.api import compare
        from edgebench.gate.document import as_document

        if device is None:
            device = _marked(node) or config.getoption("edgebench_device") or "local"
        result = compare(
            baseline or _default_baseline(config), model, device=device, margin=margin, **options
        )
        result = _of_model(result, Path(model).name)
        config.stash[_GATES].documents.append(as_document(result))
        require_green(result, strict=config.getoption("edgebench_strict"))
        return result

    return gate


def require_green(result: GateResult, *, strict: bool = False) -> None:
    """Fail, raise or warn by what a gate found; nothing where it passed.

    Raises:
        Failed: something regressed; with ``strict``, or stayed undecided.
        IncomparableError: something could not be compared.
        UnavailableError: a device was not fit for it.
    """
    __tracebackhide__ = True
    from edgebench.errors import IncomparableError, UnavailableError
    from edgebench.gate import Verdict

    sentences = "\n".join(
        _sentence(check)
        for check in result.checks
        if check.verdict not in (Verdict.PASS, Verdict.IMPROVED)
    )
    match result.verdict:
        case Verdict.REGRESSED:
            pytest.fail(sentences, pytrace=False)
        case Verdict.INCOMPARABLE:
            raise IncomparableError(sentences)
        case Verdict.ENVIRONMENT:
            raise UnavailableError(sentences)
        case Verdict.INCONCLUSIVE if strict:
            pytest.fail(sentences, pytrace=False)
        case Verdict.INCONCLUSIVE:
            warnings.warn(sentences, InconclusiveWarning, stacklevel=3)


def _sentence(check: Check) -> str:
    where = f" on {check.device}" if check.device else ""
    kind = check.kind.replace("_", " ")
    return f"{check.verdict.value}: {check.benchmark}, {kind}{where}: {check.sentence}"


def _marked(node: Any) -> str | None:
    """Return the device that a test is marked for."""
    marker = node.get_closest_marker(MARKER)
    if marker is None:
        return None
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str):
        raise ValueError(f"{MARKER} takes one name: @pytest.mark.{MARKER}('pi4')")
    return marker.args[0]


def _default_baseline(config: pytest.Config) -> str:
    found = config.getoption("edgebench_baseline")
    if found is None:
        from edgebench.errors import InputError

        raise InputError(
            "edgebench_gate has no baseline to compare with",
            remedy="run pytest with --edgebench-baseline DIR, or give baseline=",
        )
    return str(found)


def _of_model(result: GateResult, name: str) -> GateResult:
    """Leave out what a baseline of several files holds of others; those are for other tests."""
    import dataclasses

    own = tuple(check for check in result.checks if check.benchmark == name)
    return dataclasses.replace(result, checks=own) if own else result
