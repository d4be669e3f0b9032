"""An import looks at all of a file and at what is stored, and then writes all of it or nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import dynamodb
from tools.shopctl import catalog, services
from tools.shopctl.catalog import Summary
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.target import Target

OPENING: dict[str, Any] = {"sku": "TEA-1", "location": "use1-ewr", "on_hand": 40}
TAKEN: dict[str, Any] = {"sku": "TEA-1", "location": "use1-ewr", "change": -50, "id": "count-7"}


class Shop(Target):
    """Tables in this process, by their short names."""

    def table(self, name: str) -> str:
        return name


@pytest.fixture
def shop(moto_aws: None) -> Shop:
    dynamodb.create("catalog", "inventory")
    return Shop("prod", "us-east-1", "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.jsonl"


def product(name: str, sku: str) -> dict[str, Any]:
    variants = [{"sku": sku, "prices": {"USD": 1131}}]
    return {"product": name, "title": "T", "category": "tea", "brand": "B", "variants": variants}


def bring(shop: Shop, file: Path, *lines: dict[str, Any] | str) -> Summary:
    file.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return catalog.run(shop, file, act=True)


def stored() -> list[dict[str, Any]]:
    return [*dynamodb.rows("catalog"), *dynamodb.rows("inventory")]


def test_what_is_wrong_with_the_file_and_what_is_stored_against_it_are_told_at_once(
    shop: Shop, file: Path
) -> None:
    bring(shop, file, product("oolong", "TEA-1"), OPENING)
    before = stored()
    found = bring(
        shop, file, "nonsense", product("sencha", "TEA-1"), {**OPENING, "sku": "TEA-9"}, TAKEN
    )
    assert [(each.line, each.reason.split()[0]) for each in found.objections] == [
        (1, "is"),  # not JSON
        (2, "TEA-1"),  # a SKU of another product
        (3, "TEA-9"),  # of none
        (4, "only"),  # 40 units
    ]
    assert stored() == before


def test_nothing_is_said_against_a_line_that_a_refused_one_may_make_right(
    shop: Shop, file: Path
) -> None:
    wrong = {**product("oolong", "TEA-1"), "title": ""}
    found = bring(shop, file, wrong, {**OPENING, "on_hand": -1}, {**TAKEN, "change": -3})
    assert [each.line for each in found.objections] == [1, 2]


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_a_mistake(shop: Shop, file: Path, text: str) -> None:
    with pytest.raises(Failed, match="is empty"):
        bring(shop, file, text)


def test_a_product_may_be_sold_out_from_the_start(shop: Shop, file: Path) -> None:
    lines = product("oolong", "TEA-1"), {**OPENING, "on_hand": 0}
    assert (bring(shop, file, *lines).new, dynamodb.rows("inventory")) == (1, [])
    assert bring(shop, file, OPENING).stock_booked == 1


def test_what_is_wrong_with_a_file_is_told_without_a_platform(
    shop: Shop, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object) -> None:
        raise Unusable("AWS does not answer.")

    monkeypatch.setattr(services, "at", nowhere)
    assert len(bring(shop, file, "nonsense").objections) == 1
    with pytest.raises(Unusable):
        bring(shop, file, OPENING)
