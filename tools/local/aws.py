"""How boto3 clients of this package are made: `boto3.client("s3", **aws.options(settings))`."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from tools.local.settings import Settings, key


def options(settings: Settings) -> dict[str, Any]:
    """The emulator only: no profile, no proxy, credentials that open nothing else."""
    ours = key(settings)
    return {
        "endpoint_url": settings.endpoint_url,
        "region_name": settings.region,
        "aws_access_key_id": ours.access_key_id,
        "aws_secret_access_key": ours.secret_access_key,
        "config": Config(
            proxies={},
            connect_timeout=5,
            read_timeout=60,
            retries={"max_attempts": 2, "mode": "standard"},
        ),
    }
