"""Text that people type about themselves: names, lines of an address, what they call a device.

`fold` gives what looks the same one form, and refuses what cannot be read. It goes by the Unicode
character database and by no alphabet: whatever people are called, they are called.
"""

import unicodedata

# Categories (UAX #44) that are no text: controls, line and paragraph separators, lone surrogates,
# private use, and what has no meaning yet, so that nobody can say what it will be folded to.
_NO_TEXT = frozenset({"Cc", "Zl", "Zp", "Cs", "Co", "Cn"})
# Stand-ins for something that was lost, and signs that only annotate other text.
_STAND_INS = frozenset("\ufff9\ufffa\ufffb\ufffc\ufffd")
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt): shown by nothing when it stands alone.
_IGNORABLE = (
    *("\u00ad\u00ad", "\u034f\u034f", "\u061c\u061c", "\u115f\u1160", "\u17b4\u17b5"),
    *("\u180b\u180f", "\u200b\u200f", "\u202a\u202e", "\u2060\u206f", "\u3164\u3164"),
    *("\ufe00\ufe0f", "\ufeff\ufeff", "\uffa0\uffa0", "\ufff0\ufff8"),
    *("\U0001bca0\U0001bca3", "\U0001d173\U0001d17a", "\U000e0000\U000e0fff"),
)
# Of these, what decides how its neighbours are written: joiners (Persian, the scripts of India, an
# emoji of several), Mongolian's separator, and the variants of a character (Japanese names).
_JOINERS = frozenset("\u200c\u200d\u180e")
_VARIANTS = ("\u180b\u180d", "\u180f\u180f", "\ufe00\ufe0f", "\U000e0100\U000e01ef")
# Symbols by their category, and blank on paper.
_BLANK = frozenset("\u2800\U0001d159")


class NotReadable(ValueError):
    """It is no text, or shows nothing."""


def is_text(text: str) -> bool:
    """Whether every character has a meaning, now and in each later version of Unicode."""
    if text.isascii():
        return text.isprintable()
    return not any(c in _STAND_INS or unicodedata.category(c) in _NO_TEXT for c in text)


def fold(text: str) -> str:
    """The one form of a text: NFC, single spaces inside and none around, nothing invisible.

    Joiners stay between visible characters, and the sign of a variant stays after one. It may be
    up to three times longer than what was given. Folding again changes nothing.

    Raises:
        NotReadable: it has characters that are no text, or nothing that can be seen.
    """
    if not is_text(text):
        raise NotReadable("has characters that are no text")
    folded = " ".join(text.split()) if text.isascii() else _fold(text)
    if not any(map(_is_visible, folded)):
        raise NotReadable("shows nothing")
    return folded


def _fold(text: str) -> str:
    kept: list[str] = []
    for c in unicodedata.normalize("NFC", text):
        before = kept[-1] if kept else " "
        if unicodedata.category(c) == "Zs":
            _end_word(kept)
            kept += [" "] if kept else []
        elif (
            not _is_in(_IGNORABLE, c)
            or (c in _JOINERS and before not in _JOINERS and before != " ")
            or (_is_in(_VARIANTS, c) and not _is_in(_IGNORABLE, before) and before != " ")
        ):
            kept.append(c)
    _end_word(kept)
    # Once more: what stood between a letter and its accent may be gone.
    return unicodedata.normalize("NFC", "".join(kept))


def _end_word(kept: list[str]) -> None:
    """Without spaces, and without joiners that join nothing."""
    while kept and (kept[-1] in _JOINERS or kept[-1] == " "):
        kept.pop()


def _is_visible(c: str) -> bool:
    """A letter, number, punctuation or symbol: no mark can be seen without one to stand on."""
    return unicodedata.category(c)[0] in "LNPS" and c not in _BLANK and not _is_in(_IGNORABLE, c)


def _is_in(ranges: tuple[str, ...], c: str) -> bool:
    """Each range is its first and its last character."""
    return any(ends[0] <= c <= ends[1] for ends in ranges)
