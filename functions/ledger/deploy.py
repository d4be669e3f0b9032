"""Ledger: an append-only table, and balances folded from its events.

No role of any stack may update or delete what is posted: the table itself refuses it to everyone.
"""

from shop.deploy import DAYS, Function, Index, Service, Table

# An entry as its account shows it.
SHOWN = ("account", "side", "amount", "currency", "order_id", "payment_id")
BY_ACCOUNT = Index(partition="account_day", sort="entry_sort", project=SHOWN)

SERVICE = Service(
    description="Append-only ledger and balances",
    tables=(
        Table(
            name="ledger",
            indexes={"by_account": BY_ACCOUNT},
            publishes=True,
            expires=False,
            append_only=True,
            audited=("BatchGetItem", "Query"),
        ),
        Table(name="balances", expires=False, audited=("BatchGetItem",)),
    ),
    functions=(
        Function(place="api/list_accounts", tables={"balances": ("Query",)}),
        Function(
            place="api/get_balance",
            tables={"ledger/by_account": ("Query",), "balances": ("Query",)},
        ),
        Function(
            place="api/list_entries",
            tables={"ledger/by_account": ("Query",), "balances": ("Query",)},
        ),
        Function(place="api/get_transaction", tables={"ledger": ("Query",)}),
        Function(
            place="consumers/on_payment",
            event_types=("payment.captured", "payment.refunded"),
            retries=DAYS,
            tables={"ledger": ("PutItem",)},  # in a transaction, only where nothing is
        ),
        Function(
            place="consumers/on_transaction_posted",
            event_types=("ledger.transaction_posted",),
            retries=DAYS,
            max_concurrency=2,  # a day of an account is one row
            tables={"balances": ("PutItem", "UpdateItem")},
        ),
    ),
    invariants={"I1": "A ledger transaction does not balance."},
    ids={"txn": ("transaction_id",)},
)
