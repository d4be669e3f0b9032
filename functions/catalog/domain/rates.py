"""Tax rates and shipping prices: the tables behind pricing.py. Changed by a release, like code.

Tax is the standard rate of the destination, in thousandths of a percent. Sources:

- European Union: European Commission, Taxes in Europe Database, standard VAT rates in force on
  1 January 2026. Other countries: the standard rate published by their tax authority, same day.
- United States: Tax Foundation, "State and Local Sales Tax Rates, 2025", column of state rates (for
  CA, UT and VA with the local part that is the same everywhere). Local rates are not charged.

A destination that is not listed is not taxed here: its customer is the importer.
"""

_VAT = {
    "AT": 20_000, "BE": 21_000, "BG": 20_000, "CY": 19_000, "CZ": 21_000, "DE": 19_000,
    "DK": 25_000, "EE": 24_000, "ES": 21_000, "FI": 25_500, "FR": 20_000, "GR": 24_000,
    "HR": 25_000, "HU": 27_000, "IE": 23_000, "IT": 22_000, "LT": 21_000, "LU": 17_000,
    "LV": 21_000, "MT": 18_000, "NL": 21_000, "PL": 23_000, "PT": 23_000, "RO": 21_000,
    "SE": 25_000, "SI": 22_000, "SK": 23_000,
    "CH": 8_100, "GB": 20_000, "IS": 24_000, "LI": 8_100, "NO": 25_000,
    "AU": 10_000, "CA": 5_000, "JP": 10_000, "NZ": 15_000, "SG": 9_000,
}  # fmt: skip

_US_STATES = {
    "AL": 4_000, "AK": 0, "AZ": 5_600, "AR": 6_500, "CA": 7_250, "CO": 2_900, "CT": 6_350,
    "DC": 6_000, "DE": 0, "FL": 6_000, "GA": 4_000, "HI": 4_000, "IA": 6_000, "ID": 6_000,
    "IL": 6_250, "IN": 7_000, "KS": 6_500, "KY": 6_000, "LA": 5_000, "MA": 6_250, "MD": 6_000,
    "ME": 5_500, "MI": 6_000, "MN": 6_875, "MO": 4_225, "MS": 7_000, "MT": 0, "NC": 4_750,
    "ND": 5_000, "NE": 5_500, "NH": 0, "NJ": 6_625, "NM": 4_875, "NV": 6_850, "NY": 4_000,
    "OH": 5_750, "OK": 4_500, "OR": 0, "PA": 6_000, "RI": 7_000, "SC": 6_000, "SD": 4_200,
    "TN": 7_000, "TX": 6_250, "UT": 6_100, "VA": 5_300, "VT": 6_000, "WA": 6_500, "WI": 5_000,
    "WV": 6_000, "WY": 4_000,
}  # fmt: skip

RATE_DENOMINATOR = 100_000

# Per order, in minor units: (flat price, goods worth from which it is free).
SHIPPING = {"USD": (599, 7_500), "EUR": (499, 6_000), "GBP": (399, 5_000)}


def tax_rate(country: str, region: str | None) -> int:
    """The rate at a destination, over RATE_DENOMINATOR. `region` is a US state: `CA`, `US-CA`."""
    if country == "US":
        state = (region or "").strip().upper().removeprefix("US-")
        return _US_STATES.get(state, 0)
    return _VAT.get(country, 0)


def shipping_is_taxed(country: str) -> bool:
    """VAT follows the goods to their delivery; US states tax the goods (taken so for all)."""
    return country != "US"
