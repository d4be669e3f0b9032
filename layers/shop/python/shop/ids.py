"""Ids: `<kind>_<home region>_<26 characters>`, for example `ord_use1_01jd3k…`.

The kind says what the id names, the region where its owner's money and stock are decided. The last
part is Crockford base32 in lower case, either

- minted: 48 bits of milliseconds and 80 random bits, so ids of one kind sort by time; or
- derived: 128 bits of SHA-256 over the cause, so that a repeated request finds what it made. Where
  a client chooses a part of the cause, a secret goes in, too (HMAC; shop.request_ids): who knows
  a customer and guesses a key must not know an order.
"""

import hashlib
import hmac
import os
import re
from datetime import datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
KINDS = ("evt", "req")  # the kernel's own; each service declares its own in deploy.py
PATTERN = r"^{kind}_[a-z]{{2,8}}[0-9]_[0-9a-hjkmnp-tv-z]{{26}}$"

_DIRECTIONS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "central": "c",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
}  # fmt: skip
_ID = re.compile(r"([a-z]{3})_([a-z]{2,8}[0-9])_[0-9a-hjkmnp-tv-z]{26}")


def region_code(region: str) -> str:
    """The short form of an AWS region as its zone ids have it: us-east-1 is `use1`."""
    area, direction, number = region.rsplit("-", 2)
    return f"{area.replace('-', '')}{_DIRECTIONS[direction]}{number}"


def generate(kind: str, *, region: str, now: datetime, entropy: bytes | None = None) -> str:
    """A new id that sorts by `now`. `region` is an AWS region or its short code."""
    milliseconds = int(now.timestamp() * 1000)
    random = int.from_bytes((entropy or os.urandom(10))[:10], "big")
    return _format(kind, region, (milliseconds << 80) | random)


def derive(kind: str, *cause: str, region: str, secret: bytes = b"") -> str:
    """The id that this cause always gives. Parts are length-prefixed: they cannot run together."""
    digest = hmac.new(secret, digestmod=hashlib.sha256) if secret else hashlib.sha256()
    digest.update(kind.encode())
    for part in cause:
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return _format(kind, region, int.from_bytes(digest.digest()[:16], "big"))


def region_of(id_: str) -> str:
    """The short code of the home region inside an id; ValueError if it is not one of ours."""
    match = _ID.fullmatch(id_)
    if match is None:
        raise ValueError("not an id")
    return match.group(2)


def is_id(kind: str, text: str) -> bool:
    """Whether `text` has the form of an id of this kind."""
    match = _ID.fullmatch(text)
    return match is not None and match.group(1) == kind


def pattern(kind: str) -> str:
    """The regular expression of an id of this kind, for schemas."""
    return PATTERN.format(kind=kind)


def shard_of(id_: str, shards: int) -> int:
    """A stable shard number for an id, spread evenly."""
    return int.from_bytes(hashlib.sha256(id_.encode()).digest()[:4], "big") % shards


def _format(kind: str, region: str, number: int) -> str:
    code = region_code(region) if "-" in region else region
    text = "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
    return f"{kind}_{code}_{text}"
