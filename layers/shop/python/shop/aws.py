"""botocore clients: one per service and process, with short timeouts and bounded, jittered retries.

botocore, not boto3: its import is a quarter cheaper and the functions need nothing else. The
endpoint comes from AWS_ENDPOINT_URL, as every AWS SDK reads it.
"""

import os
from typing import Any

import botocore.config
import botocore.session

_clients: dict[str, Any] = {}


def client(service: str, *, read_timeout_s: float = 5, attempts: int = 3) -> Any:
    """The shared client of an AWS service. Standard retry mode: exponential backoff with jitter."""
    if service not in _clients:
        config = botocore.config.Config(
            connect_timeout=1,
            read_timeout=read_timeout_s,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            parameter_validation=False,
        )
        region = os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]
        session = botocore.session.get_session()
        _clients[service] = session.create_client(service, region_name=region, config=config)
    return _clients[service]


def reset() -> None:
    """Forget the clients: for tests that change endpoint or credentials."""
    _clients.clear()
