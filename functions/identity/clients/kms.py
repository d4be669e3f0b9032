"""The two KMS keys: one makes MACs of addresses, one signs access tokens."""

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from identity.service import issue_access_token
from shop import aws
from shop.text import compact_json

# A key that is disabled in KMS stops being trusted within this time.
PUBLIC_KEY_TTL_S = 3600


@dataclass(frozen=True, slots=True)
class EmailHasher:
    """HMAC-SHA-256 of an address: the same for the same address, and without the key just noise."""

    key_arn: str

    def of(self, address: str) -> str:
        """64 hexadecimal digits. One GenerateMac."""
        return _mac(self.key_arn, address.encode()).hex()


# No e-mail addresses, so no MAC of an address is ever one of these secrets.
_NETWORKS = b"cartwright networks of sign-ins 1"
_MAILED_TOKENS = b"cartwright mailed tokens 1"
_FORMS = b"cartwright forms of authorization 1"
_secrets: dict[tuple[str, bytes], bytes] = {}


@dataclass(frozen=True, slots=True)
class NetworkHasher:
    """HMAC-SHA-256 of what is counted or compared and a network, under a secret of the key.

    There are few networks: without a secret, who reads the table could try them all.
    """

    key_arn: str

    def of(self, what: str, network: str) -> str:
        """64 hexadecimal digits. One GenerateMac, the first time in a process."""
        secret = _secret(self.key_arn, _NETWORKS)
        return hmac.digest(secret, f"{what} {network}".encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class MailedSecrets:
    """The secrets of mailed tokens: derived, so that who sends a mail again sends the same token,
    and nothing at rest holds it."""

    key_arn: str

    def of(self, purpose: str, mail_id: str) -> bytes:
        """32 octets. One GenerateMac, the first time in a process."""
        secret = _secret(self.key_arn, _MAILED_TOKENS)
        return hmac.digest(secret, f"{purpose} {mail_id}".encode(), "sha256")


@dataclass(frozen=True, slots=True)
class FormSigner:
    """Makes what a form carries along ours: it comes back as it was sent, or not at all."""

    key_arn: str

    def sign(self, text: str) -> str:
        """64 hexadecimal digits. One GenerateMac, the first time in a process."""
        return hmac.digest(_secret(self.key_arn, _FORMS), text.encode(), "sha256").hex()


def _secret(key_arn: str, purpose: bytes) -> bytes:
    if (key_arn, purpose) not in _secrets:
        _secrets[key_arn, purpose] = _mac(key_arn, purpose)
    return _secrets[key_arn, purpose]


def _mac(key_arn: str, message: bytes) -> bytes:
    answer = aws.client("kms").generate_mac(
        KeyId=key_arn, MacAlgorithm="HMAC_SHA_256", Message=message
    )
    mac: bytes = answer["Mac"]
    return mac


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as JWK. `kid` is its thumbprint, so it needs no configuration."""

    x: str
    y: str

    @property
    def kid(self) -> str:
        """RFC 7638: SHA-256 over the required members in order of their names.

        By hand: joserfc's would double what the routes that sign have to import.
        """
        members = {"crv": "P-256", "kty": "EC", "x": self.x, "y": self.y}
        text = compact_json(members, sort_keys=True)
        return issue_access_token.base64url(hashlib.sha256(text.encode()).digest())

    def jwk(self) -> dict[str, str]:
        """RFC 7517."""
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": self.x,
            "y": self.y,
            "kid": self.kid,
            "use": "sig",
            "alg": issue_access_token.ALGORITHM,
        }


_public_keys: dict[str, tuple[float, PublicKey]] = {}


def public_key(key_arn: str) -> PublicKey:
    """The public half of a KMS key: one GetPublicKey per process and hour. Raises if KMS fails."""
    fetched_at, key = _public_keys.get(key_arn, (0.0, None))
    if key is None or time.monotonic() - fetched_at > PUBLIC_KEY_TTL_S:
        key = _parse(aws.client("kms").get_public_key(KeyId=key_arn))
        _public_keys[key_arn] = (time.monotonic(), key)
    return key


def forget() -> None:
    """Forget what is kept of both keys: for tests."""
    _public_keys.clear()
    _secrets.clear()


def _parse(answer: dict[str, Any]) -> PublicKey:
    key = load_der_public_key(answer["PublicKey"])
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise TypeError("access tokens need a P-256 key")
    numbers = key.public_numbers()
    x, y = (issue_access_token.base64url(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    return PublicKey(x, y)


@dataclass(frozen=True, slots=True)
class KmsSigner:
    """Signs with the token key. The message is small (under the 4,096 bytes that RAW takes)."""

    key_arn: str

    @property
    def kid(self) -> str:
        """The thumbprint of the key's public half."""
        return public_key(self.key_arn).kid

    def sign(self, message: bytes) -> bytes:
        """One Sign. KMS answers DER; JOSE wants r || s (RFC 7518, section 3.4)."""
        result = aws.client("kms").sign(
            KeyId=self.key_arn,
            Message=message,
            MessageType="RAW",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        r, s = decode_dss_signature(result["Signature"])
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
