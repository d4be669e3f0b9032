"""What a restart of the emulator does to DynamoDB streams, and how it is mended.

The emulator keeps its place in every stream, but not the stream: after a restart it would skip as
many new records as it had read before. So the places are forgotten while it is down. Records that
nobody had read yet are gone with the stream, so the newest events are handed to the readers once
more from the tables; they have their effect once per event. The auditor keeps places of its
own in its table: without them it sees that the stream has forgotten, and begins anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

from tools.local import aws, saves
from tools.local.settings import STAGE, Settings
from tools.shopctl.republish import stream_record

PLACES = "dynamodb_stream_positions"
UNREAD_FOR = timedelta(minutes=1)  # far longer than a reader that works falls behind
BATCH = 25
AUDIT = f"cartwright-{STAGE}-audit"


def rewind(folder: Path, saved_at: datetime) -> None:
    """Forget the places in the saved state."""
    file = folder / "lambda.json"
    if not file.exists():
        return
    state = json.loads(file.read_text())
    places = state.get("payload", {}).get(PLACES)
    if places and places.get("data"):
        places["data"] = {}
        draft = file.with_suffix(".tmp")
        draft.write_text(json.dumps(state))
        draft.rename(file)
        saves.seal(folder, saved_at)


def catch_up(settings: Settings, saved: datetime) -> int:
    """Give each reader of a stream the events of the last minute before `saved`; how many."""
    client = boto3.client("lambda", **aws.options(settings))
    _forget_places(settings)
    since = (saved - UNREAD_FOR).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    given = 0
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        source = mapping["EventSourceArn"]
        if ":dynamodb:" not in source:
            continue
        records = list(_records(settings, source.split("/")[1], since))
        for start in range(0, len(records), BATCH):
            payload = json.dumps({"Records": records[start : start + BATCH]})
            client.invoke(FunctionName=mapping["FunctionArn"], Payload=payload.encode())
        given += len(records)
    return given


def _forget_places(settings: Settings) -> None:
    table = boto3.resource("dynamodb", **aws.options(settings)).Table(AUDIT)
    for item in table.query(KeyConditionExpression=Key("pk").eq("CURSOR"))["Items"]:
        if "iterator" in item:
            key = {"pk": item["pk"], "sk": item["sk"]}
            table.update_item(Key=key, UpdateExpression="REMOVE iterator")


def _records(settings: Settings, table: str, since: str) -> Iterator[dict[str, Any]]:
    """The stream records of rows that carry an event, as the stream had them."""
    client = boto3.client("dynamodb", **aws.options(settings))
    pages = client.get_paginator("scan").paginate(
        TableName=table, FilterExpression="attribute_exists(outbox)"
    )
    for page in pages:
        for item in page["Items"]:
            events = json.loads(item["outbox"]["S"])
            if any(event["occurred_at"] >= since for event in events):
                yield stream_record(item)
