"""Countries: all that the standard has, and one that it leaves out."""

import pycountry

from shop.countries import COUNTRIES


def test_countries_are_those_of_iso_3166_and_kosovo() -> None:
    assert {country.alpha_2 for country in pycountry.countries} | {"XK"} == COUNTRIES
