"""One-time codes: what an app shows, and what is kept on paper."""

from datetime import UTC, datetime, timedelta

import pytest
from pyotp import TOTP

from identity.domain import one_time_code
from identity.domain.one_time_code import STEP_S, as_made, mailed, recovery_code, step_of, uri

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: 12345678901234567890


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(second: int, code: str) -> None:
    assert step_of(SECRET, code, now=at(second)) == second // STEP_S


def test_a_code_is_good_one_step_early_and_one_step_late() -> None:
    now = at(1111111111)
    codes = {n: TOTP(SECRET).at(now + timedelta(seconds=n * STEP_S)) for n in range(-2, 3)}
    found = {n: step_of(SECRET, code, now=now) for n, code in codes.items()}
    current = 1111111111 // STEP_S
    assert found == {-2: None, -1: current - 1, 0: current, 1: current + 1, 2: None}


def test_an_app_is_told_issuer_and_account() -> None:
    told = uri(SECRET, "ada@example.com")
    assert told == (
        f"otpauth://totp/Cartwright:ada%40example.com?secret={SECRET}&issuer=Cartwright"
    )


def test_a_recovery_code_has_sixty_bits_of_what_it_is_made_of() -> None:
    assert recovery_code(bytes(8)) == "0000-0000-0000"
    assert recovery_code(b"\xff" * 8) == "zzzz-zzzz-zzzz"
    assert len({recovery_code((1 << n).to_bytes(8, "big")) for n in range(60)}) == 60


@pytest.mark.parametrize(
    "typed", ["0123-abcz-1001", "0123ABCZ1001", "o123 abcz lOOi", "-0I23abczl00l"]
)
def test_a_recovery_code_is_known_however_it_was_typed(typed: str) -> None:
    assert as_made(typed) == "0123-abcz-1001"


def test_a_mailed_code_has_six_digits_whatever_it_is_made_of() -> None:
    assert mailed(bytes(32)) == "000000"
    assert mailed((10**6 + 7).to_bytes(32, "big")) == "000007"
    assert {len(mailed(bytes([n]) * 32)) for n in range(256)} == {6}


def test_ten_are_made() -> None:
    assert one_time_code.RECOVERY_CODES == 10
