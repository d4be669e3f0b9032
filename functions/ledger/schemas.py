"""HTTP shapes of the ledger."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from ledger.domain.account_entries import AccountEntry
from ledger.domain.accounts import Account
from ledger.domain.balances import Balance
from ledger.domain.transaction import Transaction
from shop import clock, ids
from shop.schemas import Currency, Cursor, Limit, MoneyOut, QueryModel, ResponseModel

Side = Literal["debit", "credit"]
AccountId = Annotated[str, Field(description="code[:dimension]:currency", examples=["2100:USD"])]


def _moment(text: object) -> object:
    """Text only: pydantic would read a bare number as seconds since 1970."""
    try:
        if isinstance(text, str):
            return clock.parse(text)
    except ValueError:
        pass
    raise PydanticCustomError("not_rfc_3339", "is not a date-time as RFC 3339 has it")


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    Field(description="RFC 3339", examples=["2026-11-22T10:15:30.000Z"]),
]


class PageQuery(QueryModel):
    """Which part of a list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class BalanceQuery(QueryModel):
    """`at`: the balance as recorded up to then; without it, as folded so far."""

    at: Moment | None = None


class AccountOut(ResponseModel):
    """An account. `side` is the one that increases it."""

    account_id: AccountId
    code: str
    name: str
    side: Side
    currency: Currency

    @classmethod
    def of(cls, account: Account) -> "AccountOut":
        """From the domain."""
        return cls(
            account_id=account.id,
            code=account.type.code,
            name=account.name,
            side=account.side,
            currency=account.currency,
        )


class AccountsOut(ResponseModel):
    """A page of accounts."""

    data: list[AccountOut]
    next_cursor: str | None


class BalanceOut(ResponseModel):
    """Minor units, positive on the account's own side.

    `version` is the number of transactions in it.
    """

    account_id: AccountId
    posted: int
    pending: int
    currency: Currency
    version: int
    as_of: str

    @classmethod
    def of(cls, balance: Balance) -> "BalanceOut":
        """From the domain."""
        return cls(
            account_id=balance.account.id,
            posted=balance.posted,
            pending=balance.pending,
            currency=balance.account.currency,
            version=balance.sums.version,
            as_of=balance.as_of,
        )


class AccountEntryOut(ResponseModel):
    """One line of an account."""

    transaction_id: str
    entry: int
    account_id: AccountId
    side: Side
    amount: MoneyOut
    order_id: str | None
    payment_id: str | None
    recorded_at: str

    @classmethod
    def of(cls, line: AccountEntry) -> "AccountEntryOut":
        """From the domain."""
        return cls(
            transaction_id=line.transaction_id,
            entry=line.number,
            account_id=line.entry.account,
            side=line.entry.side,
            amount=MoneyOut.model_validate(line.entry.amount.to_dict()),
            order_id=line.references.get("order_id"),
            payment_id=line.references.get("payment_id"),
            recorded_at=line.recorded_at,
        )


class EntriesOut(ResponseModel):
    """A page of an account's entries, newest first."""

    data: list[AccountEntryOut]
    next_cursor: str | None


class EntryOut(ResponseModel):
    """One entry of a transaction."""

    account_id: AccountId
    side: Side
    amount: MoneyOut


class TransactionOut(ResponseModel):
    """A transaction: it is never changed, so `created_at` and `updated_at` are `recorded_at`."""

    transaction_id: Annotated[str, Field(pattern=ids.pattern("txn"))]
    status: Literal["posted"]
    template: str
    cause_event_id: str
    order_id: str | None
    payment_id: str | None
    effective_at: str
    recorded_at: str
    created_at: str
    updated_at: str
    entries: list[EntryOut]

    @classmethod
    def of(cls, transaction: Transaction) -> "TransactionOut":
        """From the domain."""
        return cls(
            transaction_id=transaction.id,
            status="posted",
            template=transaction.template,
            cause_event_id=transaction.cause_event_id,
            order_id=transaction.references.get("order_id"),
            payment_id=transaction.references.get("payment_id"),
            effective_at=transaction.effective_at,
            recorded_at=transaction.recorded_at,
            created_at=transaction.recorded_at,
            updated_at=transaction.recorded_at,
            entries=[
                EntryOut(
                    account_id=entry.account,
                    side=entry.side,
                    amount=MoneyOut.model_validate(entry.amount.to_dict()),
                )
                for entry in transaction.entries
            ],
        )
