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

Place = tuple[str, str | None]  # the fields of a `ShipTo`

# A part that ISO 3166-1 has as a country becomes that country; others have their ISO 3166-2 code,
# or a name of ours where there is none. The longest beginning counts; None: nothing goes by it.
TERRITORIES: dict[str, dict[str, Place | None]] = {
    "AT": dict.fromkeys(("6691", "6991", "6992", "6993"), ("AT", "MITTELBERG")),
    "AU": {
        "2899": ("NF", None),
        "6798": ("CX", None),
        "6799": ("CC", None),
        "7151": ("AQ", None),
    },
    "CH": {
        "6911": ("IT", "CAMPIONE"),
        "7562": ("CH", "SAMNAUN"),
        "7563": ("CH", "SAMNAUN"),
        "8238": ("DE", "BUSINGEN"),
        **{str(code): ("LI", None) for code in range(9485, 9499)},
    },
    "DE": {"27498": ("DE", "HELGOLAND"), "78266": ("DE", "BUSINGEN")},
    "DK": {"2412": ("GL", None), "38": None, "39": ("GL", None)},
    "ES": {
        "35": ("ES", "CN"),
        "38": ("ES", "CN"),
        "51": ("ES", "CE"),
        "52": ("ES", "ML"),
    },
    "FI": {"22": ("AX", None)},
    "FR": {
        "97": None,
        "971": ("GP", None),
        "97133": ("BL", None),
        "97150": ("MF", None),
        "972": ("MQ", None),
        "973": ("GF", None),
        "974": ("RE", None),
        "975": ("PM", None),
        "976": ("YT", None),
        "98": None,
        "980": ("MC", None),
        "984": ("TF", None),
        "986": ("WF", None),
        "987": ("PF", None),
        "988": ("NC", None),
    },
    "GB": {
        "BF": ("GB", "BFPO"),
        "GX": ("GI", None),
        "GY": ("GG", None),
        "IM": ("IM", None),
        "JE": ("JE", None),
    },
    "GR": {"63086": ("GR", "69"), "63087": ("GR", "69")},
    "IT": {
        "00120": ("VA", None),
        "22061": ("IT", "CAMPIONE"),
        "23041": ("IT", "LIVIGNO"),
        "4789": ("SM", None),
    },
    "NO": {"8099": ("SJ", None), "917": ("SJ", None)},
    "PT": {
        **{str(code): ("PT", "30") for code in range(90, 95)},
        **{str(code): ("PT", "20") for code in range(95, 100)},
    },
    "UA": {
        **{str(code): ("UA", "14") for code in range(83, 88)},
        **{str(code): ("UA", "09") for code in range(91, 95)},
        **{str(code): ("UA", "43") for code in range(95, 99)},
        "99": ("UA", "40"),
    },
}

# Regions by themselves: who writes one there writes one of its names. Of the others people write
# the region above, too (Schleswig-Holstein of Helgoland).
REGIONS_OF_THEIR_OWN: frozenset[Place] = frozenset({("ES", "CN"), ("ES", "CE"), ("ES", "ML")})

# Names that say for sure that the goods go to such a part: the postal code must say so too.
NAMES: dict[str, dict[Place, str]] = {
    "AU": {
        ("CC", None): "Cocos Islands|Cocos (Keeling) Islands",
        ("CX", None): "Christmas Island",
        ("NF", None): "Norfolk Island",
    },
    "CH": {("LI", None): "Liechtenstein", ("CH", "SAMNAUN"): "Samnaun"},
    "DE": {
        ("DE", "BUSINGEN"): "Büsingen|Büsingen am Hochrhein",
        ("DE", "HELGOLAND"): "Helgoland|Heligoland",
    },
    "DK": {("GL", None): "Grønland|Greenland|Kalaallit Nunaat"},
    "ES": {
        ("ES", "CN"): "Canarias|Islas Canarias|Canary Islands|Las Palmas|Tenerife|"
        "Santa Cruz de Tenerife|Gran Canaria|Lanzarote|Fuerteventura|La Palma|La Gomera|"
        "El Hierro|La Graciosa|CN|ES-CN|GC|TF",
        ("ES", "CE"): "Ceuta|CE|ES-CE",
        ("ES", "ML"): "Melilla|ML|ES-ML",
    },
    "FI": {("AX", None): "Åland|Åland Islands|Ahvenanmaa"},
    "FR": {
        ("BL", None): "Saint-Barthélemy",
        ("GF", None): "Guyane|French Guiana",
        ("GP", None): "Guadeloupe",
        ("MC", None): "Monaco",
        ("MF", None): "Saint-Martin",
        ("MQ", None): "Martinique",
        ("NC", None): "Nouvelle-Calédonie|New Caledonia",
        ("PF", None): "Polynésie française|French Polynesia",
        ("PM", None): "Saint-Pierre-et-Miquelon",
        ("RE", None): "Réunion|La Réunion",
        ("WF", None): "Wallis-et-Futuna",
        ("YT", None): "Mayotte",
    },
    "GB": {
        ("GG", None): "Guernsey",
        ("GI", None): "Gibraltar",
        ("IM", None): "Isle of Man",
        ("JE", None): "Jersey",
    },
    "GR": {("GR", "69"): "Mount Athos|Agion Oros|GR-69"},
    "IT": {
        ("IT", "CAMPIONE"): "Campione d'Italia",
        ("IT", "LIVIGNO"): "Livigno",
        ("SM", None): "San Marino",
        ("VA", None): "Vatican City|Città del Vaticano",
    },
    "NO": {("SJ", None): "Svalbard|Jan Mayen|Svalbard and Jan Mayen"},
    "PT": {
        ("PT", "20"): "Açores|Azores|PT-20",
        ("PT", "30"): "Madeira|PT-30",
    },
    "UA": {
        ("UA", "40"): "Sevastopol|UA-40",
        ("UA", "43"): "Crimea|Krym|UA-43",
    },
}
