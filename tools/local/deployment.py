"""Deploys the CDK app, the one that goes to AWS, into the emulator."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import boto3

from tools import build as builder
from tools import reuse
from tools.local import aws
from tools.local.commands import run
from tools.local.errors import LocalError
from tools.local.progress import Detail
from tools.local.settings import PREFIX, STAGE, Settings

ASSETS_BUCKET = f"{PREFIX}assets"
# Assets stay where they were built: nobody carries this assembly elsewhere.
CONTEXT = {"stage": STAGE, "aws:cdk:disable-asset-staging": True}
_FINISHED = re.compile(r"^ ?✅ +(\S+)")


def build(settings: Settings, detail: Detail) -> None:
    """Build what the emulator runs: layers and functions for this machine, under build/host."""
    try:
        builder.build("host", root=settings.root, say=detail, cache=reuse.place())
    except builder.BuildError as error:
        raise LocalError(str(error)) from error


@contextmanager
def synthesis(settings: Settings) -> Iterator[Callable[[], None]]:
    """Start to turn app.py into templates, as the CDK command line would.

    Meanwhile the assets can be built. What is yielded is called when they are, and returns when
    the templates are there.
    """
    its_stdin, told = os.pipe()
    with os.fdopen(told, "w") as pipe, ThreadPoolExecutor(1) as beside:
        done = beside.submit(_synthesize, settings, its_stdin)

        def finish() -> None:
            print("built", file=pipe, flush=True)
            done.result()

        try:
            yield finish
        finally:
            pipe.close()


def _synthesize(settings: Settings, stdin: int) -> None:
    config = json.loads((settings.root / "cdk.json").read_text())
    try:
        run(
            [sys.executable, "-m", "tools.local.synthesis"],
            settings,
            log="synth",
            failure="The CDK app does not synthesize",
            stdin=stdin,
            CDK_OUTDIR=str(output(settings)),
            CDK_CONTEXT_JSON=json.dumps(config.get("context", {}) | CONTEXT),
        )
    finally:
        os.close(stdin)


def deploy(settings: Settings, detail: Detail) -> None:
    """Run `cdk deploy` on what was synthesized; each finished stack is a line of progress."""
    total = _stack_count(output(settings))
    finished: list[str] = []

    def show(line: str) -> None:
        if match := _FINISHED.match(line):
            finished.append(match.group(1))
            detail(f"{len(finished)} of {total} stacks, {match.group(1).removeprefix(PREFIX)}")

    _ensure_assets_bucket(settings)
    detail(f"0 of {total} stacks")
    run(_cdk(settings), settings, log="deploy", failure="The deployment failed", on_line=show)


def reserve_concurrency(settings: Settings) -> None:
    """Apply the pools of the templates: the emulator's CloudFormation leaves them out."""
    client = boto3.client("lambda", **aws.options(settings))
    for template in output(settings).glob("*.template.json"):
        for resource in json.loads(template.read_text())["Resources"].values():
            properties = resource.get("Properties", {})
            pool = properties.get("ReservedConcurrentExecutions")
            if resource["Type"] == "AWS::Lambda::Function" and pool is not None:
                name = properties["FunctionName"]
                client.put_function_concurrency(
                    FunctionName=name, ReservedConcurrentExecutions=pool
                )


def hung_deployment(settings: Settings) -> bool:
    """True when stacks exist: without a record, a first deployment was interrupted."""
    stacks = boto3.client("cloudformation", **aws.options(settings)).describe_stacks()["Stacks"]
    return any(stack["StackName"].startswith(PREFIX) for stack in stacks)


def _cdk(settings: Settings) -> list[str]:
    return [
        str(settings.root / "node_modules" / ".bin" / "cdk"),
        "deploy",
        "--all",
        f"--app={output(settings)}",
        f"--output={output(settings)}",
        "--require-approval=never",
        "--concurrency=4",
        "--asset-parallelism=true",
        "--method=direct",
        "--progress=events",
        "--no-notices",
        "--ci",
    ]


def _ensure_assets_bucket(settings: Settings) -> None:
    """The local stage is not bootstrapped: its assets go to a bucket that must exist before."""
    s3 = boto3.client("s3", **aws.options(settings))
    if ASSETS_BUCKET not in {bucket.get("Name") for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=ASSETS_BUCKET)


def output(settings: Settings) -> Path:
    return settings.home / "cdk.out"


def _stack_count(output: Path) -> int:
    artifacts = json.loads((output / "manifest.json").read_text())["artifacts"].values()
    return sum(artifact["type"] == "aws:cloudformation:stack" for artifact in artifacts)
