"""Where an order goes: from an address to the place by which tax and delivery are decided.

A place is a country, and the part of it that is treated on its own: the state or province where tax
depends on it, else a territory. Whether goods go there, and at what tax, the catalogue knows; here
every address comes to one place or is refused. Nothing is guessed.
"""

import functools
import re
import unicodedata

from orders.domain.order import ShipTo
from orders.domain.postal_codes import compact
from orders.domain.regions import COUNTRIES_OF_THEIR_OWN, REGIONS
from orders.domain.territories import NAMES, REGIONS_OF_THEIR_OWN, TERRITORIES, Place


def normalise_region(country: str, region: str | None) -> str | None:
    """`CA` for `ca`, `US-CA` and `California`, where tax depends on regions; else as it is.

    ValueError if the country needs a region and this is none of its regions.
    """
    if country not in REGIONS:
        return region
    if region is None:
        raise ValueError("addresses in this country need their state or province")
    code = _codes(country).get(_key(region))
    if code is None:
        raise ValueError("not a state or province of this country: write its code or its name")
    return code


def ship_to(country: str, region: str | None, postal_code: str | None) -> ShipTo:
    """The place of an address. ValueError if its parts are not of one place, or of none."""
    region = normalise_region(country, region)
    code = compact(country, postal_code)
    if country in REGIONS:
        return _of_region(country, region or "", code or "")
    place = _by_postal_code(country, code or "")
    key = _key(region or "")
    named = [
        each for each, names in NAMES.get(country, {}).items() if key in map(_key, names.split("|"))
    ]
    must_agree = named or (region and place in REGIONS_OF_THEIR_OWN)
    if place is None or (must_agree and named != [place]):
        raise ValueError("not a postal code of this region")
    return ShipTo(*place)


@functools.cache
def _codes(country: str) -> dict[str, str]:
    """The code of a region by everything that it may be written as."""
    found = {}
    for code, (names, _) in REGIONS[country].items():
        for name in (code, f"{country}-{code}", *names.split("|")):
            found[_key(name)] = code
    return found


def _of_region(country: str, region: str, code: str) -> ShipTo:
    _, begins = REGIONS[country][region]
    if not code.startswith(tuple(begins.split())):
        raise ValueError("not a postal code of this region")
    own = country == "US" and region in COUNTRIES_OF_THEIR_OWN
    return ShipTo(region) if own else ShipTo(country, region)


def _by_postal_code(country: str, code: str) -> Place | None:
    parts = TERRITORIES.get(country, {})
    begins = [begin for begin in parts if code.startswith(begin)]
    return parts[max(begins, key=len)] if begins else (country, None)


def _key(text: str) -> str:
    """Letters and digits alone: people differ in case, accents, dots and spaces."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[\W_]|[^\x00-\x7f]", "", plain)
