"""A device file's contents."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, model_validator

from edgebench import plugins
from edgebench.documents import Record

Core = Annotated[int, Field(ge=0, le=4095)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@%-]*$", max_length=255)]
SHELL_SIGNS = r"\x00-\x1f\x7f;&|<>`$\"'\\!*?(){}\[\]#"
PathText = Annotated[
    str,
    Field(
        pattern=rf"^[^\s~{SHELL_SIGNS}-][^{SHELL_SIGNS}]*$|^~(/[^{SHELL_SIGNS}]*)?$",
        max_length=1024,
    ),
]
# Of frameworks and runtimes alone: no variable that makes a program load or run something else.
FRAMEWORKS = "CUDA|HIP|JAX|KERAS|MKL|NVIDIA|OMP|OPENBLAS|ORT|ROCR|TF|TFLITE|TORCH|TRT|XLA|XNNPACK"
VariableName = Annotated[str, Field(pattern=rf"^({FRAMEWORKS})_[A-Z0-9_]+$", max_length=255)]
VariableValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.,:=/@%+-]+$", max_length=255)]
BUILT_IN_TRANSPORTS: tuple[str, ...] = ("local", "ssh", "adb")
RuntimeName = Literal["litert", "tflite", "ort", "keras"]


def _known_transport(name: str) -> str:
    if name in BUILT_IN_TRANSPORTS:
        return name
    names = (*BUILT_IN_TRANSPORTS, *plugins.names("devices"))
    if name not in names:
        raise ValueError(f"should be one of {', '.join(names)}")
    return name


TransportName = Annotated[Word, AfterValidator(_known_transport)]


class Transport(Record):
    """How a device is reached. Only ssh has a host's details, only adb a serial; no secret is ever written here.

    A plugin's transport may have any of these.
    """

    kind: TransportName
    serial: Word | None = None
    host: Word | None = None
    user: Word | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    identity_file: PathText | None = None
    known_hosts: PathText | None = None

    @model_validator(mode="after")
    def _check(self) -> Transport:
        if self.kind == "ssh" and self.host is None:
            raise ValueError("ssh needs a host")
        if self.kind == "local" and self.model_fields_set - {"kind"}:
            raise ValueError("local takes nothing but its kind")
        if self.kind == "adb" and self.model_fields_set - {"kind", "serial"}:
            raise ValueError("adb takes nothing but its kind and a serial")
        if self.kind == "ssh" and self.serial is not None:
            raise ValueError("ssh takes no serial")
        return self


class Cooling(Record):
    """Wait before each block until the device is no hotter than this."""

    max_start_c: PositiveFloat
    wait_s: NonNegativeFloat = 120.0


class Budget(Record):
    """What one run of the agent may take, and how long to go on trying to reach a device whose link broke."""

    peak_rss_mb: PositiveFloat | None = None
    timeout_s: PositiveFloat = 120.0
    reconnect_s: NonNegativeFloat = 60.0


class DeviceDocument(Record):
    """One device. Without ``cores`` the quietest are chosen; without ``runtimes`` all may be used.

    A search ranks by ``rank_by``: ``p50`` is the median of the block medians, ``floor`` the least tenth percentile of a
    block, which stays the same where other tenants of a machine come and go. By default it is the floor on a virtual
    machine, else p50.
    ``benchmark_model`` is a local path of TensorFlow's program of that name, for Android without Python.
    ``environment`` holds variables that every run of the agent is given, such as ``KERAS_BACKEND``.
    """

    name: Word
    transport: Transport
    python: PathText | None = None
    work_dir: PathText | None = None
    benchmark_model: PathText | None = None
    cores: tuple[Core, ...] = ()
    runtimes: tuple[RuntimeName, ...] = ()
    environment: dict[VariableName, VariableValue] = Field(default_factory=dict)
    cooling: Cooling | None = None
    budget: Budget = Budget()
    rank_by: Literal["p50", "floor"] | None = None
