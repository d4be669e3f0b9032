"""What is deployed, kept inside the emulator itself, so that it is lost when the deployment is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import boto3

from tools.local import aws
from tools.local.settings import Settings

NAME = "/cartwright/local/deployment"


@dataclass(frozen=True, slots=True)
class Record:
    """The state of one local platform."""

    digest: str = ""  # Of the sources that were deployed; empty: not known.
    seeded: bool = False
    swapped: tuple[str, ...] = ()  # What `make watch` replaced behind CloudFormation's back.

    def deployed(self, digest: str) -> Record:
        return replace(self, digest=digest, swapped=())


def read(settings: Settings) -> Record | None:
    """None: nothing was ever deployed completely."""
    ssm = _client(settings)
    try:
        text = ssm.get_parameter(Name=NAME)["Parameter"]["Value"]
        fields = json.loads(text)
        return Record(
            digest=str(fields["digest"]),
            seeded=bool(fields["seeded"]),
            swapped=tuple(fields["swapped"]),
        )
    except ssm.exceptions.ParameterNotFound:
        return None
    except (ValueError, KeyError, TypeError):
        return Record()


def write(settings: Settings, record: Record) -> None:
    """Store the record. It survives exactly as long as the deployment that it describes."""
    _client(settings).put_parameter(
        Name=NAME, Value=json.dumps(asdict(record)), Type="String", Overwrite=True
    )


def _client(settings: Settings) -> Any:
    return boto3.client("ssm", **aws.options(settings))
