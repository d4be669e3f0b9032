"""platform.json: what a program needs to know in order to use the local platform."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import boto3

from tools.local import aws
from tools.local.credentials import NAME as KEY_FILE
from tools.local.errors import LocalError
from tools.local.settings import API_PATH, PREFIX, Settings


def describe(settings: Settings, users: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Everything by its short name: `tables["orders"]` is the physical name."""
    options = aws.options(settings)
    tables = boto3.client("dynamodb", **options).get_paginator("list_tables").paginate()
    buckets = boto3.client("s3", **options).list_buckets()["Buckets"]
    queues = boto3.client("sqs", **options).list_queues(QueueNamePrefix=PREFIX)
    machines = boto3.client("stepfunctions", **options).list_state_machines()["stateMachines"]
    return {
        "api_url": api_url(settings),
        "vault_api_url": None,
        "endpoint_url": settings.endpoint_url,
        "region": settings.region,
        "credentials_file": None if settings.external_url else str(settings.home / KEY_FILE),
        "users": users,
        "tables": _short(name for page in tables for name in page["TableNames"]),
        "buckets": _short(bucket["Name"] for bucket in buckets if "Name" in bucket),
        "queues": {
            url.rsplit("/", 1)[-1].removeprefix(PREFIX): _reachable(settings, url)
            for url in queues.get("QueueUrls", [])
        },
        "state_machines": {
            machine["name"].removeprefix(PREFIX): machine["stateMachineArn"]
            for machine in machines
            if machine["name"].startswith(PREFIX)
        },
    }


def api_url(settings: Settings) -> str:
    """The public address of the API."""
    return f"{settings.endpoint_url}{API_PATH}"


def save(settings: Settings, description: dict[str, Any]) -> None:
    """Write the file in one step: a reader sees the old one or the new one."""
    draft = settings.platform_file.with_suffix(".tmp")
    draft.write_text(json.dumps(description, indent=2) + "\n")
    draft.replace(settings.platform_file)


def load(settings: Settings) -> dict[str, Any]:
    """Read the file; say how to get one when there is none."""
    try:
        description = json.loads(settings.platform_file.read_text())
        if not isinstance(description, dict):
            raise ValueError("not an object")
    except (OSError, ValueError):
        raise LocalError("There is no local platform yet: run `make up`.") from None
    return description


def _short(names: Iterable[str]) -> dict[str, str]:
    return {name.removeprefix(PREFIX): name for name in names if name.startswith(PREFIX)}


def _reachable(settings: Settings, url: str) -> str:
    """Queue URLs carry a host name that the emulator chose; give them the address in use."""
    return f"{settings.endpoint_url}/{'/'.join(url.rsplit('/', 2)[-2:])}"
