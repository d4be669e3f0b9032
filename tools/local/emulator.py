"""The embedded AWS emulator: ministack as a background process with its state on disk."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from tools.local import aws, credentials, processes, recovery, saves
from tools.local.errors import LocalError
from tools.local.http import get_json, wait_for
from tools.local.settings import Settings, clean_environment, taken_port
from tools.local.workers import limits

START_TIMEOUT_S = 60.0
EMBEDDED = Path(__file__).parent / "embedded"


def with_external(settings: Settings, environ: Mapping[str, str] = os.environ) -> Settings:
    """Use the emulator at AWS_ENDPOINT_URL when one answers there and it is not our own."""
    url = (environ.get("AWS_ENDPOINT_URL") or "").rstrip("/")
    embedded = {f"http://{host}:{settings.port}" for host in ("127.0.0.1", "localhost")}
    if not url or (url in embedded and processes.find(service(settings))):
        return settings
    return replace(settings, external_url=url) if answers(url) else settings


def answers(url: str) -> bool:
    """True when something LocalStack-compatible serves there."""
    health = get_json(f"{url}/_localstack/health")
    return isinstance(health, dict) and "services" in health


def service(settings: Settings) -> processes.Service:
    """The emulator's process: bound to loopback, alone in its folders, blind to the shell."""
    temporary = settings.home / "tmp"
    return processes.Service(
        name="emulator",
        command=[sys.executable, str(EMBEDDED), str(settings.home)],
        port=settings.port,
        home=settings.home,
        environment=clean_environment(
            settings,
            GATEWAY_PORT=str(settings.port),
            BIND_HOST="127.0.0.1",
            MINISTACK_REGION=settings.region,
            PERSIST_STATE="1",
            STATE_DIR=str(settings.state / "emulator"),
            S3_PERSIST="1",
            S3_DATA_DIR=str(settings.state / "s3"),
            TMPDIR=str(temporary),
            IOT_MTLS_ENABLED="0",  # Would open port 8883, which a second platform could not share.
            SFTP_ENABLED="0",
            DOCKER_HOST=f"unix://{temporary}/no-docker",  # It reaps containers that it finds.
            LAMBDA_ACCOUNT_CONCURRENCY=str(limits.AT_WORK),
            AUTH="true",  # IAM is enforced: a function may do what its role says, no more.
        ),
    )


def runs(settings: Settings) -> bool:
    """Whether there is an emulator, ours or somebody's."""
    return bool(settings.external_url or processes.find(service(settings)))


def runs_here(settings: Settings) -> bool:
    """Whether our own runs."""
    return processes.find(service(settings)) is not None


def launch(settings: Settings) -> bool:
    """Start the emulator unless it runs; do not wait. True: a new process was started."""
    if runs(settings):
        return False
    temporary = settings.home / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)  # Unpacked functions of an earlier run.
    for folder in (temporary, settings.state / "emulator", settings.state / "s3"):
        folder.mkdir(parents=True, exist_ok=True)
    credentials.ensure(settings.home)
    processes.start(service(settings))
    settings.port_file.write_text(str(settings.port))
    return True


def refuse_another_port(settings: Settings) -> None:
    """A platform that runs stays where it is."""
    taken = taken_port(settings.home)
    if settings.external_url or taken == settings.port or not processes.find(service(settings)):
        return
    if taken is None:
        raise LocalError(
            f"This checkout already runs, and {settings.port_file} does not say where: "
            "`make down`, then `make up`."
        )
    raise LocalError(
        f"This checkout already runs at port {taken}: use that one, or `make down` first."
    )


def wait_ready(settings: Settings) -> None:
    """Return when the emulator answers; say why when it does not."""
    own = None if settings.external_url else service(settings)

    def ready_or_dead() -> bool:
        return answers(settings.endpoint_url) or bool(own and not processes.find(own))

    wait_for(ready_or_dead, timeout_s=START_TIMEOUT_S)
    if own and not processes.find(own):
        raise LocalError(
            f"The emulator ended right after its start. The end of {own.log} says:\n"
            + processes.last_lines(own.log)
        )
    if not answers(settings.endpoint_url):
        raise LocalError(
            f"Nothing answers at {settings.endpoint_url} after {START_TIMEOUT_S:.0f} s. "
            "Run `make down`, then `make up`."
        )
    if own:
        _refuse_another_key(settings)


def stop(settings: Settings) -> bool:
    """Stop our own emulator, keeping its state. False: it was not running.

    Raises:
        LocalError: it could not save its state at its end.
    """
    own = service(settings)
    stopped = processes.stop(own)
    shutil.rmtree(settings.home / "tmp", ignore_errors=True)
    if stopped and recovery.ended_unsaved(settings):
        raise LocalError(
            f"The emulator could not save its state at its end; its log {own.log} says why. "
            + recovery.loss(settings, own.log)
        )
    return stopped


def forget(settings: Settings) -> None:
    """Remove the emulator's state. It must not be running."""
    for folder in (settings.state / "emulator", settings.state / "s3", settings.home / saves.PLACE):
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_another_key(settings: Settings) -> None:
    """The one that runs was started with the key that was in the file then."""
    try:
        boto3.client("sts", **aws.options(settings)).get_caller_identity()
    except ClientError as error:
        raise LocalError(
            f"The emulator that runs does not take the key in {settings.home / credentials.NAME}. "
            "Run `make down`, then `make up`."
        ) from error
