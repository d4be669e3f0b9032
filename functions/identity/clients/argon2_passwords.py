"""Password hashes by Argon2id. Only the two functions that take passwords import this (C code)."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from identity.domain import password as rules


class Argon2Passwords:
    """19 MiB, two passes, one lane (OWASP): about 20 ms, and more lanes are no help on one core."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
        # Nobody knows its password. Made here, so it always costs what a real one costs.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """The hash to store: algorithm, parameters and salt are part of it.

        Raises ValueError for what is too long to be hashed.
        """
        octets = rules.normalise(password).encode()
        if len(octets) > rules.MAX_OCTETS:
            raise ValueError("the password is too long")
        return self._hasher.hash(octets)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits. The same work is done for nobody (None) as for somebody, and
        for a password that is too long to be anybody's."""
        octets = rules.normalise(password).encode()
        if len(octets) > rules.MAX_OCTETS:
            password_hash, octets = None, b""
        try:
            self._hasher.verify(password_hash or self._nobody, octets)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)
