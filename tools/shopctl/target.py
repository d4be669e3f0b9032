"""Which platform is meant: the one on this machine, or a stage in an AWS account."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from localstack_client.session import Session as LocalSession

from infra.stages import STAGES
from tools.local.credentials import OPENS_NOTHING, Key
from tools.local.credentials import read as read_key
from tools.local.errors import LocalError
from tools.shopctl.errors import Unusable

PLATFORM_FILE = Path(__file__).resolve().parents[2] / ".local" / "platform.json"
LOCAL = "local"
_CONFIG = Config(
    connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 2, "mode": "standard"}
)


@dataclass(frozen=True, slots=True)
class Target:
    """A platform and how to reach it."""

    stage: str
    region: str
    api_url: str
    endpoint_url: str | None = None  # set: an emulator
    users: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    key: Key = OPENS_NOTHING  # to an emulator

    @property
    def is_local(self) -> bool:
        """Whether it is an emulator: tables are small there, and scans cost nothing."""
        return self.endpoint_url is not None

    @property
    def prefix(self) -> str:
        """The first part of every physical name."""
        return f"cartwright-{self.stage}-"

    def table(self, name: str) -> str:
        """The physical name of a table: infra/stages.py has them with hyphens."""
        return f"{self.prefix}{name}".replace("_", "-")

    def client(self, service: str) -> Any:
        """A boto3 client; against an emulator it cannot reach anything else."""
        return client(service, region=self.region, endpoint_url=self.endpoint_url, key=self.key)


def client(service: str, *, region: str, endpoint_url: str | None, key: Key = OPENS_NOTHING) -> Any:
    """Local: localstack_client, with credentials that open nothing else."""
    if endpoint_url is None:
        return boto3.Session(region_name=region).client(service, config=_CONFIG)  # type: ignore[call-overload]
    # localstack_client prefers this variable over its argument.
    os.environ["AWS_ENDPOINT_URL"] = endpoint_url
    session = LocalSession(
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        region_name=region,
        localstack_host=urlsplit(endpoint_url).netloc,
    )
    return session.client(service, config=_CONFIG)


def find(
    *, stage: str | None, region: str | None, api_url: str | None, file: Path = PLATFORM_FILE
) -> Target:
    """The local platform if there is one and no other stage is named; else AWS."""
    if stage in (None, LOCAL):
        if file.exists():
            return _local(file, api_url)
        if stage == LOCAL or not region:
            raise Unusable("The local platform is not running: run `make up`, or give --stage.")
    if not region:
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region and stage in STAGES:
        region = STAGES[stage].region
    if not stage or not region:
        raise Unusable("Give --stage and --region (or AWS_REGION).")
    found = _api_url_of(stage, region) if api_url is None else api_url
    return Target(stage, region, found)


def _local(file: Path, api_url: str | None) -> Target:
    try:
        found = json.loads(file.read_text())
        key_file = found.get("credentials_file")
        return Target(
            stage=LOCAL,
            region=found["region"],
            api_url=api_url or found["api_url"],
            endpoint_url=found["endpoint_url"],
            users=found.get("users") or {},
            key=read_key(Path(key_file).parent) if key_file else OPENS_NOTHING,
        )
    except LocalError as error:
        raise Unusable(str(error)) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unusable(f"{file} cannot be read: run `make up` again.") from error


def _api_url_of(stage: str, region: str) -> str:
    """From the output of the gateway's stack."""
    stack = f"cartwright-{stage}-gateway"
    try:
        answer = client("cloudformation", region=region, endpoint_url=None).describe_stacks(
            StackName=stack
        )
    except (BotoCoreError, ClientError) as error:
        raise Unusable(f"The stack {stack} in {region} cannot be read: {error}") from error
    outputs = {o["OutputKey"]: o["OutputValue"] for o in answer["Stacks"][0].get("Outputs", [])}
    if "ApiUrl" not in outputs:
        raise Unusable(f"The stack {stack} has no output ApiUrl: give --api-url.")
    return str(outputs["ApiUrl"])
