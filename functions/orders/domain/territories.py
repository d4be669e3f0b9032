"""Parts of countries that tax or delivery treats on their own, by how their postal codes begin.

Sources:

- European Union: Directive 2006/112/EC, articles 6 and 7 (outside the VAT area: the Canary Islands,
  Ceuta, Melilla, Åland, Büsingen, Heligoland, Livigno, Campione d'Italia, Mount Athos, the French
  overseas territories; inside: Monaco, the Isle of Man) and article 105 (Madeira, the Azores).
- Switzerland: MWSTG, articles 3 and 4 (Büsingen and Liechtenstein are inland, Samnaun is not for
  goods). Norway: merverdiavgiftsloven, 1-2 (not Svalbard, not Jan Mayen). Australia: GST Act,
  195-1 (no external territories). Austria: UStG, 10 (4) (Jungholz and Mittelberg).
- United Kingdom: HMRC, VAT Notice 703 (not the Channel Islands, not Gibraltar).
- Ukraine: Executive Orders 13685 and 14065 of the United States.
- Postal codes: the posts concerned; Google's libaddressinput where it has them.
"""

from orders.domain.order import ShipTo

# A part that ISO 3166-1 has as a country becomes that country; others have their ISO 3166-2 code,
# or a name of ours where there is none. The longest beginning counts; None: nothing goes by it.
TERRITORIES: dict[str, dict[str, ShipTo | None]] = {
    "AT": {code: ShipTo("AT", "MITTELBERG") for code in ("6691", "6991", "6992", "6993")},
    "AU": {
        "2899": ShipTo("NF"),
        "6798": ShipTo("CX"),
        "6799": ShipTo("CC"),
        "7151": ShipTo("AQ"),
    },
    "CH": {
        "6911": ShipTo("IT", "CAMPIONE"),
        "7562": ShipTo("CH", "SAMNAUN"),
        "7563": ShipTo("CH", "SAMNAUN"),
        "8238": ShipTo("DE", "BUSINGEN"),
        **{str(code): ShipTo("LI") for code in range(9485, 9499)},
    },
    "DE": {"27498": ShipTo("DE", "HELGOLAND"), "78266": ShipTo("DE", "BUSINGEN")},
    "DK": {"2412": ShipTo("GL"), "38": None, "39": ShipTo("GL")},
    "ES": {
        "35": ShipTo("ES", "CN"),
        "38": ShipTo("ES", "CN"),
        "51": ShipTo("ES", "CE"),
        "52": ShipTo("ES", "ML"),
    },
    "FI": {"22": ShipTo("AX")},
    "FR": {
        "97": None,
        "971": ShipTo("GP"),
        "97133": ShipTo("BL"),
        "97150": ShipTo("MF"),
        "972": ShipTo("MQ"),
        "973": ShipTo("GF"),
        "974": ShipTo("RE"),
        "975": ShipTo("PM"),
        "976": ShipTo("YT"),
        "98": None,
        "980": ShipTo("MC"),
        "984": ShipTo("TF"),
        "986": ShipTo("WF"),
        "987": ShipTo("PF"),
        "988": ShipTo("NC"),
    },
    "GB": {
        "BF": ShipTo("GB", "BFPO"),
        "GX": ShipTo("GI"),
        "GY": ShipTo("GG"),
        "IM": ShipTo("IM"),
        "JE": ShipTo("JE"),
    },
    "GR": {"63086": ShipTo("GR", "69"), "63087": ShipTo("GR", "69")},
    "IT": {
        "00120": ShipTo("VA"),
        "22061": ShipTo("IT", "CAMPIONE"),
        "23041": ShipTo("IT", "LIVIGNO"),
        "4789": ShipTo("SM"),
    },
    "NO": {"8099": ShipTo("SJ"), "917": ShipTo("SJ")},
    "PT": {
        **{str(code): ShipTo("PT", "30") for code in range(90, 95)},
        **{str(code): ShipTo("PT", "20") for code in range(95, 100)},
    },
    "UA": {
        **{str(code): ShipTo("UA", "14") for code in range(83, 88)},
        **{str(code): ShipTo("UA", "09") for code in range(91, 95)},
        **{str(code): ShipTo("UA", "43") for code in range(95, 99)},
        "99": ShipTo("UA", "40"),
    },
}

# Names that say for sure that the goods go to such a part: the postal code must say so too.
NAMES: dict[str, dict[ShipTo, str]] = {
    "AU": {
        ShipTo("CC"): "Cocos Islands|Cocos (Keeling) Islands",
        ShipTo("CX"): "Christmas Island",
        ShipTo("NF"): "Norfolk Island",
    },
    "CH": {ShipTo("LI"): "Liechtenstein", ShipTo("CH", "SAMNAUN"): "Samnaun"},
    "DE": {
        ShipTo("DE", "BUSINGEN"): "Büsingen|Büsingen am Hochrhein",
        ShipTo("DE", "HELGOLAND"): "Helgoland|Heligoland",
    },
    "DK": {ShipTo("GL"): "Grønland|Greenland|Kalaallit Nunaat"},
    "ES": {
        ShipTo("ES", "CN"): "Canarias|Islas Canarias|Canary Islands|Las Palmas|Tenerife|"
        "Santa Cruz de Tenerife|Gran Canaria|Lanzarote|Fuerteventura|CN|ES-CN|GC|TF",
        ShipTo("ES", "CE"): "Ceuta|CE|ES-CE",
        ShipTo("ES", "ML"): "Melilla|ML|ES-ML",
    },
    "FI": {ShipTo("AX"): "Åland|Åland Islands|Ahvenanmaa"},
    "FR": {
        ShipTo("BL"): "Saint-Barthélemy",
        ShipTo("GF"): "Guyane|French Guiana",
        ShipTo("GP"): "Guadeloupe",
        ShipTo("MC"): "Monaco",
        ShipTo("MF"): "Saint-Martin",
        ShipTo("MQ"): "Martinique",
        ShipTo("NC"): "Nouvelle-Calédonie|New Caledonia",
        ShipTo("PF"): "Polynésie française|French Polynesia",
        ShipTo("PM"): "Saint-Pierre-et-Miquelon",
        ShipTo("RE"): "Réunion|La Réunion",
        ShipTo("WF"): "Wallis-et-Futuna",
        ShipTo("YT"): "Mayotte",
    },
    "GB": {
        ShipTo("GG"): "Guernsey",
        ShipTo("GI"): "Gibraltar",
        ShipTo("IM"): "Isle of Man",
        ShipTo("JE"): "Jersey",
    },
    "GR": {ShipTo("GR", "69"): "Mount Athos|Agion Oros|GR-69"},
    "IT": {
        ShipTo("IT", "CAMPIONE"): "Campione d'Italia",
        ShipTo("IT", "LIVIGNO"): "Livigno",
        ShipTo("SM"): "San Marino",
        ShipTo("VA"): "Vatican City|Città del Vaticano",
    },
    "NO": {ShipTo("SJ"): "Svalbard|Jan Mayen|Svalbard and Jan Mayen"},
    "PT": {
        ShipTo("PT", "20"): "Açores|Azores|PT-20",
        ShipTo("PT", "30"): "Madeira|PT-30",
    },
    "UA": {
        ShipTo("UA", "40"): "Sevastopol|UA-40",
        ShipTo("UA", "43"): "Crimea|Krym|UA-43",
    },
}
