"""What a client chooses leads to no id without the stage's secret."""

import boto3
import pytest

from shop import aws, ids, request_ids
from shop.request_ids import RequestIds
from tests.support.gateway import CUSTOMER


@pytest.fixture
def made(moto_aws: None) -> RequestIds:
    kms = boto3.client("kms", region_name="us-east-1")
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    return RequestIds(key["KeyMetadata"]["Arn"])


def test_the_same_request_has_the_same_id_in_every_process(made: RequestIds) -> None:
    one = made.of("ord", CUSTOMER, "key")
    request_ids.forget(made.key_arn)
    assert made.of("ord", CUSTOMER, "key") == one
    assert ids.is_id("ord", one)
    assert ids.region_of(one) == ids.region_of(CUSTOMER)


def test_requests_that_differ_have_other_ids(made: RequestIds) -> None:
    other = CUSTOMER[:-1] + "b"
    causes = [("ord", CUSTOMER, "k"), ("ord", CUSTOMER, "l"), ("ord", other, "k")]
    found = {made.of(*cause)[9:] for cause in [*causes, ("pay", CUSTOMER, "k")]}
    assert len(found) == 4


def test_who_knows_customer_and_key_does_not_know_the_id(made: RequestIds) -> None:
    guessed = ids.derive("ord", CUSTOMER, "1764421200", region="use1")
    assert made.of("ord", CUSTOMER, "1764421200") != guessed
    stages = [RequestIds("of another stage"), made]
    request_ids.remember("of another stage", b"another secret")
    assert len({each.of("ord", CUSTOMER, "k") for each in stages}) == 2


def test_the_key_is_asked_once_in_a_process(made: RequestIds) -> None:
    asked: list[str] = []
    aws.client("kms").meta.events.register(
        "before-call.kms", lambda model, **_: asked.append(model.name)
    )
    for number in range(3):
        made.of("ord", CUSTOMER, str(number))
    assert asked == ["GenerateMac"]
