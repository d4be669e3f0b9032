"""What a file may say, and that every reason against it is told with its line."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inventory.service.import_stock import OpeningStock, StockChange
from tools.shopctl import catalog_file
from tools.shopctl.catalog_file import Content
from tools.shopctl.errors import Unusable

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PRODUCT: dict[str, Any] = {
    "product": "oolong",
    "title": "Oolong",
    "category": "tea",
    "brand": "Leaf",
    "variants": [{"sku": "TEA-1", "prices": {"USD": 1131}}],
}
OPENING: dict[str, Any] = {"sku": "TEA-1", "location": "use1-ewr", "on_hand": 40}
CHANGE: dict[str, Any] = {"sku": "TEA-1", "location": "use1-ewr", "change": -3, "id": "count-7"}


def parsed(*lines: dict[str, Any] | str) -> Content:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return catalog_file.parse(texts, region="us-east-1", now=NOW)


def test_a_file_says_products_and_stock() -> None:
    content = parsed(PRODUCT, "", OPENING, CHANGE)
    assert content.objections == []
    (product,) = content.products.values()
    assert (product.variants[0].prices, product.status) == ({"USD": 1131}, "active")
    assert content.stock == {
        3: OpeningStock("TEA-1", "use1-ewr", 40),
        4: StockChange("TEA-1", "use1-ewr", -3, "count-7"),
    }


def test_a_product_keeps_its_id_whatever_else_is_said_of_it() -> None:
    (one,) = parsed(PRODUCT).products.values()
    (other,) = parsed({**PRODUCT, "title": "Other", "category": "pots"}).products.values()
    assert one.product_id == other.product_id


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"a": 1}', "has neither"),
        ('{"sku": "A", "sku": "B", "location": "use1-ewr", "on_hand": 1}', "names a field twice"),
        ('{"sku": "A", "location": "use1-ewr", "on_hand": NaN}', "NaN is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ({**PRODUCT, "prize": 1}, "prize: Extra inputs"),
        ({**PRODUCT, "title": ""}, "title: String should have at least 1"),
        ({**PRODUCT, "category": "Tea"}, "category: String should match"),
        ({**PRODUCT, "variants": []}, "variants: List should have at least 1"),
        ({**PRODUCT, "variants": [{"sku": "T", "prices": {"USD": 11.31}}]}, "valid integer"),
        ({**PRODUCT, "variants": [{"sku": "T", "prices": {"USD": 0}}]}, "greater than 0"),
        ({**PRODUCT, "variants": [{"sku": "T", "prices": {"CHF": 1}}]}, "'USD', 'EUR' or 'GBP'"),
        ({**PRODUCT, "variants": [{"sku": "T", "prices": {}}]}, "at least 1"),
        ({**PRODUCT, "variants": PRODUCT["variants"] * 2}, "variant TEA-1 is in line 1"),
        ({**OPENING, "location": "mars"}, "location: Input should be"),
        ({**OPENING, "on_hand": -1}, "greater than or equal to 0"),
        ({**OPENING, "on_hand": "40"}, "valid integer"),
        ({**OPENING, "on_hand": True}, "valid integer"),
        ({**OPENING, "change": 3}, "on_hand: Extra inputs"),
        ({**CHANGE, "change": 0}, "must not be 0"),
        ({**CHANGE, "id": ""}, "id: String should match"),
    ],
)
def test_what_is_not_understood_is_refused(line: dict[str, Any] | str, reason: str) -> None:
    content = parsed(line)
    assert reason in " ".join(each.reason for each in content.objections)
    assert {each.line for each in content.objections} == {1}


def test_a_file_says_a_thing_once() -> None:
    other = {**PRODUCT, "product": "sencha"}
    content = parsed(PRODUCT, PRODUCT, other, OPENING, OPENING, CHANGE, CHANGE)
    assert [(each.line, each.reason.split()[0]) for each in content.objections] == [
        (2, "product"),
        (2, "variant"),
        (3, "variant"),
        (5, "on_hand"),
        (7, "change"),
    ]


def test_every_reason_is_told_not_only_the_first() -> None:
    content = parsed("x", {**OPENING, "location": "mars", "on_hand": -1}, PRODUCT)
    assert [each.line for each in content.objections] == [1, 2, 2]


def test_a_file_may_begin_with_the_mark_of_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "shop.jsonl"
    file.write_text(json.dumps(PRODUCT), "utf-8-sig")
    content = catalog_file.read(file, region="us-east-1", now=NOW)
    assert (len(content.products), content.objections) == (1, [])


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="No such file"):
        catalog_file.read(tmp_path / "none", region="us-east-1", now=NOW)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(Unusable, match="not UTF-8"):
        catalog_file.read(binary, region="us-east-1", now=NOW)
