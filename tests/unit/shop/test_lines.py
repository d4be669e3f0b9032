"""Lines of goods."""

from shop.checkout import OrderLine
from shop.lines import merge


def test_lines_of_one_sku_are_summed_in_the_order_of_first_mention() -> None:
    lines = [("B", 1), ("A", 2), ("B", 3)]
    merged = merge(OrderLine(sku=sku, quantity=quantity) for sku, quantity in lines)
    assert list(merged.items()) == [("B", 4), ("A", 2)]
