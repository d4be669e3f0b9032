"""Prices add up, to the cent, whatever is ordered."""

from fractions import Fraction
from math import floor

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from catalog.domain import rates
from catalog.domain.pricing import MAX_TOTAL, Offer, price
from shop.checkout import OrderLine, Priced, TotalTooLarge
from shop.lines import merge

SKUS = [f"S{n}" for n in range(6)]
# Most baskets can be paid; the largest of them cannot.
amounts = st.integers(1, 20_000)
offers = st.fixed_dictionaries(
    {
        sku: st.builds(
            lambda usd, eur, gbp, sku=sku: Offer(
                sku, f"prd_{sku}", sku, {"USD": usd, "EUR": eur, "GBP": gbp}
            ),
            amounts,
            amounts,
            amounts,
        )
        for sku in SKUS
    }
)
lines = st.lists(
    st.builds(OrderLine, sku=st.sampled_from(SKUS), quantity=st.integers(1, 1000)),
    min_size=1,
    max_size=100,
)
currencies = st.sampled_from(sorted(rates.SHIPPING))
# Taxed, at nothing too, and untaxed.
places = st.sampled_from(sorted([*rates.TAXED, ("BR", None), ("ES", "CN")], key=str))


@settings(max_examples=200, deadline=None)
@given(offers=offers, lines=lines, currency=currencies, place=places)
def test_an_order_adds_up(
    offers: dict[str, Offer],
    lines: list[OrderLine],
    currency: str,
    place: tuple[str, str | None],
) -> None:
    country, region = place
    result = price(merge(lines), offers, currency=currency, country=country, region=region)
    assume(not isinstance(result, TotalTooLarge))
    assert isinstance(result, Priced)
    assert result.total <= MAX_TOTAL
    for line in result.lines:
        assert line.total == line.unit_price * line.quantity
    assert sum(line.total for line in result.lines) == result.subtotal
    assert sum(line.quantity for line in result.lines) == sum(line.quantity for line in lines)
    assert result.total == result.subtotal + result.shipping + result.tax
    assert result.shipping in (0, rates.SHIPPING[currency][0])
    base = result.subtotal + (result.shipping if rates.shipping_is_taxed(country) else 0)
    exact = Fraction(base * (rates.tax_rate(place) or 0), rates.RATE_DENOMINATOR)
    assert result.tax == floor(exact + Fraction(1, 2)), "half a cent of tax is a cent"


@settings(max_examples=100, deadline=None)
@given(offers=offers, lines=lines, currency=currencies, place=places)
def test_the_order_of_lines_changes_no_amount(
    offers: dict[str, Offer],
    lines: list[OrderLine],
    currency: str,
    place: tuple[str, str | None],
) -> None:
    country, region = place
    shuffled = sorted(lines, key=lambda line: (line.quantity, line.sku))
    split = [line.but(quantity=1) for line in lines if line.quantity > 1] + [
        line if line.quantity == 1 else line.but(quantity=line.quantity - 1) for line in lines
    ]
    results = [
        price(merge(some), offers, currency=currency, country=country, region=region)
        for some in (lines, shuffled, split)
    ]
    assert len({type(result) for result in results}) == 1
    amounts = {(r.subtotal, r.shipping, r.tax, r.total) for r in results if isinstance(r, Priced)}
    assert len(amounts) == isinstance(results[0], Priced)
