"""Where goods go, at what tax, and shipping prices: the tables behind pricing.py.

Changed by a release, like code.

A place is a country and the part of it that is treated on its own, as orders name it in `ship_to`.
It is in exactly one of three tables: taxed (which may be at nothing: Oregon), untaxed on purpose
(the goods are imported there, by the customer), or not served. A place in none of them is unknown,
and nothing goes there.

Tax is the standard rate of the destination, in thousandths of a percent. Sources:

- European Union: European Commission, Taxes in Europe Database, standard VAT rates in force on
  1 January 2026, with those of the Azores and Madeira. Other countries: the standard rate published
  by their tax authority, same day. Monaco is in the VAT area of France and the Isle of Man in that
  of the United Kingdom (Directive 2006/112/EC, article 7; Isle of Man Act 1979); Büsingen is in
  Switzerland's (MWSTG, article 3). The reduced rate of Greek islands is for sellers who are
  established there.
- United States: Tax Foundation, "State and Local Sales Tax Rates, 2025", column of state rates (for
  CA, UT and VA with the local part that is the same everywhere). Local rates are not charged.
- Canada: Canada Revenue Agency, "Charge and collect the tax: which rate to charge", GST or HST by
  province, from 1 April 2025. Taxes that provinces collect themselves (BC, MB, QC, SK) are not
  charged.
- Untaxed parts of taxed countries: Directive 2006/112/EC, article 6; MWSTG, article 4.
"""

Place = tuple[str, str | None]

_COUNTRIES = {
    "AT": 20_000, "BE": 21_000, "BG": 20_000, "CY": 19_000, "CZ": 21_000, "DE": 19_000,
    "DK": 25_000, "EE": 24_000, "ES": 21_000, "FI": 25_500, "FR": 20_000, "GR": 24_000,
    "HR": 25_000, "HU": 27_000, "IE": 23_000, "IT": 22_000, "LT": 21_000, "LU": 17_000,
    "LV": 21_000, "MT": 18_000, "NL": 21_000, "PL": 23_000, "PT": 23_000, "RO": 21_000,
    "SE": 25_000, "SI": 22_000, "SK": 23_000,
    "CH": 8_100, "GB": 20_000, "IS": 24_000, "LI": 8_100, "NO": 25_000,
    "IM": 20_000, "MC": 20_000, "AU": 10_000, "JP": 10_000, "NZ": 15_000, "SG": 9_000,
}  # fmt: skip

_STATES = {
    "AL": 4_000, "AK": 0, "AZ": 5_600, "AR": 6_500, "CA": 7_250, "CO": 2_900, "CT": 6_350,
    "DC": 6_000, "DE": 0, "FL": 6_000, "GA": 4_000, "HI": 4_000, "IA": 6_000, "ID": 6_000,
    "IL": 6_250, "IN": 7_000, "KS": 6_500, "KY": 6_000, "LA": 5_000, "MA": 6_250, "MD": 6_000,
    "ME": 5_500, "MI": 6_000, "MN": 6_875, "MO": 4_225, "MS": 7_000, "MT": 0, "NC": 4_750,
    "ND": 5_000, "NE": 5_500, "NH": 0, "NJ": 6_625, "NM": 4_875, "NV": 6_850, "NY": 4_000,
    "OH": 5_750, "OK": 4_500, "OR": 0, "PA": 6_000, "RI": 7_000, "SC": 6_000, "SD": 4_200,
    "TN": 7_000, "TX": 6_250, "UT": 6_100, "VA": 5_300, "VT": 6_000, "WA": 6_500, "WI": 5_000,
    "WV": 6_000, "WY": 4_000,
}  # fmt: skip

_PROVINCES = {
    "AB": 5_000, "BC": 5_000, "MB": 5_000, "NB": 15_000, "NL": 15_000, "NS": 14_000, "NT": 5_000,
    "NU": 5_000, "ON": 13_000, "PE": 15_000, "QC": 5_000, "SK": 5_000, "YT": 5_000,
}  # fmt: skip

TAXED: dict[Place, int] = {
    **{(country, None): rate for country, rate in _COUNTRIES.items()},
    **{("US", state): rate for state, rate in _STATES.items()},
    **{("CA", province): rate for province, rate in _PROVINCES.items()},
    ("DE", "BUSINGEN"): 8_100,
    ("PT", "20"): 16_000,  # Azores
    ("PT", "30"): 22_000,  # Madeira
}

_IMPORTERS = (
    "AD AE AF AG AI AL AM AO AR AS AW AX AZ BA BB BD BF BH BI BJ BL BM BN BO BQ BR BS BT BW BZ CC "
    "CD CF CG CI CK CL CM CN CO CR CV CW CX DJ DM DO DZ EC EG ER ET FJ FK FM FO GA GD GE GF GG GH "
    "GI GL GM GN GP GQ GT GU GW GY HK HN HT ID IL IN IQ JE JM JO KE KG KH KI KM KN KR KW KY KZ LA "
    "LB LC LK LR LS LY MA MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MU MV MW MX MY MZ NA NC NE NF "
    "NG NI NP NR NU OM PA PE PF PG PH PK PM PN PS PW PY QA RE RS RW SA SB SC SD SH SJ SL SM SN SO "
    "SR SS ST SV SX SZ TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UY UZ VA VC VE VG VI VN "
    "VU WF WS XK YE YT ZA ZM ZW"
)
UNTAXED: frozenset[Place] = frozenset(
    {
        *((country, None) for country in _IMPORTERS.split()),
        ("CH", "SAMNAUN"),
        ("DE", "HELGOLAND"),
        ("ES", "CE"),  # Ceuta
        ("ES", "CN"),  # Canary Islands
        ("ES", "ML"),  # Melilla
        ("GR", "69"),  # Mount Athos
        ("IT", "CAMPIONE"),
        ("IT", "LIVIGNO"),
    }
)

NOT_SERVED: frozenset[Place] = frozenset(
    {
        # Embargoes of the United States (OFAC, BIS) or of the European Union (833/2014, 765/2006).
        *((country, None) for country in ("BY", "CU", "IR", "KP", "RU", "SY")),
        *(("UA", part) for part in ("09", "14", "40", "43")),  # Luhansk to Crimea
        # Nobody lives there, or no post of its own reaches it.
        *((country, None) for country in ("AQ", "BV", "EH", "GS", "HM", "IO", "TF", "UM")),
        # Tax would be ours to collect, and is not yet: Puerto Rico's own, Mittelberg's and
        # Jungholz' reduced rate, forces abroad.
        ("PR", None),
        ("AT", "MITTELBERG"),
        ("GB", "BFPO"),
        *(("US", forces) for forces in ("AA", "AE", "AP")),
    }
)

RATE_DENOMINATOR = 100_000

# Per order, in minor units: (flat price, goods worth from which it is free).
SHIPPING = {"USD": (599, 7_500), "EUR": (499, 6_000), "GBP": (399, 5_000)}


def tax_rate(place: Place) -> int | None:
    """The rate at a destination, over RATE_DENOMINATOR; None if goods do not go there."""
    return 0 if place in UNTAXED else TAXED.get(place)


def shipping_is_taxed(country: str) -> bool:
    """VAT follows the goods to their delivery; US states tax the goods (taken so for all)."""
    return country != "US"
