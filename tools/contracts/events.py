"""events/<service>/: JSON Schema and one example per event and version."""

from datetime import UTC, datetime
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from shop import events as kernel
from shop import ids, trace
from shop.deploy import discover
from shop.events import Envelope, EventData

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
TRACE = trace.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "req-1")
SAMPLES: dict[str, Any] = {
    "sku": "TEA-0001-S", "quantity": 2, "location": "use1-ewr", "amount": 2599, "currency": "USD",
    "unit_price": 1250, "psp": "stripe", "psp_reference": "pi_3example", "side": "debit",
    "account": "2100:USD", "country": "US", "version": 1, "code": "card_declined",
    "invariant": "I2", "subject_id": "TEA-0001-S@use1-ewr",
}  # fmt: skip
KINDS = {**discover().ids, "cause_event_id": "evt"}


def schema(service: str, cls: type[EventData]) -> dict[str, Any]:
    """JSON Schema (2020-12) of the envelope with this event's data."""
    generated = Envelope[cls].model_json_schema()  # type: ignore[valid-type]
    properties = generated["properties"]
    properties["type"] = {"const": cls.TYPE}
    properties["version"] = {"const": cls.VERSION}
    properties["producer"] = {"const": f"shop.{service}"}
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:cartwright:event:{cls.TYPE}:{cls.VERSION}",
        **generated,
        "title": cls.TYPE,
        "description": (cls.__doc__ or "").strip(),
    }


def example(service: str, cls: type[EventData]) -> dict[str, Any]:
    """The event as EventBridge delivers it."""
    data = cls.model_validate(_sample(cls.model_json_schema(), {}))
    subject = next(
        (v for k, v in data.model_dump().items() if k in KINDS and isinstance(v, str)),
        ids.derive("evt", cls.TYPE, region="use1"),
    )
    made = kernel.event(data, producer=service, subject=subject, sequence=1, now=AT, trace=TRACE)
    return {
        "source": f"shop.{service}",
        "detail-type": cls.TYPE,
        "time": made.body["occurred_at"],
        "detail": made.body,
    }


def _sample(schema: dict[str, Any], definitions: dict[str, Any], name: str = "") -> Any:
    definitions = schema.get("$defs", definitions)
    if "$ref" in schema:
        return _sample(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions, name)
    fixed = [schema["const"]] if "const" in schema else schema.get("enum")
    if fixed:
        return fixed[0]
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], definitions, name)
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        return {key: _sample(item, definitions, key) for key, item in fields.items()}
    if schema.get("type") == "array":
        return [_sample(schema["items"], definitions, name)]
    return _scalar(schema, name)


def _scalar(schema: dict[str, Any], name: str) -> Any:
    if name in KINDS:
        return ids.derive(KINDS[name], "example", region="use1")
    if name.endswith("_at"):
        return "2026-01-02T03:04:05.678Z"
    if name in SAMPLES:
        return SAMPLES[name]
    return {"integer": 1, "boolean": True, "number": 1}.get(schema.get("type", ""), "example")


def incompatible(old: dict[str, Any], new: dict[str, Any], path: str = "data") -> list[str]:
    """Why a reader of `old` could not read an event of `new`; empty if it can.

    Inside a version a field may be added; it may not go, change its type, or become optional.
    """
    old_data, new_data = _resolve(old), _resolve(new)
    found = []
    for name, field in old_data.get("properties", {}).items():
        where = f"{path}.{name}"
        other = new_data.get("properties", {}).get(name)
        if other is None:
            found.append(f"{where} is gone")
        elif _kind(field) != _kind(other):
            found.append(f"{where} changed its type")
        elif name in old_data.get("required", []) and name not in new_data.get("required", []):
            found.append(f"{where} is no longer always there")
    return found


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("properties", {}).get("data", {}).get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[1]] if reference else schema


def _kind(field: dict[str, Any]) -> Any:
    kinds = [field.get("type"), field.get("$ref"), field.get("const")]
    kinds += [option.get("type") for option in field.get("anyOf", [])]
    items = field.get("items") or {}
    return [*kinds, items.get("type"), items.get("$ref")]
