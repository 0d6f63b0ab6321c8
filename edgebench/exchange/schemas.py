"""JSON Schemas (draft 2020-12) of the files that people write and programs read, made of the types behind them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from edgebench.devices import DeviceDocument
from edgebench.errors import UnknownNameError
from edgebench.exchange.measurement import ProfileDocument
from edgebench.report import Summary
from edgebench.suites import ModelSuiteDocument, SuiteDocument

SCHEMAS: dict[str, tuple[Any, str]] = {
    "suite": (SuiteDocument | ModelSuiteDocument, "A suite of edgebench"),
    "device": (DeviceDocument, "A device of edgebench"),
    "summary": (Summary, "The summary of a run of edgebench"),
    "measurement": (ProfileDocument, "Model files, measured on devices by edgebench"),
}
READ = ("suite", "device")


class _Untitled(GenerateJsonSchema):
    """Without the titles that only repeat a key, so that an editor shows what is worth showing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(name: str) -> dict[str, Any]:
    """Return the schema of that name, of `SCHEMAS`; raises `UnknownNameError` where there is none."""
    if name not in SCHEMAS:
        raise UnknownNameError("a schema", name, SCHEMAS)
    kind, title = SCHEMAS[name]
    mode: JsonSchemaMode = "validation" if name in READ else "serialization"
    made = TypeAdapter(kind).json_schema(mode=mode, schema_generator=_Untitled)
    return {"$schema": _Untitled.schema_dialect, **made, "title": title}


def schema_text(name: str) -> str:
    """Return the schema as the file ``schemas/NAME.schema.json`` holds it."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
