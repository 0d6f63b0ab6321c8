"""Asking the agent on a device to do a job, and telling its errors in the user's terms."""

from __future__ import annotations

import json
import signal
from typing import Any

from edgebench import plugins
from edgebench.agent.job import Job, ModelJob, write_job
from edgebench.devices import Completed, Device, DeviceTimeoutError, upload
from edgebench.errors import (
    DeviceError,
    EdgebenchError,
    InputError,
    UnavailableError,
    WorkError,
)
from edgebench.profiling.bundle import Bundle, build_bundle
from edgebench.runtimes import RUNTIMES

START_UP_S = 30.0
LAST_WORDS = 500
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
ERRORS: dict[str, tuple[type[EdgebenchError], str]] = {
    "model_missing": (InputError, "check the path"),
    "format_mismatch": (InputError, "name a runtime that reads this format, or `auto`"),
    "model_rejected": (InputError, "export the file again"),
    "model_too_large": (InputError, "use a smaller model"),
    "inputs_rejected": (InputError, "give inputs of the model's shape and type"),
    "cores_unavailable": (InputError, "name cores that the device has"),
    "runtime_missing": (UnavailableError, "install it there, or choose another runtime"),
    "runtime_broken": (UnavailableError, "run `edgebench doctor`"),
    "delegate_missing": (UnavailableError, "choose another delegate"),
    "device_busy": (DeviceError, "wait for the other measurement to end"),
    "storage": (DeviceError, "free some space there, or check that its storage can be written"),
    "over_budget": (WorkError, "raise budget: {peak_rss_mb: ...}, or use a smaller model"),
    "out_of_memory": (DeviceError, "use a smaller model, or free memory there"),
    "invoke_failed": (WorkError, ""),
}


class IllegalInstructionError(UnavailableError):
    """A runtime was built for another processor than the device has."""


class AgentLink:
    """The agent on one device: put there unless it is, then asked job after job, each in a fresh process.

    Raises:
        UnavailableError: The device has no Python.
    """

    def __init__(self, device: Device) -> None:
        if not device.python:
            raise without_python(device.document.name)
        self._device = device
        self._bundle = build_bundle()

    def ask(self, job: Job, timeout_s: float) -> dict[str, Any]:
        """Return the agent's answer.

        Raises:
            EdgebenchError: What `ERRORS` says of the agent's own error; `DeviceError` where it gave no answer.
        """
        bundle = self._bundle_for(job)
        remote = upload(self._device, bundle.path)
        # Not -I, which hides what `pip install` put into the user's own folder.
        argv = [*self._environment(), self._device.python, "-E", remote, write_job(job)]
        completed = self._device.run(argv, timeout_s + job.lock_wait_s + START_UP_S)
        if completed.returncode < 0:
            raise _ended_by_signal(-completed.returncode, self._device.document.name, timeout_s)
        answer = self._parse(completed)
        if "error" in answer:
            raise _as_user_error(answer["error"], self._device.document.name)
        if answer["agent"]["sha256"] != bundle.sha256:
            raise DeviceError(
                f"the agent that ran on {self._device.document.name} is not the one that was put there",
                remedy="delete the folder uploads in its working folder and run again",
            )
        return answer

    def _bundle_for(self, job: Job) -> Bundle:
        """Return the agent that can do a job: with the runtime of a plugin that it asks for."""
        if not isinstance(job, ModelJob) or job.runtime in {"auto", *RUNTIMES}:
            return self._bundle
        return build_bundle(runtime=plugins.find("runtimes", job.runtime))

    def _environment(self) -> list[str]:
        """Return the start of a command that sets the device file's variables; empty where it has none."""
        pairs = [f"{name}={value}" for name, value in self._device.document.environment.items()]
        return ["env", *pairs] if pairs else []

    def _parse(self, completed: Completed) -> dict[str, Any]:
        try:
            answer = json.loads(completed.stdout)
            if isinstance(answer, dict) and "agent" in answer:
                return answer
        except ValueError:
            pass
        raise DeviceError(
            f"the agent on {self._device.document.name} gave no answer (exit {completed.returncode})",
            why=completed.stderr.strip()[-LAST_WORDS:],
            remedy=f"check that {self._device.python} there is Python 3.8 or later",
        )


def without_python(device: str) -> UnavailableError:
    """Return the error of a device on which no agent can run."""
    return UnavailableError(
        f"{device} has no Python, which measuring needs",
        why="neither the device file nor the device names one of 3.8 or later",
        remedy="install Python there and name it as `python:` in the device file, or name TensorFlow's native"
        " program as `benchmark_model:` to time .tflite files",
    )


def _as_user_error(error: dict[str, str], device: str) -> EdgebenchError:
    kind, message = error["kind"], error["message"]
    if kind not in ERRORS:
        return WorkError(f"the agent on {device} failed: {message}", why=kind)
    error_type, remedy = ERRORS[kind]
    return error_type(f"{message} (on {device})", remedy=remedy)


def _ended_by_signal(number: int, device: str, timeout_s: float) -> EdgebenchError:
    name = signal.Signals(number).name if number in signal.valid_signals() else f"signal {number}"
    if number == signal.SIGALRM:
        return DeviceTimeoutError(
            f"the agent on {device} took longer than {timeout_s:g} s",
            remedy="raise budget: {timeout_s: ...} in the device file, or use a smaller model",
        )
    if number == signal.SIGILL:
        return IllegalInstructionError(
            f"the runtime uses instructions that the processor of {device} lacks ({name})",
            remedy="install a build for this processor, or choose another runtime",
        )
    if number in FROM_OUTSIDE:
        return DeviceError(
            f"the agent on {device} was ended by {name}",
            why="the system may have run out of memory, or be shutting down",
            remedy="free memory there, or use a smaller model",
        )
    return WorkError(f"the agent on {device} was ended by {name}")
