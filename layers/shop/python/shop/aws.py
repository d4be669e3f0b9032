"""botocore clients: one per service and process, with short timeouts and bounded, jittered retries.

botocore, not boto3: its import is a quarter cheaper and the functions need nothing else. The
endpoint comes from AWS_ENDPOINT_URL, as every AWS SDK reads it.
"""

import functools
import os
from typing import Any

import botocore.config
import botocore.session

# The shortest function that waits for them is a step, of 6 s: one call that hangs is given up and
# repeated within it. tests/infra compares the sum with every function.
CONNECT_TIMEOUT_S = 0.5
READ_TIMEOUT_S = 1.8
ATTEMPTS = 2

_clients: dict[tuple[str, float, int, str], Any] = {}


def longest_call_s(read_timeout_s: float = READ_TIMEOUT_S, attempts: int = ATTEMPTS) -> float:
    """How long a call takes that nobody answers: botocore's pauses are at most 1, 2, 4, … s."""
    pauses = (1 << (attempts - 1)) - 1
    return attempts * (CONNECT_TIMEOUT_S + read_timeout_s) + pauses


def client(
    service: str,
    *,
    read_timeout_s: float = READ_TIMEOUT_S,
    attempts: int = ATTEMPTS,
    region: str = "",
) -> Any:
    """The shared client of an AWS service. Standard retry mode: exponential backoff with jitter.

    A call that is meant to take longer (a state machine's) says so, and is not repeated here.
    `region` is another one than the function's own.
    """
    key = (service, read_timeout_s, attempts, region)
    if key not in _clients:
        config = botocore.config.Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=read_timeout_s,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            parameter_validation=False,
            # By default links are signed by an older version, which opens nothing under a KMS key.
            signature_version="s3v4" if service == "s3" else None,
        )
        _clients[key] = shared_session().create_client(
            service, region_name=region or own_region(), config=config
        )
    return _clients[key]


def own_region() -> str:
    """Where this process runs."""
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


@functools.cache
def shared_session() -> botocore.session.Session:
    """One for all clients: it holds what was read of endpoints and service models."""
    return botocore.session.get_session()


def reset(*, session: bool = False) -> None:
    """Forget the clients, and the session: for tests that change the endpoint or the wire."""
    _clients.clear()
    if session:
        shared_session.cache_clear()
