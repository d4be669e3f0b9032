"""Replaces code in the running emulator without a deployment: an edit is live in seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3

from tools import build
from tools.local import aws, state
from tools.local.settings import PREFIX, Settings

SHOP_LAYER = "shop"


def service(settings: Settings, name: str) -> int:
    """Build one service and give its code to its functions; return how many took it."""
    return _update(settings, name, _archive(build.build_function(name, "host")))


def kernel(settings: Settings) -> int:
    """Build and publish the shop layer, and point every function that uses it at the result."""
    archive = _archive(build.build_layer(SHOP_LAYER, "host"))
    client = _lambda(settings)
    if not settings.external_url:
        return _restart(settings, hashlib.sha256(archive).hexdigest()[:16])
    published: dict[str, str] = {}
    moved = 0
    for function in _functions(settings):
        used = [layer["Arn"] for layer in function.get("Layers", [])]
        names = [arn.split(":")[6] for arn in used]
        fresh = list(used)
        for place, layer in enumerate(names):
            if SHOP_LAYER not in layer.lower():
                continue
            if layer not in published:
                content = {"ZipFile": archive}
                answer = client.publish_layer_version(LayerName=layer, Content=content)
                published[layer] = answer["LayerVersionArn"]
            fresh[place] = published[layer]
        if fresh != used:
            client.update_function_configuration(
                FunctionName=function["FunctionName"], Layers=fresh
            )
            moved += 1
    return moved


def _restart(settings: Settings, version: str) -> int:
    """Make every function read its linked layers anew: a new environment ends its workers."""
    client, restarted = _lambda(settings), 0
    for function in _functions(settings):
        variables = function.get("Environment", {}).get("Variables", {})
        client.update_function_configuration(
            FunctionName=function["FunctionName"],
            Environment={"Variables": {**variables, "SHOP_VERSION": version}},
        )
        restarted += 1
    return restarted


def all_of(settings: Settings, names: Iterable[str]) -> int:
    """Swap several; SHOP_LAYER stands for the kernel."""
    return sum(
        kernel(settings) if name == SHOP_LAYER else service(settings, name) for name in names
    )


def remember(settings: Settings, names: Iterable[str]) -> None:
    """Note that the deployment no longer is what CloudFormation thinks, so that `up` deploys."""
    known = state.read(settings) or state.Record()
    swapped = tuple(sorted({*known.swapped, *names}))
    state.write(settings, replace(known, digest="", swapped=swapped))


def _archive(folder: Path) -> bytes:
    """The zip that the build puts beside the folder."""
    return folder.with_name(f"{folder.name}.zip").read_bytes()


def _update(settings: Settings, service_name: str, archive: bytes) -> int:
    client = _lambda(settings)
    updated = 0
    for function in _functions(settings):
        handler = function.get("Handler", "")
        if handler.split(".")[0] == service_name:
            client.update_function_code(FunctionName=function["FunctionName"], ZipFile=archive)
            updated += 1
    return updated


def _functions(settings: Settings) -> Iterator[Any]:
    for page in _lambda(settings).get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            if function["FunctionName"].startswith(PREFIX):
                yield function


def _lambda(settings: Settings) -> Any:
    return boto3.client("lambda", **aws.options(settings))
