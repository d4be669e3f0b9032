"""States and provinces on which tax depends: their names and where their postal codes begin.

Codes and names: ISO 3166-2, with the other official language of Canada and what people write.
Postal codes: USPS and Canada Post, as Google's libaddressinput has them (`sub_zips`); one may lie
in two regions (K1A is of Ottawa and of Gatineau). A test compares both with published copies.
"""

from typing import NamedTuple


class Region(NamedTuple):
    """Names by which it is known, and beginnings of its postal codes: `|` and space separate."""

    names: str
    begins: str


REGIONS = {
    "US": {
        "AL": Region("Alabama", "35 36"),
        "AK": Region("Alaska", "995 996 997 998 999"),
        "AZ": Region("Arizona", "85 86"),
        "AR": Region("Arkansas", "716 717 718 719 72"),
        "CA": Region("California", "90 91 92 93 94 95 960 961"),
        "CO": Region("Colorado", "80 81"),
        "CT": Region("Connecticut", "06"),
        "DE": Region("Delaware", "197 198 199"),
        "DC": Region("District of Columbia|Washington DC", "200 202 203 204 205 569"),
        "FL": Region("Florida", "32 33 341 342 343 344 345 346 347 348 349"),
        "GA": Region("Georgia", "30 31 398 39901"),
        "HI": Region(
            "Hawaii",
            "9670 9671 9672 9673 9674 9675 9676 9677 9678 96790 96791 96792 96793 96794 96795 "
            "96796 96797 96798 968",
        ),
        "ID": Region("Idaho", "832 833 834 835 836 837 838 839"),
        "IL": Region("Illinois", "60 61 62"),
        "IN": Region("Indiana", "46 47"),
        "IA": Region("Iowa", "50 51 52"),
        "KS": Region("Kansas", "66 67"),
        "KY": Region("Kentucky", "40 41 420 421 422 423 424 425 426 427"),
        "LA": Region("Louisiana", "70 710 711 712 713 714 715"),
        "ME": Region("Maine", "039 04"),
        "MD": Region("Maryland", "206 207 208 209 21"),
        "MA": Region("Massachusetts", "01 020 021 022 023 024 025 026 027 05501 05544"),
        "MI": Region("Michigan", "48 49"),
        "MN": Region("Minnesota", "55 560 561 562 563 564 565 566 567"),
        "MS": Region("Mississippi", "386 387 388 389 390 391 392 393 394 395 396 397"),
        "MO": Region("Missouri", "63 64 65"),
        "MT": Region("Montana", "59"),
        "NE": Region("Nebraska", "68 69"),
        "NV": Region("Nevada", "889 89"),
        "NH": Region("New Hampshire", "030 031 032 033 034 035 036 037 038"),
        "NJ": Region("New Jersey", "07 08"),
        "NM": Region("New Mexico", "87 880 881 882 883 884"),
        "NY": Region("New York", "00501 00544 06390 10 11 12 13 14"),
        "NC": Region("North Carolina", "27 28"),
        "ND": Region("North Dakota", "58"),
        "OH": Region("Ohio", "43 44 45"),
        "OK": Region("Oklahoma", "73 74"),
        "OR": Region("Oregon", "97"),
        "PA": Region("Pennsylvania", "15 16 17 18 190 191 192 193 194 195 196"),
        "RI": Region("Rhode Island", "028 029"),
        "SC": Region("South Carolina", "29"),
        "SD": Region("South Dakota", "57"),
        "TN": Region("Tennessee", "37 380 381 382 383 384 385"),
        "TX": Region("Texas", "73301 73344 75 76 77 78 79 885"),
        "UT": Region("Utah", "84"),
        "VT": Region("Vermont", "05"),
        "VA": Region("Virginia", "201 22 23 240 241 242 243 244 245 246"),
        "WA": Region("Washington", "98 990 991 992 993 994"),
        "WV": Region("West Virginia", "247 248 249 25 26"),
        "WI": Region("Wisconsin", "53 54"),
        "WY": Region("Wyoming", "82 830 831 83414"),
        # No states: forces abroad, territories and associated states, to which USPS delivers.
        "AA": Region("Armed Forces Americas", "340"),
        "AE": Region("Armed Forces Europe", "09"),
        "AP": Region("Armed Forces Pacific", "962 963 964 965 966"),
        "AS": Region("American Samoa", "96799"),
        "FM": Region("Micronesia|Federated States of Micronesia", "96941 96942 96943 96944"),
        "GU": Region("Guam", "9691 9692 96931 96932"),
        "MH": Region("Marshall Islands", "9696 9697"),
        "MP": Region("Northern Mariana Islands", "96950 96951 96952"),
        "PR": Region("Puerto Rico", "006 007 009"),
        "PW": Region("Palau", "96939 96940"),
        "VI": Region("Virgin Islands|US Virgin Islands|Virgin Islands, U.S.", "008"),
    },
    "CA": {
        "AB": Region("Alberta", "T"),
        "BC": Region("British Columbia|Colombie-Britannique", "V"),
        "MB": Region("Manitoba", "R"),
        "NB": Region("New Brunswick|Nouveau-Brunswick", "E"),
        "NL": Region(
            "Newfoundland and Labrador|Newfoundland & Labrador|Terre-Neuve-et-Labrador", "A"
        ),
        "NS": Region("Nova Scotia|Nouvelle-Écosse", "B"),
        "NT": Region("Northwest Territories|Territoires du Nord-Ouest", "X0E X0G X1A"),
        "NU": Region("Nunavut", "X0A X0B X0C"),
        "ON": Region("Ontario", "K L M N P"),
        "PE": Region("Prince Edward Island|PEI|Île-du-Prince-Édouard", "C"),
        "QC": Region("Quebec|Québec", "G H J K1A"),
        "SK": Region("Saskatchewan", "R8A S"),
        "YT": Region("Yukon|Yukon Territory", "Y"),
    },
}

# Those that are countries to ISO 3166-1, and so to everybody else here.
COUNTRIES_OF_THEIR_OWN = frozenset({"AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"})
