"""Postal codes: the countries whose addresses need one, and the form that it has there.

Source: Google's libaddressinput, the countries whose `require` has a postal code. Elsewhere there
is none, or mail goes without, and what is given is kept as it is. A form is that of the code
without spaces and hyphens, in capitals. Two are wider than the source's, since the part that is
written says where it goes: `BA1` of `BA1 1LT`, `9000` of `9000-042`. Spain's and France's are
narrower: a code begins with a province or département.
"""

import re

_DIGITS = {
    4: "AT AU BE CH DK HU LU LV NO NZ SJ ZA",
    5: "CZ DE EE FI GR IT KR LT MX MY SE SK TR UA PL",
    6: "CN IN RO RU SG",
    7: "JP",
    8: "BR",
}
_BRITISH = r"\d[\dA-Z]?(?:\d[A-Z]{2})?"
_BRITISH_AREAS = (
    "AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN "
    "DT DY E EC EH EN EX FK FY G GL GU GX GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L "
    "LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE "
    "SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE"
)
_AMERICAN = r"(?:\d{4})?"
_FORMS = {
    **{code: rf"\d{{{n}}}" for n, codes in _DIGITS.items() for code in codes.split()},
    "ES": r"(?:0[1-9]|[1-4]\d|5[0-2])\d{3}",
    "FR": r"(?!00|96|99)\d{5}",
    "GB": rf"GIR0AA|BFPO\d{{1,4}}|(?:{_BRITISH_AREAS.replace(' ', '|')}){_BRITISH}",
    "NL": r"[1-9]\d{3}[A-Z]{2}",
    "PT": r"[1-9]\d{3}(?:\d{3})?",
    "TW": r"\d{3}(?:\d{2,3})?",
    # Canada: no D, F, I, O, Q, U anywhere, and no W or Z in front.
    "CA": r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d",
    # Parts of others' ranges, whose addresses may name their own country.
    "AX": r"22\d{3}",
    "GL": r"39\d{2}",
    "LI": r"94(?:8[5-9]|9[0-8])",
    "SM": r"4789\d",
    "GG": f"GY{_BRITISH}",
    "IM": f"IM{_BRITISH}",
    "JE": f"JE{_BRITISH}",
    "BL": r"97[01]\d{2}",
    "GF": r"973\d{2}",
    "GP": r"97[01]\d{2}",
    "MF": r"97[01]\d{2}",
    "MQ": r"972\d{2}",
    "NC": r"988\d{2}",
    "PF": r"987\d{2}",
    "PM": r"975\d{2}",
    "RE": r"974\d{2}",
    "WF": r"986\d{2}",
    "YT": r"976\d{2}",
    "US": rf"\d{{5}}{_AMERICAN}",
    "AS": rf"96799{_AMERICAN}",
    "FM": rf"9694[1-4]{_AMERICAN}",
    "GU": rf"969(?:[12]\d|3[12]){_AMERICAN}",
    "MH": rf"969[67]\d{_AMERICAN}",
    "MP": rf"9695[012]{_AMERICAN}",
    "PR": rf"00[679]\d{{2}}{_AMERICAN}",
    "PW": rf"969(?:39|40){_AMERICAN}",
    "VI": rf"008(?:[0-4]\d|5[01]){_AMERICAN}",
    "FK": "FIQQ1ZZ",
    "GS": "SIQQ1ZZ",
    "IO": "BBND1ZZ",
    "PN": "PCRN1ZZ",
    "SH": "(?:ASCN|STHL|TDCU)1ZZ",
    "TC": "TKCA1ZZ",
}
NEEDED = frozenset(_FORMS)
# What stands before a postal code in letters from abroad, where it is not the ISO code.
_SIGNS = {"AT": "A", "BE": "B", "DE": "D", "FR": "F", "IT": "I", "LI": "FL", "LU": "L", "PT": "P",
          "ES": "E", "SE": "S", "NO": "N", "AX": "FI"}  # fmt: skip


def compact(country: str, postal_code: str | None) -> str | None:
    """The code in the one form that rules compare, `75001` for `F-75001`; None if none is needed.

    ValueError if the country needs one and this is none of its codes.
    """
    form = _FORMS.get(country)
    if form is None:
        return None
    if postal_code is None:
        raise ValueError("addresses in this country need a postal code")
    text = re.sub(r"[\s\-\u2010-\u2015]", "", postal_code).upper()
    for candidate in (
        text,
        text.removeprefix(country),
        text.removeprefix(_SIGNS.get(country, "-")),
    ):
        if re.fullmatch(form, candidate, re.ASCII):
            return candidate
    raise ValueError("not a postal code of this country")
