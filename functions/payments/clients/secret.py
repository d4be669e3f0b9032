"""The provider's key and signing secrets, read from Secrets Manager and kept for five minutes."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shop import aws

CACHE_S = 300


@dataclass(frozen=True, slots=True)
class PspSecret:
    """`payment_methods` renames test methods that a simulator knows under another id.

    `webhook_secrets` are those that sign what the provider sends: two while one is rolled, none
    where no webhook is to be believed.
    """

    api_key: str = field(repr=False)
    payment_methods: Mapping[str, str]
    webhook_secrets: Sequence[str] = field(default=(), repr=False)


class SecretReader:
    """Calls return the secret; `forget` makes the next call read it anew (it may have rotated)."""

    def __init__(self, arn: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._arn = arn
        self._clock = clock
        self._cached: tuple[float, PspSecret] | None = None

    def __call__(self) -> PspSecret:
        now = self._clock()
        if self._cached is None or now - self._cached[0] > CACHE_S:
            self._cached = (now, self._read())
        return self._cached[1]

    def forget(self) -> None:
        """Drop what is cached."""
        self._cached = None

    def _read(self) -> PspSecret:
        answer = aws.client("secretsmanager").get_secret_value(SecretId=self._arn)
        data = json.loads(answer["SecretString"])
        return PspSecret(
            data["api_key"],
            data.get("payment_methods") or {},
            tuple(data.get("webhook_secrets") or ()),
        )
