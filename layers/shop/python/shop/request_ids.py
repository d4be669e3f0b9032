"""The id of what a request makes: of its caller and idempotency key, and of a secret of the stage.

A repeat finds what the first request made, without a table of keys. A customer's id is no secret
(whoever knows an e-mail address can ask for it) and a key may be guessed (people take the time):
without the secret both together would name an order.

The secret is a MAC that a KMS key makes, once in a process. Nothing holds it but the key, which KMS
never rotates; with another key a repeat would not find what was made before.
"""

from dataclasses import dataclass

from shop import aws, ids

_PURPOSE = b"cartwright request ids 1"
_secrets: dict[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class RequestIds:
    """Ids by the HMAC key of this ARN."""

    key_arn: str

    def of(self, kind: str, caller: str, key: str) -> str:
        """The same for the same caller and key. One GenerateMac, the first time in a process."""
        return ids.derive(kind, caller, key, region=ids.region_of(caller), secret=self._secret())

    def _secret(self) -> bytes:
        if self.key_arn not in _secrets:
            answer = aws.client("kms").generate_mac(
                KeyId=self.key_arn, MacAlgorithm="HMAC_SHA_256", Message=_PURPOSE
            )
            _secrets[self.key_arn] = answer["Mac"]
        return _secrets[self.key_arn]


def remember(key_arn: str, secret: bytes) -> None:
    """Take this for what the key makes: for tests and tools."""
    _secrets[key_arn] = secret


def forget(key_arn: str) -> None:
    """Ask it again: for tests."""
    _secrets.pop(key_arn, None)
