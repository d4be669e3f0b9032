"""One key after the other signs tokens: no request fails by it, and no key is lost or trusted for
longer than it has to be."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from joserfc import jwk, jwt

from identity import authorizer
from identity.domain.token_keys import (
    KEPT_FOR,
    PUBLISHED_FOR,
    SIGNS_FOR,
    TAKES_OVER_AFTER,
    TRUSTED_FOR,
    TokenKeySet,
)
from identity.repository.token_keys import TokenKeyRepository
from identity.schedules import rotate_token_keys as schedule
from identity.service import rotate_token_keys
from identity.service.rotate_token_keys import MAKING_TAKES, Outcome
from shop import aws, clock
from tests.integration.identity.conftest import Api

SETS = TokenKeyRepository("identity")


@pytest.fixture(autouse=True)
def monotonic(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process keeps grows old by the same clock as everything else."""
    begun = clock.now()
    monkeypatch.setattr(
        "identity.clients.key_ring.time.monotonic",
        lambda: 1000 + (clock.now() - begun).total_seconds(),
    )


def kept() -> TokenKeySet:
    found = SETS.get()
    assert found is not None
    return found


def step() -> str:
    return rotate_token_keys.keep(schedule.ports(), now=clock.now())


def pass_(api: Api, span: timedelta) -> None:
    api.clock.advance(seconds=span.total_seconds())


def published(api: Api) -> list[str]:
    return [key["kid"] for key in api.jwks().json["keys"]]


def kid_of(token: str) -> str:
    kid: str = jwt.decode(token, _all_keys(), algorithms=["ES256"]).header["kid"]
    return kid


def _all_keys() -> jwk.KeySet:
    keys: list[Any] = [key.public.jwk() for key in kept().keys]
    return jwk.KeySet.import_key_set({"keys": keys})


def token(api: Api) -> str:
    text: str = api.sign_in().json["access_token"]
    return text


def is_valid(api: Api, text: str) -> bool:
    try:
        api.authorize(f"Bearer {text}")
    except Exception as error:
        if str(error) != "Unauthorized":
            raise
        return False
    return True


def keys_in_kms() -> dict[str, str]:
    """The state of every key that was made for tokens."""
    kms = aws.client("kms")
    found = {}
    for key in kms.list_keys()["Keys"]:
        tags = kms.list_resource_tags(KeyId=key["KeyArn"])["Tags"]
        if any(tag["TagKey"] == "cartwright:purpose" for tag in tags):
            found[key["KeyArn"]] = kms.describe_key(KeyId=key["KeyArn"])["KeyMetadata"]["KeyState"]
    return found


def test_the_first_run_publishes_the_next_key_beside_the_one_that_signs(api: Api) -> None:
    [first] = published(api)
    assert step() == Outcome.MADE
    pass_(api, timedelta(seconds=61))
    keys = published(api)
    assert keys[0] == first
    assert len(set(keys)) == 2
    assert step() == Outcome.NOTHING


def test_a_key_takes_over_when_the_old_one_signed_for_its_time(api: Api) -> None:
    step()
    pass_(api, SIGNS_FOR - timedelta(seconds=1))
    assert step() == Outcome.NOTHING
    pass_(api, timedelta(seconds=1))
    assert step() == Outcome.ROTATED
    assert step() == Outcome.MADE, "there is always one that waits"


def test_a_key_that_was_published_too_lately_does_not_take_over(api: Api) -> None:
    SETS.keep(schedule.ports().known(clock.now()))
    pass_(api, SIGNS_FOR)
    assert step() == Outcome.MADE
    pass_(api, PUBLISHED_FOR - timedelta(seconds=1))
    assert step() == Outcome.NOTHING
    pass_(api, timedelta(seconds=1))
    assert step() == Outcome.ROTATED


def test_no_request_fails_while_one_key_takes_over_from_the_other(api: Api) -> None:
    """Every token, of before, during and after, is valid for its ten minutes, at processes that
    read the keys at any time."""
    api.register()
    step()
    pass_(api, timedelta(seconds=61))
    old = kid_of(token(api))
    assert rotate_token_keys.rotate(schedule.ports(), now=clock.now()) == Outcome.ROTATED
    living: list[tuple[datetime, str]] = []
    signed_by = set()
    for _ in range(16):
        text = token(api)
        signed_by.add(kid_of(text))
        assert kid_of(text) in published(api)
        living.append((clock.now(), text))
        living = [each for each in living if clock.now() - each[0] < timedelta(minutes=10)]
        assert all(is_valid(api, each) for _, each in living)
        pass_(api, timedelta(seconds=20))
    assert len(signed_by) == 2
    assert kid_of(token(api)) != old
    assert is_valid(api, living[0][1])


def test_a_key_signs_only_when_every_process_has_read_that_it_will(api: Api) -> None:
    api.register()
    step()
    pass_(api, timedelta(seconds=61))
    before = kid_of(token(api))
    rotate_token_keys.rotate(schedule.ports(), now=clock.now())
    pass_(api, TAKES_OVER_AFTER - timedelta(seconds=1))
    assert kid_of(token(api)) == before
    pass_(api, timedelta(seconds=1))
    assert kid_of(token(api)) != before


def test_a_process_that_meets_a_new_key_looks_again_and_not_for_every_stranger(api: Api) -> None:
    api.register()
    old = token(api)
    assert is_valid(api, old)  # The authorizer read the keys just now.
    step()
    made = kept().standby
    assert made is not None
    pass_(api, timedelta(seconds=3))
    ring = authorizer.gate().verifier.key_of
    assert api.calls_of(lambda: ring(made.public.kid)) == ["GetItem"]
    assert ring(made.public.kid) == made.public
    unknown = api.calls_of(lambda: [ring(f"no such key {number}") for number in range(50)])
    assert unknown == []


def test_an_old_key_is_trusted_for_an_hour_and_then_published_no_more(api: Api) -> None:
    api.register()
    step()
    pass_(api, timedelta(seconds=61))
    old = published(api)[0]
    rotate_token_keys.rotate(schedule.ports(), now=clock.now())
    pass_(api, TAKES_OVER_AFTER + TRUSTED_FOR - timedelta(seconds=1))
    assert old in published(api)
    pass_(api, timedelta(seconds=1))
    assert old not in published(api)


def test_an_old_key_is_deleted_after_a_week_and_the_first_one_left_to_its_stack(api: Api) -> None:
    step()
    for _ in range(2):
        pass_(api, SIGNS_FOR)
        assert step() == Outcome.ROTATED
        pass_(api, TAKES_OVER_AFTER)
        assert step() == Outcome.MADE
    pass_(api, KEPT_FOR)
    first, second = kept().keys[:2]
    assert step() == Outcome.DELETED
    assert [key.arn for key in kept().keys] == [
        arn for arn, state in keys_in_kms().items() if state == "Enabled"
    ]
    states = keys_in_kms()
    assert states[second.arn] == "PendingDeletion"
    assert first.arn not in states, "it has the stack's tags, and stays as it is"
    assert aws.client("kms").describe_key(KeyId=first.arn)["KeyMetadata"]["Enabled"]


def test_a_revoked_key_is_trusted_no_more_and_the_next_signs_at_once(api: Api) -> None:
    api.register()
    step()
    stolen = token(api)
    bad = kid_of(stolen)
    assert is_valid(api, stolen)
    assert rotate_token_keys.revoke(bad, schedule.ports(), now=clock.now()) == Outcome.REVOKED
    pass_(api, timedelta(seconds=61))
    assert not is_valid(api, stolen)
    assert bad not in published(api)
    assert kid_of(token(api)) != bad
    assert step() == Outcome.MADE


def test_a_key_that_is_being_taken_over_from_can_be_revoked_before_its_last_minute(
    api: Api,
) -> None:
    api.register()
    step()
    bad = kept().signing(clock.now()).public.kid
    rotate_token_keys.rotate(schedule.ports(), now=clock.now())
    assert rotate_token_keys.revoke(bad, schedule.ports(), now=clock.now()) == Outcome.REVOKED
    pass_(api, timedelta(seconds=61))
    assert kid_of(token(api)) != bad
    assert bad not in published(api)


def test_the_last_key_cannot_be_revoked(api: Api) -> None:
    SETS.keep(schedule.ports().known(clock.now()))
    [only] = published(api)
    ports = schedule.ports()
    assert rotate_token_keys.revoke(only, ports, now=clock.now()) == Outcome.NO_STANDBY
    assert rotate_token_keys.rotate(ports, now=clock.now()) == Outcome.NO_STANDBY
    assert rotate_token_keys.revoke("nobody", ports, now=clock.now()) == Outcome.UNKNOWN_KEY
    assert kept().version == 1


def test_a_standby_key_that_is_revoked_leaves_the_one_that_signs_alone(api: Api) -> None:
    api.register()
    step()
    waits = kept().standby
    assert waits is not None
    signs = kept().signing(clock.now())
    rotate_token_keys.revoke(waits.public.kid, schedule.ports(), now=clock.now())
    assert step() == Outcome.MADE
    pass_(api, KEPT_FOR)
    assert kept().signing(clock.now()) == signs
    assert step() == Outcome.DELETED
    assert waits not in kept().keys
    assert signs in kept().trusted(clock.now())


@pytest.mark.parametrize("lost", ["CreateKey", "GetPublicKey", "PutItem"])
def test_a_key_whose_making_was_not_answered_is_found_again(
    api: Api, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    SETS.keep(schedule.ports().known(clock.now()))
    method = {"CreateKey": "create_key", "GetPublicKey": "get_public_key", "PutItem": "put_item"}
    client = aws.client("dynamodb" if lost == "PutItem" else "kms")
    whole = getattr(client, method[lost])
    puts: list[Any] = []

    def answer_is_lost(**given: Any) -> Any:
        whole(**given)
        puts.append(given)
        if lost != "PutItem" or len(puts) == 1:  # the mark
            raise ConnectionError(lost)

    with monkeypatch.context() as broken:
        broken.setattr(client, method[lost], answer_is_lost)
        with pytest.raises(ConnectionError):
            step()
    assert step() == Outcome.BEING_MADE
    pass_(api, MAKING_TAKES)
    assert step() == Outcome.MADE
    assert len(keys_in_kms()) == 1
    assert kept().making_since is None
    assert step() == Outcome.NOTHING


@pytest.mark.parametrize("code", ["AccessDeniedException", "NotFoundException"])
def test_a_key_that_kms_does_not_know_everywhere_yet_is_taken_by_a_later_run(
    api: Api, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """Not a fault, which would ring: KMS takes minutes to heed a new key's tags."""
    SETS.keep(schedule.ports().known(clock.now()))

    def too_early(**_given: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "GetPublicKey")

    with monkeypatch.context() as early:
        early.setattr(aws.client("kms"), "get_public_key", too_early)
        assert step() == Outcome.BEING_MADE
    pass_(api, MAKING_TAKES)
    assert step() == Outcome.MADE
    assert len(keys_in_kms()) == 1


def test_of_two_runs_at_once_one_makes_a_key(api: Api) -> None:
    ports = schedule.ports()
    SETS.keep(ports.known(clock.now()))
    stale = kept()

    class Late:
        """Read before the other run wrote."""

        def get(self) -> TokenKeySet:
            return stale

        def keep(self, keys: TokenKeySet) -> bool:
            return SETS.keep(keys)

    assert step() == Outcome.MADE
    late = rotate_token_keys.RotationPorts(Late(), ports.maker, ports.first_key_arn)
    assert rotate_token_keys.keep(late, now=clock.now()) == Outcome.CHANGED_MEANWHILE
    assert len(keys_in_kms()) == 1


def test_a_run_with_nothing_to_do_is_one_call(api: Api) -> None:
    step()
    assert api.calls_of(step) == ["GetItem"]
