"""Keys of KMS: one makes MACs of addresses, others sign access tokens."""

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from identity.domain.token_keys import PublicKey
from shop import aws
from shop.text import base64url


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


def in_region(key_arn: str, region: str) -> str:
    """The ARN of the same multi-region key in another region: only that differs (KMS Developer
    Guide, "Multi-Region keys")."""
    parts = key_arn.split(":")
    return ":".join([*parts[:3], region, *parts[4:]])


def public_key(key_arn: str) -> PublicKey:
    """The public half of a key. One GetPublicKey. Raises TypeError for a key of another curve."""
    answer = aws.client("kms").get_public_key(KeyId=key_arn)
    key = load_der_public_key(answer["PublicKey"])
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise TypeError("access tokens need a P-256 key")
    numbers = key.public_numbers()
    x, y = (base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return PublicKey(x, y)


def forget() -> None:
    """Forget the secrets that are kept of the key of MACs: for tests."""
    _secrets.clear()


@dataclass(frozen=True, slots=True)
class KmsKey:
    """Signs with one key. The message is small (under the 4,096 bytes that RAW takes)."""

    key_arn: str
    kid: str

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
