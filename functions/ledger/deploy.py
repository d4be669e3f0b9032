"""Ledger: an append-only table, and balances folded from its stream.

No role of any stack may update or delete what is posted: the table itself refuses it to everyone.
"""

from shop.deploy import DAYS, EVERYTHING, Alarm, Function, Index, Service, Table

BY_ACCOUNT = Index(partition="account_day", sort="entry_sort", project=(EVERYTHING,))

SERVICE = Service(
    about="Append-only ledger and balances",
    tables=(
        Table(
            name="ledger",
            indexes={"by_account": BY_ACCOUNT},
            publishes=True,
            expires=False,
            append_only=True,
        ),
        Table(name="balances", expires=False),
    ),
    functions=(
        Function(place="api/list_accounts", tables={"balances": ("Query",)}),
        Function(
            place="api/get_balance",
            tables={"ledger/by_account": ("Query",), "balances": ("GetItem", "Query")},
        ),
        Function(
            place="api/list_entries",
            tables={"ledger/by_account": ("Query",), "balances": ("GetItem", "Query")},
        ),
        Function(place="api/get_transaction", tables={"ledger": ("Query",)}),
        Function(
            place="consumers/on_payment_captured",
            hears=("payment.captured",),
            retries=DAYS,
            tables={"ledger": ("PutItem",)},  # in a transaction, only where nothing is
        ),
        Function(
            place="streams/fold_balances",
            reads="ledger",
            parallel=1,  # balances of one account are added to by one writer of a shard
            parks="FOLD_DLQ_URL",
            tables={"balances": ("PutItem", "UpdateItem")},
        ),
    ),
    alarms=(
        Alarm(
            metric="FoldParked",
            says="A posted transaction could not be folded into the balances.",
        ),
    ),
    told_by={"FoldFault": "Errors"},  # it raises
    ids={"txn": ("transaction_id",)},
)
