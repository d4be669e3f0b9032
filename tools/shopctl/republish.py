"""Publish again what rows still hold: the way back when a stream forgot events unpublished.

A stream keeps its records for 24 hours. A relay that was down for longer has lost its place, but a
row carries the events of its newest change until the next one. They are handed to the relay once
more, as the stream would have; consumers have their effect once per event. What a row no longer
holds, because it changed again, the auditor names (I6).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shop.deploy import Platform
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.rows import reachable
from tools.shopctl.target import Target

PAGE = 500  # rows that are read at a time
BATCH = 25  # rows that the relay is given at a time, as its stream does
_SHOWN = {"#pk": "pk", "#sk": "sk", "#outbox": "outbox"}


@dataclass(frozen=True, slots=True)
class Found:
    """What a page of a table held; `checkpoint` goes on behind it, "" at the end of all."""

    table: str
    rows: int
    events: int
    checkpoint: str


def republish(
    target: Target,
    platform: Platform,
    *,
    since: str,
    until: str,
    checkpoint: str = "",
    act: bool,
    pause: Callable[[], None],
) -> Iterator[Found]:
    """Go through the tables that carry events, page by page; with `act` publish what is found.

    `since` and `until` are RFC 3339 times of occurrence, both included. Raises Unusable for a
    checkpoint that is none, Failed when the relay did not take a batch: then everything up to the
    last checkpoint was published.
    """
    first, start = _parse(checkpoint, platform.publishing)
    relay = target.table(f"{platform.relay.service}-{platform.relay.name}")
    for name in platform.publishing[first:]:
        pages = _pages(target, name, start)
        start = None
        for rows, position in pages:
            held = [row for row in rows if _occurred(row, since, until)]
            if act:
                _hand_over(target, relay, held)
            events = sum(len(_envelopes(row)) for row in held)
            yield Found(name, len(held), events, _checkpoint(platform.publishing, name, position))
            pause()


def _pages(
    target: Target, table: str, start: Mapping[str, Any] | None
) -> Iterator[tuple[Sequence[dict[str, Any]], Mapping[str, Any] | None]]:
    """Keys and events of the rows that have any; nothing else leaves the table."""
    asked: dict[str, Any] = {
        "TableName": target.table(table),
        "Limit": PAGE,
        "FilterExpression": "attribute_exists(#outbox)",
        "ProjectionExpression": ", ".join(_SHOWN),
        "ExpressionAttributeNames": _SHOWN,
    }
    while True:
        with reachable(target):
            page = target.client("dynamodb").scan(
                **asked, **({"ExclusiveStartKey": start} if start else {})
            )
        start = page.get("LastEvaluatedKey")
        yield page["Items"], start
        if not start:
            return


def _envelopes(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(row["outbox"]["S"])
    return found


def _occurred(row: Mapping[str, Any], since: str, until: str) -> bool:
    """Text in the one form of our times sorts like the times (shop.clock)."""
    return any(since <= event["occurred_at"] <= until for event in _envelopes(row))


def _hand_over(target: Target, relay: str, rows: Sequence[Mapping[str, Any]]) -> None:
    records = [stream_record(row) for row in rows]
    for start in range(0, len(records), BATCH):
        payload = json.dumps({"Records": records[start : start + BATCH]}).encode()
        with reachable(target):
            answer = target.client("lambda").invoke(FunctionName=relay, Payload=payload)
        if answer.get("FunctionError"):
            raise Failed(f"{relay} failed: see its log, then go on from the last checkpoint.")


def stream_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the table's stream says of a row that carries events; `row` as DynamoDB writes it."""
    return {
        "eventID": _envelopes(row)[0]["id"],
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "SequenceNumber": "0",
            "Keys": {"pk": row["pk"], "sk": row["sk"]},
            "NewImage": {"outbox": row["outbox"]},
        },
    }


def _checkpoint(tables: Sequence[str], table: str, position: Mapping[str, Any] | None) -> str:
    if position:
        return f"{table} {position['pk']['S']} {position['sk']['S']}"
    behind = tables.index(table) + 1
    return tables[behind] if behind < len(tables) else ""


def _parse(text: str, tables: Sequence[str]) -> tuple[int, Mapping[str, Any] | None]:
    if not text:
        return 0, None
    table, *key = text.split(" ")
    if table not in tables or len(key) not in (0, 2):
        raise Unusable(f"No checkpoint: '{text}'. One is printed behind every page.")
    if not key:
        return tables.index(table), None
    return tables.index(table), {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
