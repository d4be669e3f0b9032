"""Where a stage has a second region, every key that signs is there before it signs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from identity.clients.key_maker import PURPOSE
from identity.clients.key_ring import KeyRing
from identity.clients.kms import in_region
from identity.domain.token_keys import KEPT_FOR, SIGNS_FOR, TAKES_OVER_AFTER, TokenKeySet
from identity.repository.token_keys import TokenKeyRepository
from identity.schedules import rotate_token_keys as schedule
from identity.service import rotate_token_keys
from identity.service.rotate_token_keys import MAKING_TAKES, Outcome
from shop import aws, clock
from tests.integration.identity.conftest import Api

SETS = TokenKeyRepository("identity")
SECOND = "us-west-2"


@pytest.fixture(autouse=True)
def second_region(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TOKEN_KEYS_REPLICAS", SECOND)
    schedule.ports.cache_clear()  # type: ignore[attr-defined]
    yield
    schedule.ports.cache_clear()  # type: ignore[attr-defined]


def kept() -> TokenKeySet:
    found = SETS.get()
    assert found is not None
    return found


def step() -> str:
    return rotate_token_keys.keep(schedule.ports(), now=clock.now())


def steps(until: str = Outcome.NOTHING) -> list[str]:
    """What runs come to, until there is nothing left to do."""
    found: list[str] = []
    while not found or found[-1] != until:
        found.append(step())
        assert len(found) < 10
    return found


def in_second(arn: str) -> dict[str, Any]:
    found = aws.client("kms", region=SECOND).describe_key(KeyId=in_region(arn, SECOND))
    described: dict[str, Any] = found["KeyMetadata"]
    return described


def pass_(api: Api, span: timedelta) -> None:
    api.clock.advance(seconds=span.total_seconds())


def test_every_key_that_signs_or_will_is_put_into_the_second_region(api: Api) -> None:
    assert steps() == [Outcome.MADE, Outcome.REPLICATED, Outcome.REPLICATED, Outcome.NOTHING]
    for key in kept().keys:
        assert key.replicas == (SECOND,)
        assert in_second(key.arn)["Enabled"]


def test_a_replica_is_asked_for_with_the_tag_by_which_rights_know_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has none of the key that it is made of. Moto takes tags and keeps none."""
    whole, asked = aws.client("kms").replicate_key, []

    def heard(**given: Any) -> Any:
        asked.append(given["Tags"])
        return whole(**given)

    monkeypatch.setattr(aws.client("kms"), "replicate_key", heard)
    steps()
    assert asked == [[{"TagKey": PURPOSE, "TagValue": "identity-tokens"}]] * 2


def test_what_the_second_region_signs_the_first_one_trusts(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps()
    here = kept().signing(clock.now())
    monkeypatch.setenv("AWS_REGION", SECOND)
    signer = KeyRing(here.arn, SETS).current()
    assert (signer.key_arn, signer.kid) == (in_region(here.arn, SECOND), here.public.kid)
    assert len(signer.sign(b"header.payload")) == 64


def test_a_key_that_is_not_in_every_region_does_not_take_over(api: Api) -> None:
    assert [step(), step()] == [Outcome.MADE, Outcome.REPLICATED]
    assert rotate_token_keys.rotate(schedule.ports(), now=clock.now()) == Outcome.NO_STANDBY
    pass_(api, SIGNS_FOR)
    assert step() == Outcome.REPLICATED, "before it takes over, though that is due"
    assert step() == Outcome.ROTATED


def test_a_replica_whose_making_was_not_answered_is_found_there(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert step() == Outcome.MADE
    client = aws.client("kms")
    whole = client.replicate_key

    def answer_is_lost(**given: Any) -> Any:
        whole(**given)
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(client, "replicate_key", answer_is_lost)
        with pytest.raises(ConnectionError):
            step()

    def is_there(**_given: Any) -> Any:  # moto makes another one
        raise ClientError(
            {"Error": {"Code": "AlreadyExistsException", "Message": ""}}, "ReplicateKey"
        )

    with monkeypatch.context() as there:
        there.setattr(client, "replicate_key", is_there)
        assert step() == Outcome.REPLICATED


@pytest.mark.parametrize("code", ["AccessDeniedException", "NotFoundException"])
def test_a_key_whose_tags_are_not_heeded_yet_is_replicated_by_a_later_run(
    api: Api, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    step()

    def too_early(**_given: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "ReplicateKey")

    with monkeypatch.context() as early:
        early.setattr(aws.client("kms"), "replicate_key", too_early)
        assert step() == Outcome.BEING_REPLICATED
        pass_(api, MAKING_TAKES)
        with pytest.raises(LookupError, match="does not let us"):
            step()  # By now it is a fault, which rings.
    assert step() == Outcome.REPLICATED


def test_a_key_is_deleted_with_its_replicas_and_the_first_one_left_to_its_stack(api: Api) -> None:
    steps()
    first, second = kept().keys
    for _ in range(2):
        pass_(api, SIGNS_FOR)
        assert step() == Outcome.ROTATED
        pass_(api, TAKES_OVER_AFTER)
        steps()
    pass_(api, KEPT_FOR)
    assert step() == Outcome.DELETED
    assert in_second(second.arn)["KeyState"] == "PendingDeletion"
    assert in_second(first.arn)["Enabled"]
