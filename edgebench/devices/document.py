"""A device file's contents."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from edgebench.documents import Record

Core = Annotated[int, Field(ge=0, le=4095)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@%-]*$", max_length=255)]
VariableName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=255)]
VariableValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.,:=/@%+-]+$", max_length=255)]
RuntimeName = Literal["litert", "tflite", "ort", "keras"]


class Transport(Record):
    """How a device is reached. Only ssh has a host's details; no secret is ever written here."""

    kind: Literal["local", "ssh", "adb"]
    host: Word | None = None
    user: Word | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    identity_file: str | None = None
    known_hosts: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Transport:
        if self.kind == "ssh" and self.host is None:
            raise ValueError("ssh needs a host")
        if self.kind == "local" and self.model_fields_set - {"kind"}:
            raise ValueError("local takes nothing but its kind")
        return self


class Cooling(Record):
    """Wait before each block until the device is no hotter than this."""

    max_start_c: PositiveFloat
    wait_s: NonNegativeFloat = 120.0


class Budget(Record):
    """What one run of the agent may take."""

    peak_rss_mb: PositiveFloat | None = None
    timeout_s: PositiveFloat = 120.0


class DeviceDocument(Record):
    """One device. Without ``cores`` the quietest are chosen; without ``runtimes`` all may be used.

    ``environment`` holds variables that every run of the agent is given, such as ``KERAS_BACKEND``.
    """

    name: Word
    transport: Transport
    python: str | None = None
    work_dir: str | None = None
    cores: tuple[Core, ...] = ()
    runtimes: tuple[RuntimeName, ...] = ()
    environment: dict[VariableName, VariableValue] = Field(default_factory=dict)
    cooling: Cooling | None = None
    budget: Budget = Budget()
