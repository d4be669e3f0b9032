"""What people write about themselves has one form, and what nobody can read is refused."""

import sys
import unicodedata
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop import human_text

BY_CATEGORY: dict[str, list[str]] = defaultdict(list)
for point in range(sys.maxunicode + 1):
    BY_CATEGORY[unicodedata.category(chr(point))].append(chr(point))
# Format characters that are shown (UAX #44, Prepended_Concatenation_Mark; hieroglyphs).
SHOWN = {
    *map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)),
    *map(chr, range(0x13430, 0x13440)),
}
TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\u200b\u200c\u200d\u180b\u180e\ufe0f\U000e0100\u0301\u3000\u00a0\u3164ab "
        ),
    )
)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Ada", "Ada"),
        ("  Ada   King ", "Ada King"),
        ("山田\u3000太郎", "山田 太郎"),
        ("Jean\u00a0\u2009Luc\u202f", "Jean Luc"),
        ("حسین\u200cپور", "حسین\u200cپور"),
        ("क्\u200dष", "क्\u200dष"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("ᠮᠣᠩᠭᠣᠯ\u180eᠠ", "ᠮᠣᠩᠭᠣᠯ\u180eᠠ"),
        ("Zoe\u0308", "Zoë"),
        ("Zoe\u200b\u0308", "Zoë"),
        ("\u202eadA\u202c", "adA"),
        ("\ufeffAda\u200e", "Ada"),
        ("A\u00adda", "Ada"),
        ("Ada\u200c \u200dKing\u200d", "Ada King"),
        ("a\u200c\u200d\u200cb", "a\u200cb"),
        ("Ada\u3164", "Ada"),
        ("\ufe0fAda", "Ada"),
        ("O'Brien-Šmíd, Jr. (№ 5/6)", "O'Brien-Šmíd, Jr. (№ 5/6)"),
        ("#12", "#12"),
    ],
)
def test_what_looks_the_same_has_one_form(typed: str, folded: str) -> None:
    assert human_text.fold(typed) == folded


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u3000\u00a0", "\u115f", "\u1160", "\u3164\u3164", "\uffa0", "\u2800",
     "\u2800 \u2800", "\u200b", "\u200c", "\u200d\u200d", "\u2060", "\u00ad", "\ufe0f",
     "\U000e0100", "\u0301", "\u0301\u20dd", "\u202a\u202c", "\ufeff", "\U0001d159", "\u034f",
     "\u17b4", "\U000e0041"],
)  # fmt: skip
def test_text_that_shows_nothing_is_refused(text: str) -> None:
    with pytest.raises(human_text.NotReadable):
        human_text.fold(text)


@pytest.mark.parametrize("category", ["Cc", "Zl", "Zp", "Cs", "Co", "Cn"])
def test_a_character_that_is_no_text_is_refused_wherever_it_stands(category: str) -> None:
    assert BY_CATEGORY[category]
    for character in BY_CATEGORY[category]:
        assert not human_text.is_text(f"a{character}b"), ascii(character)


@pytest.mark.parametrize("character", ["\ufffd", "\ufffc", "\ufff9"])
def test_a_stand_in_for_something_that_was_lost_is_refused(character: str) -> None:
    with pytest.raises(human_text.NotReadable):
        human_text.fold(f"a{character}")


def test_every_space_is_a_space() -> None:
    spaces = BY_CATEGORY["Zs"]
    assert len(spaces) > 15
    assert {human_text.fold(f"a{c}{c}b{c}") for c in spaces} == {"a b"}


def test_every_character_that_formats_is_invisible_or_known_to_be_shown() -> None:
    for character in BY_CATEGORY["Cf"]:
        if human_text.is_text(character):
            assert (human_text.fold(f"a{character}") == "a") is (character not in SHOWN), ascii(
                character
            )


def test_every_letter_number_and_sign_may_stand_in_a_name() -> None:
    for category in (name for name in BY_CATEGORY if name[0] in "LNPS"):
        for character in filter(human_text.is_text, BY_CATEGORY[category]):
            folded = human_text.fold(f"a{character}")
            assert folded in ("a", unicodedata.normalize("NFC", f"a{character}"))


@settings(deadline=None)
@given(TEXT)
def test_folding_again_changes_nothing(text: str) -> None:
    try:
        folded = human_text.fold(text)
    except human_text.NotReadable:
        return
    assert human_text.fold(folded) == folded
    assert unicodedata.is_normalized("NFC", folded)
    assert folded == " ".join(folded.split())
    assert len(folded) <= 3 * len(text)
    assert human_text.is_text(folded)


@settings(deadline=None)
@given(TEXT, TEXT)
def test_the_form_depends_on_no_normalization(first: str, second: str) -> None:
    for form in ("NFD", "NFC"):
        typed = unicodedata.normalize(form, f"x{first}{second}")
        if human_text.is_text(typed):
            assert human_text.fold(typed) == human_text.fold(f"x{first}{second}")
