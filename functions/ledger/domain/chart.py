"""The chart of accounts and the posting templates. Data only: the rules are beside it.

Entries are never changed: a correction is a posting of its own, never an edit.
"""

from typing import Final, Literal, NamedTuple

Side = Literal["debit", "credit"]


class AccountType(NamedTuple):
    """One line of the chart. Its accounts carry the currency and, where named, a dimension.

    `side` is the one that increases it. `memo` accounts hold what is pending, not what is posted.
    """

    code: str
    name: str
    side: Side
    dimension: str = ""
    memo: bool = False


class Leg(NamedTuple):
    """One entry of a template: the currency of the account is that of the amount."""

    side: Side
    account: str  # code, with {dimension} where the chart asks for one
    amount: str  # the name of the amount that the caller gives


_CHART = (
    AccountType("1000", "Bank", "debit", "bank"),
    AccountType("1210", "PSP clearing", "debit", "psp"),
    AccountType("1220", "PSP rolling reserve", "debit", "psp"),
    AccountType("1230", "Payouts in transit", "debit", "psp"),
    AccountType("1250", "Disputes receivable", "debit"),
    AccountType("1290", "Authorisations memo", "debit", memo=True),
    AccountType("1400", "Inventory", "debit"),
    AccountType("1900", "FX position", "debit"),  # may stand on either side
    AccountType("1990", "Reconciliation suspense", "debit"),  # either side; its target is 0
    AccountType("2100", "Customer deposits", "credit"),
    AccountType("2150", "Refunds payable", "credit"),
    AccountType("2200", "Tax payable", "credit", "jurisdiction"),
    AccountType("2300", "Gift-card liability", "credit"),
    AccountType("2310", "Store-credit liability", "credit"),
    AccountType("2400", "PSP payable", "credit"),
    AccountType("2990", "Authorisations contra", "credit", memo=True),
    AccountType("4000", "Product revenue", "credit"),
    AccountType("4010", "Shipping revenue", "credit"),
    AccountType("4300", "Gift-card breakage", "credit"),
    AccountType("4700", "FX gain", "credit"),
    AccountType("4800", "Returns", "debit"),  # contra revenue
    AccountType("4900", "Discounts", "debit"),  # contra revenue
    AccountType("5000", "Cost of goods sold", "debit"),
    AccountType("5010", "Carrier cost", "debit"),
    AccountType("5100", "PSP fees", "debit"),
    AccountType("5120", "Dispute fees", "debit"),
    AccountType("5130", "Chargeback losses", "debit"),
    AccountType("5200", "Goodwill", "debit"),
    AccountType("5700", "FX loss", "debit"),
    AccountType("5900", "Rounding", "debit"),
)
ACCOUNTS: Final = {account.code: account for account in _CHART}


def _move(debit: str, credit: str, amount: str = "amount") -> tuple[Leg, Leg]:
    return Leg("debit", debit, amount), Leg("credit", credit, amount)


TEMPLATES: Final[dict[str, tuple[Leg, ...]]] = {
    "payment_authorized": _move("1290", "2990"),
    "payment_captured": _move("1210:{psp}", "2100"),
    "payment_refunded": _move("2100", "1210:{psp}"),  # before anything was fulfilled
    "gift_card_redeemed": _move("2300", "2100"),
    "order_fulfilled": (
        Leg("debit", "2100", "paid"),
        Leg("debit", "4900", "discount"),
        Leg("credit", "4000", "goods"),
        Leg("credit", "4010", "shipping"),
        Leg("credit", "2200:{jurisdiction}", "tax"),
    ),
    "goods_issued": _move("5000", "1400"),
    "goods_restocked": _move("1400", "5000"),
    "psp_fee": _move("5100", "1210:{psp}"),
    "refund_accepted": _move("2100", "2150"),
    "refund_paid": _move("2150", "1210:{psp}"),
    "refund_after_fulfilment": (
        Leg("debit", "4800", "goods"),
        Leg("debit", "4010", "shipping"),
        Leg("debit", "2200:{jurisdiction}", "tax"),
        Leg("credit", "2150", "total"),
    ),
    "chargeback_opened": (
        *_move("1250", "1210:{psp}"),
        *_move("5120", "1210:{psp}", "fee"),
    ),
    "chargeback_won": _move("1210:{psp}", "1250"),
    "chargeback_lost": _move("5130", "1250"),
    "payout_created": _move("1230:{psp}", "1210:{psp}"),
    "payout_credited": _move("1000:{bank}", "1230:{psp}"),
    "payout_converted": (
        *_move("1900", "1210:{psp}", "sold"),
        *_move("1230:{psp}", "1900", "bought"),
    ),
    "gift_card_sold": _move("1210:{psp}", "2300"),
    "gift_card_breakage": _move("2300", "4300"),
    "settlement_short": _move("1990", "1210:{psp}"),
    "settlement_over": _move("1210:{psp}", "1990"),
}
