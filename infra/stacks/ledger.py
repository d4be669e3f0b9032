"""Ledger: an append-only table, and balances folded from its events.

No role of any stack may update or delete what is posted: the table itself refuses it to everyone.
"""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.data_table import DataTable, Index
from infra.constructs.queues import DAYS
from infra.constructs.service_function import FunctionSpec
from infra.project import Project
from infra.stacks.service import ServiceStack
from infra.stages import Stage

FUNCTIONS = (
    FunctionSpec(
        name="list_accounts",
        kind="route",
        handler="ledger.api.list_accounts.handler",
        tables={"balances": ("Query",)},
    ),
    FunctionSpec(
        name="get_balance",
        kind="route",
        handler="ledger.api.get_balance.handler",
        tables={"ledger/by_account": ("Query",), "balances": ("GetItem", "Query")},
    ),
    FunctionSpec(
        name="list_entries",
        kind="route",
        handler="ledger.api.list_entries.handler",
        tables={"ledger/by_account": ("Query",), "balances": ("GetItem", "Query")},
    ),
    FunctionSpec(
        name="get_transaction",
        kind="route",
        handler="ledger.api.get_transaction.handler",
        tables={"ledger": ("Query",)},
    ),
    FunctionSpec(
        name="on_payment_captured",
        kind="consumer",
        handler="ledger.consumers.on_payment_captured.handler",
        hears=("payment.captured",),
        retries=DAYS,
        tables={"ledger": ("PutItem",)},  # in a transaction, only where nothing is
    ),
    FunctionSpec(
        name="on_transaction_posted",
        kind="consumer",
        handler="ledger.consumers.on_transaction_posted.handler",
        hears=("ledger.transaction_posted",),
        retries=DAYS,
        tables={"balances": ("PutItem", "UpdateItem")},
    ),
)

# An entry as its account shows it.
SHOWN = ("account", "side", "amount", "currency", "order_id", "payment_id")

# All that changes or removes an item. A put over an existing one is refused by its condition.
FORBIDDEN = (
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
)


class LedgerStack(ServiceStack):
    """The service `ledger`."""

    def __init__(self, scope: Construct, *, stage: Stage, project: Project) -> None:
        super().__init__(
            scope,
            stage=stage,
            project=project,
            service="ledger",
            about="Append-only ledger and balances",
        )
        ledger = self.add_table(
            "ledger",
            indexes={
                "by_account": Index(partition="account_day", sort="entry_sort", project=SHOWN)
            },
            expires=False,
        )
        self._make_append_only(ledger)
        balances = self.add_table("balances", expires=False)
        self.add_functions(FUNCTIONS)
        self.publish_events_of(ledger)
        for table in (ledger, balances):
            self.let_audit(table)

    def _make_append_only(self, ledger: DataTable) -> None:
        """Refuse changes in the table's own policy, which outranks what any role may."""
        ledger.table.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AppendOnly",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=list(FORBIDDEN),
                resources=["*"],  # In a table's own policy this is the table.
            )
        )
