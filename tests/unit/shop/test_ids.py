"""Ids: sortable when minted, repeatable when derived, home region inside."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from shop import ids

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("region", "code"),
    [("us-east-1", "use1"), ("eu-central-1", "euc1"), ("ap-southeast-2", "apse2"),
     ("ap-south-1", "aps1"), ("us-gov-west-1", "usgovw1"), ("ca-west-1", "caw1")],
)  # fmt: skip
def test_region_codes_are_those_of_zone_ids(region: str, code: str) -> None:
    assert ids.region_code(region) == code
    assert ids.region_of(ids.generate("ord", region=region, now=NOW)) == code


def test_minted_ids_sort_by_time() -> None:
    made = [
        ids.generate("ord", region="us-east-1", now=NOW + timedelta(milliseconds=n))
        for n in range(50)
    ]
    assert made == sorted(made)
    assert len(set(made)) == 50


def test_the_same_cause_gives_the_same_id() -> None:
    one = ids.derive("ord", "customer", "key", region="us-east-1")
    assert one == ids.derive("ord", "customer", "key", region="use1")
    assert re.match(ids.pattern("ord"), one)
    assert ids.is_id("ord", one)
    assert not ids.is_id("pay", one)


def test_other_causes_give_other_ids() -> None:
    causes = [("a", "bc"), ("ab", "c"), ("abc",), ("a", "b", "c"), ("", "abc")]
    assert len({ids.derive("ord", *cause, region="use1") for cause in causes}) == len(causes)
    assert ids.derive("ord", "a", region="use1")[9:] != ids.derive("pay", "a", region="use1")[9:]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ord_use1_",
        "ord_use1_" + "0" * 26 + "\n",
        "ord_use1_" + "i" * 26,
        "ORD_use1_" + "0" * 26,
    ],
)
def test_what_is_not_an_id_is_refused(bad: str) -> None:
    assert not ids.is_id("ord", bad)
    with pytest.raises(ValueError, match="not an id"):
        ids.region_of(bad)


def test_shards_are_spread() -> None:
    counts = [0] * 4
    for n in range(4000):
        counts[ids.shard_of(str(n), 4)] += 1
    assert min(counts) > 850
