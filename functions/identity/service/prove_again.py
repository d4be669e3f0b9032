"""Whether who asks is the user just now, for what a token alone must not bring about."""

from dataclasses import dataclass, field
from datetime import datetime

from identity.domain import rate_limit, sign_in_attempts
from identity.domain.rate_limit import Counter
from identity.domain.user import User
from identity.service.change_password import WRONG
from identity.service.ports import Attempts, NetworkHasher, Passwords
from identity.service.prove_password import too_many
from shop import telemetry
from shop.problems import Problem
from shop.step_up import RECENT_SIGN_IN


@dataclass(frozen=True, slots=True)
class Proof:
    """The password, or without it how and when the caller was proved, as their token says."""

    level: str
    proved: datetime
    source_ip: str = field(repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ProofPorts:
    """What a proof is checked by."""

    attempts: Attempts
    networks: NetworkHasher
    passwords: Passwords


def prove_again(
    user: User, proof: Proof, by: ProofPorts, *, now: datetime
) -> tuple[Counter, ...] | Problem:
    """The attempt to take back with what is done now, or why it is not.

    A password counts as one of a sign-in does, so a stolen token is no way around that limit. A
    refresh makes no session younger.
    """
    if proof.password is None:
        recent = RECENT_SIGN_IN.is_met(proof.level, proof.proved, now=now)
        return () if recent else RECENT_SIGN_IN.refusal
    network = rate_limit.network_of(proof.source_ip)
    counters = sign_in_attempts.counters(
        address=user.address, from_network=by.networks.of(user.address, network), now=now
    )
    full = by.attempts.count(counters)
    if full:
        return too_many(full, now=now)
    if not by.passwords.verify(user.password_hash, proof.password):
        telemetry.emit_metric("SignInRefused")
        return WRONG
    return counters
