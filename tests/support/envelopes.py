"""Events as they come from the bus."""

import json
from typing import Any

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def envelope(type_: str, data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event of version 1."""
    return {
        "id": "evt_use1_00000000000000000000000001",
        "type": type_,
        "version": 1,
        "occurred_at": "2026-11-22T10:00:00.000Z",
        "producer": "shop.test",
        "subject": "pay_use1_00000000000000000000000001",
        "sequence": 1,
        "correlation_id": "0af7651916cd43dd8448eb211c80319c",
        "causation_id": "req-1",
        "traceparent": TRACEPARENT,
        "data": data,
    } | changes


def message(id_: str, detail: object) -> dict[str, Any]:
    """An SQS record of it."""
    return {"messageId": id_, "body": json.dumps({"detail": detail})}
