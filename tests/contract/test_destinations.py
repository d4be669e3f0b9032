"""Orders name places, the catalogue decides about them: both know the same ones."""

from collections.abc import Iterator

import pytest

from catalog.domain import rates
from catalog.domain.rates import NOT_SERVED, TAXED, UNTAXED
from orders.domain.destination import ship_to
from orders.domain.postal_codes import NEEDED
from orders.domain.regions import COUNTRIES_OF_THEIR_OWN, REGIONS
from orders.domain.territories import TERRITORIES
from shop.countries import COUNTRIES

TABLES = {"taxed": TAXED.keys(), "untaxed": UNTAXED, "not served": NOT_SERVED}


def places() -> Iterator[rates.Place]:
    """Every place to which some address comes."""
    for country in COUNTRIES - REGIONS.keys():
        yield country, None
    for country, regions in REGIONS.items():
        for region in regions.keys() - (COUNTRIES_OF_THEIR_OWN if country == "US" else set()):
            yield country, region
    for parts in TERRITORIES.values():
        for place in parts.values():
            if place is not None:
                yield place


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_a_country_is_taxed_or_untaxed_on_purpose_or_not_served(country: str) -> None:
    parts = {(country, region) for region in REGIONS.get(country, {None: None})}
    parts -= {(country, own) for own in COUNTRIES_OF_THEIR_OWN if country == "US"}
    for place in parts:
        found = [name for name, table in TABLES.items() if place in table]
        assert len(found) == 1, (place, found)


def test_every_place_is_in_exactly_one_table_and_no_table_has_others() -> None:
    known = [place for table in TABLES.values() for place in table]
    assert len(known) == len(set(known)), "a place has one treatment"
    assert set(known) == set(places())


def test_a_place_that_is_not_known_is_not_served() -> None:
    unknown: list[rates.Place] = [
        ("US", None), ("CA", None), ("US", "California"), ("US", "XX"), ("UK", None), ("XX", None),
        ("DE", "Bayern"), ("", None), ("ES", ""), ("FR", "CA"),
    ]  # fmt: skip
    for place in unknown:
        assert rates.tax_rate(place) is None


def test_what_is_not_served_has_no_rate() -> None:
    for place in NOT_SERVED:
        assert rates.tax_rate(place) is None


# Wherever tax is taken, a part may not be reached by an address that does not say where it is.
def test_where_a_country_is_taxed_in_parts_its_addresses_say_which() -> None:
    for country in TERRITORIES.keys() | REGIONS.keys():
        assert country in NEEDED
        with pytest.raises(ValueError, match="need"):
            ship_to(country, None, None)
