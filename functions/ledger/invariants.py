"""What always holds of postings and balances, and between a posting and the payment it shows."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shop.facts import CapturePosted, EventExpected, PaymentState, RefundPosted
from shop.invariants import (
    Amounts,
    Carried,
    Fact,
    Facts,
    Found,
    Invariants,
    Parts,
    Ref,
    Row,
    RowType,
    Rule,
    States,
    Subject,
    Sum,
    carried,
    derived,
    named,
)

CAPTURE = "payment_captured"  # the template of what payment.captured posts
REFUND = "payment_refunded"  # and of what payment.refunded does
ACCOUNT = "account"
# The balance of an account's day is folded well within this.
QUIET_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class RecordedTransaction(Fact):
    """A transaction's header, by its id: the event that caused it, and what it was posted as."""

    cause: str
    template: str


@dataclass(frozen=True, slots=True)
class Entry(Fact):
    """An entry of a transaction, by its id; the amount in minor units is that of one side."""

    account: str
    debit: int
    credit: int
    currency: str


@dataclass(frozen=True, slots=True)
class Folded(Fact):
    """A transaction, by its id, that is in the balances."""


@dataclass(frozen=True, slots=True)
class Balance(Fact):
    """What the balances have of an account on one day, by the account."""

    debit: int
    credit: int


def transactions_balance(facts: Facts) -> Found:
    """I1: debits equal credits in every transaction and currency."""
    for id_ in facts.keys(RecordedTransaction) | facts.keys(Entry):
        entries = facts.of(Entry, id_)
        net: Counter[str] = Counter()
        for entry in entries:
            net[entry.currency] += entry.debit - entry.credit
        if not entries or facts.one(RecordedTransaction, id_) is None:
            yield id_, "header or entries are missing"
        if any(net.values()):
            yield id_, f"debits and credits differ: {dict(net)}"


def captures_are_posted_in_full(facts: Facts) -> Found:
    """I4: what is posted as a capture is a payment's, and its amount."""
    for posting in facts.each(CapturePosted):
        id_, payment = posting.transaction_id, facts.one(PaymentState, posting.key)
        if payment is None:
            yield id_, "posted for a payment that does not exist"
            continue
        debits: Counter[str] = Counter()
        for entry in facts.of(Entry, id_):
            if entry.debit:
                debits[entry.currency] += entry.debit
        amount, currency = payment.amount
        if debits != {currency: amount}:
            yield id_, f"posted {dict(debits)}, captured {amount} {currency}"


def causes_are_posted_once(facts: Facts) -> Found:
    """I6: an event is posted once by each template."""
    causes = Counter((posted.cause, posted.template) for posted in facts.each(RecordedTransaction))
    for (cause, template), count in causes.items():
        if count > 1:
            yield cause, f"posted {count} times as {template}"


def postings_are_folded(facts: Facts) -> Found:
    """I6: every transaction is in the balances, and nothing else is."""
    posted, folded = facts.keys(RecordedTransaction), facts.keys(Folded)
    for id_ in posted ^ folded:
        yield id_, "folded, but not posted" if id_ in folded else "posted, but not folded"


def balances_are_folds(facts: Facts) -> Found:
    """I6: the balances are the fold of the entries, each once."""
    folds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in facts.each(Entry):
        folds[entry.account].update(debit=entry.debit, credit=entry.credit)
    for account in folds.keys() | facts.keys(Balance):
        stated: Counter[str] = Counter()
        for day in facts.of(Balance, account):
            stated.update(debit=day.debit, credit=day.credit)
        yield from ((account, detail) for detail in wrong_balance(stated, folds[account]))


def wrong_balance(stated: Amounts, summed: Amounts) -> Iterator[str]:
    """Both sides are the sums of the entries."""
    balance, entries = (
        tuple(side.get(name, 0) for name in ("debit", "credit")) for side in (stated, summed)
    )
    if balance != entries:
        yield f"balance {balance}, entries {entries}"


def _header(id_: str, row: Row) -> Iterator[Fact]:
    yield RecordedTransaction(id_, cause=str(row["cause_event_id"]), template=row["template"])
    if row["template"] == CAPTURE:
        yield CapturePosted(str(row.get("payment_id")), transaction_id=id_)
    if row["template"] == REFUND:
        yield RefundPosted(str(row.get("payment_id")), transaction_id=id_)
    yield EventExpected(id_, "ledger.transaction_posted")


def _entry(id_: str, row: Row) -> Iterator[Fact]:
    amount, is_debit = int(row["amount"]), row["side"] == "debit"
    debit, credit = (amount, 0) if is_debit else (0, amount)
    yield Entry(id_, str(row["account"]), debit, credit, str(row["currency"]))


def _balance(account: str, row: Row) -> Iterator[Fact]:
    yield Balance(account, int(row.get("debit", 0)), int(row.get("credit", 0)))


def _adds(header: Row) -> Mapping[str, Amounts]:
    """What a transaction adds, by account and day: its event lists all of its entries."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for event in carried(header):
        day = f"DAY#{str(event['occurred_at'])[:10]}"
        for entry in event["data"]["entries"]:
            amounts = found[_account_day(str(entry["account"]), day)]
            amounts["debit" if entry["side"] == "debit" else "credit"] += int(
                entry["amount"]["amount"]
            )
            amounts["version"] = 1
    return found


def _leads(_id: str, header: Row | None, _rows: Sequence[Row]) -> Iterator[str]:
    """Its payment, and where its cause has to be posted: it may be somewhere else."""
    if header is None:
        return
    yield from named("payment", header.get("payment_id"))
    for id_ in derived("txn", str(header["cause_event_id"]), str(header["template"])):
        yield f"transaction:{id_}"


def _account_day(account: str, sk: str) -> str:
    return f"{account}#{sk.removeprefix('DAY#')}"


INVARIANTS = Invariants(
    streams=("ledger", "balances"),
    always=("I1",),
    rows=(
        RowType(
            table="ledger",
            pk="TXN",
            sk="TXN",
            about="transaction",
            reads=("template", "cause_event_id", "order_id", "payment_id"),
            facts=_header,
            keeps=True,
            sums=Parts(ACCOUNT, _adds, final=True),
        ),
        RowType(
            table="ledger",
            pk="TXN",
            sk="ENTRY#",
            about="transaction",
            reads=("account", "side", "amount", "currency"),
            facts=_entry,
            violates="I1",
        ),
        RowType(
            table="balances",
            pk="FOLDED",
            sk="FOLDED",
            about="transaction",
            facts=lambda id_, _row: [Folded(id_)],
        ),
        RowType(
            table="balances",
            pk="ACCOUNT",
            sk="DAY#",
            reads=("debit", "credit", "version"),
            facts=_balance,
            sums=States(ACCOUNT, _account_day, ("debit", "credit", "version")),
        ),
        RowType(
            table="balances",
            pk="ACCOUNTS",
            unchecked="A list of the accounts that have a balance.",
        ),
    ),
    subjects=(
        Subject(
            name="transaction",
            table="ledger",
            pk="TXN",
            sk="TXN",
            whole=True,
            part_of={"order": "order_id"},
            leads=_leads,
            follows={"event": lambda event_id: derived("txn", event_id, CAPTURE)},
            beside=lambda id_: [Ref("balances", f"FOLDED#{id_}", "FOLDED")],
        ),
    ),
    sums=(
        Sum(
            name=ACCOUNT,
            invariant="I6",
            wrong=wrong_balance,
            base=Carried(version="version", quiet_after=QUIET_AFTER),
        ),
    ),
    rules=(
        Rule("I1", transactions_balance),
        Rule("I4", captures_are_posted_in_full),
        Rule("I6", causes_are_posted_once),
        Rule("I6", postings_are_folded),
        Rule("I6", balances_are_folds, whole=True),
    ),
)
