"""What has digits by chance, or by another rule, is no card number."""

from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from shop import card_numbers, ids


def _gtin(body: int, length: int) -> str:
    digits = str(body).zfill(length - 1)
    weighed = sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits)))
    return digits + str(-weighed % 10)


@given(st.integers(0, 10**12 - 1), st.sampled_from([8, 12, 13]))
def test_every_article_number_passes(body: int, length: int) -> None:
    assert not card_numbers.is_in(_gtin(body % 10 ** (length - 1), length))


@given(st.uuids(), st.randoms(use_true_random=False))
def test_every_uuid_digest_and_id_of_ours_passes(made: UUID, source: Random) -> None:
    """Of digits alone, too, as some are."""
    digits = "".join(source.choice("0123456789") for _ in range(32))
    for text in (made.hex, str(made)):
        assert not card_numbers.is_in(text)
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    assert not card_numbers.is_in("-".join(parts))
    assert not card_numbers.is_in(f"pay_euc1_{digits[:26]}")
    assert not card_numbers.is_in(ids.derive("ord", digits, region="use1"))


@settings(max_examples=300)
@given(st.integers(1, 10**14 - 1))
def test_every_phone_number_with_its_plus_passes(number: int) -> None:
    text = f"+{number}"
    assert not card_numbers.is_in(text)
    assert not card_numbers.is_in(f"{text[:3]} {text[3:6]}-{text[6:]}")
