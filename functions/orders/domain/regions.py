"""States and provinces on which tax depends: their names and where their postal codes begin.

Codes and names: ISO 3166-2, with the other official language of Canada and what people write.
Postal codes: USPS and Canada Post, as Google's libaddressinput has them (`sub_zips`); one may lie
in two regions (K1A is of Ottawa and of Gatineau). A test compares both with published copies.
"""

_HAWAII = (  # not 96799, which is American Samoa's
    "9670 9671 9672 9673 9674 9675 9676 9677 9678 96790 96791 96792 96793 96794 96795 96796 96797 "
    "96798 968"
)
# By code: the names, between `|`, and the beginnings of postal codes.
REGIONS: dict[str, dict[str, tuple[str, str]]] = {
    "US": {
        "AL": ("Alabama", "35 36"),
        "AK": ("Alaska", "995 996 997 998 999"),
        "AZ": ("Arizona", "85 86"),
        "AR": ("Arkansas", "716 717 718 719 72"),
        "CA": ("California", "90 91 92 93 94 95 960 961"),
        "CO": ("Colorado", "80 81"),
        "CT": ("Connecticut", "06"),
        "DE": ("Delaware", "197 198 199"),
        "DC": ("District of Columbia|Washington DC", "200 202 203 204 205 569"),
        "FL": ("Florida", "32 33 341 342 343 344 345 346 347 348 349"),
        "GA": ("Georgia", "30 31 398 39901"),
        "HI": ("Hawaii", _HAWAII),
        "ID": ("Idaho", "832 833 834 835 836 837 838 839"),
        "IL": ("Illinois", "60 61 62"),
        "IN": ("Indiana", "46 47"),
        "IA": ("Iowa", "50 51 52"),
        "KS": ("Kansas", "66 67"),
        "KY": ("Kentucky", "40 41 420 421 422 423 424 425 426 427"),
        "LA": ("Louisiana", "70 710 711 712 713 714 715"),
        "ME": ("Maine", "039 04"),
        "MD": ("Maryland", "206 207 208 209 21"),
        "MA": ("Massachusetts", "01 020 021 022 023 024 025 026 027 05501 05544"),
        "MI": ("Michigan", "48 49"),
        "MN": ("Minnesota", "55 560 561 562 563 564 565 566 567"),
        "MS": ("Mississippi", "386 387 388 389 390 391 392 393 394 395 396 397"),
        "MO": ("Missouri", "63 64 65"),
        "MT": ("Montana", "59"),
        "NE": ("Nebraska", "68 69"),
        "NV": ("Nevada", "889 89"),
        "NH": ("New Hampshire", "030 031 032 033 034 035 036 037 038"),
        "NJ": ("New Jersey", "07 08"),
        "NM": ("New Mexico", "87 880 881 882 883 884"),
        "NY": ("New York", "00501 00544 06390 10 11 12 13 14"),
        "NC": ("North Carolina", "27 28"),
        "ND": ("North Dakota", "58"),
        "OH": ("Ohio", "43 44 45"),
        "OK": ("Oklahoma", "73 74"),
        "OR": ("Oregon", "97"),
        "PA": ("Pennsylvania", "15 16 17 18 190 191 192 193 194 195 196"),
        "RI": ("Rhode Island", "028 029"),
        "SC": ("South Carolina", "29"),
        "SD": ("South Dakota", "57"),
        "TN": ("Tennessee", "37 380 381 382 383 384 385"),
        "TX": ("Texas", "73301 73344 75 76 77 78 79 885"),
        "UT": ("Utah", "84"),
        "VT": ("Vermont", "05"),
        "VA": ("Virginia", "201 22 23 240 241 242 243 244 245 246"),
        "WA": ("Washington", "98 990 991 992 993 994"),
        "WV": ("West Virginia", "247 248 249 25 26"),
        "WI": ("Wisconsin", "53 54"),
        "WY": ("Wyoming", "82 830 831 83414"),
        # No states: forces abroad, territories and associated states, to which USPS delivers.
        "AA": ("Armed Forces Americas", "340"),
        "AE": ("Armed Forces Europe", "09"),
        "AP": ("Armed Forces Pacific", "962 963 964 965 966"),
        "AS": ("American Samoa", "96799"),
        "FM": ("Micronesia|Federated States of Micronesia", "96941 96942 96943 96944"),
        "GU": ("Guam", "9691 9692 96931 96932"),
        "MH": ("Marshall Islands", "9696 9697"),
        "MP": ("Northern Mariana Islands", "96950 96951 96952"),
        "PR": ("Puerto Rico", "006 007 009"),
        "PW": ("Palau", "96939 96940"),
        "VI": ("Virgin Islands|US Virgin Islands|Virgin Islands, U.S.", "008"),
    },
    "CA": {
        "AB": ("Alberta", "T"),
        "BC": ("British Columbia|Colombie-Britannique", "V"),
        "MB": ("Manitoba", "R"),
        "NB": ("New Brunswick|Nouveau-Brunswick", "E"),
        "NL": ("Newfoundland and Labrador|Newfoundland & Labrador|Terre-Neuve-et-Labrador", "A"),
        "NS": ("Nova Scotia|Nouvelle-Écosse", "B"),
        "NT": ("Northwest Territories|Territoires du Nord-Ouest", "X0E X0G X1A"),
        "NU": ("Nunavut", "X0A X0B X0C"),
        "ON": ("Ontario", "K L M N P"),
        "PE": ("Prince Edward Island|PEI|Île-du-Prince-Édouard", "C"),
        "QC": ("Quebec|Québec", "G H J K1A"),
        "SK": ("Saskatchewan", "R8A S"),
        "YT": ("Yukon|Yukon Territory", "Y"),
    },
}

# Those that are countries to ISO 3166-1, and so to everybody else here.
COUNTRIES_OF_THEIR_OWN = frozenset({"AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"})
