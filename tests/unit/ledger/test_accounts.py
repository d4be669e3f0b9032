"""Which account ids exist."""

import pytest

from ledger.domain.accounts import UnknownAccount, account
from ledger.domain.chart import ACCOUNTS

# spec: code -> side, as the table of accounts has it.
SIDES = {
    "debit": "1000 1210 1220 1230 1250 1290 1400 1900 1990 4800 4900 5000 5010 5100 5120 5130 5200 "
    "5700 5900",
    "credit": "2100 2150 2200 2300 2310 2400 2990 4000 4010 4300 4700",
}


def test_the_chart_has_every_account_on_its_side() -> None:
    found = {
        side: " ".join(sorted(code for code, type_ in ACCOUNTS.items() if type_.side == side))
        for side in SIDES
    }
    assert found == SIDES


@pytest.mark.parametrize(
    ("text", "name", "currency"),
    [
        ("1210:stripe:USD", "PSP clearing: stripe", "USD"),
        ("2100:JPY", "Customer deposits", "JPY"),
        ("2200:US-CA:USD", "Tax payable: US-CA", "USD"),
    ],
)
def test_an_account_is_named_by_code_dimension_and_currency(
    text: str, name: str, currency: str
) -> None:
    found = account(text)
    assert (found.id, found.name, found.currency) == (text, name, currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2100",
        "2100:",
        ":USD",
        "9999:USD",
        "2100:XXX",
        "2100:usd",
        "2100:stripe:USD",  # customer deposits have no dimension
        "1210:USD",  # PSP clearing has one
        "1210::USD",
        "1210:stripe:us:USD",
        "1210:a b:USD",
        "1210:stripe\n:USD",
        "1210:stripe:USD ",
    ],
)
def test_anything_else_is_no_account(text: str) -> None:
    with pytest.raises(UnknownAccount):
        account(text)
