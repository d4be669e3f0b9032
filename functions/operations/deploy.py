"""Operations: what the platform says about itself, the relay, the auditor of its invariants."""

from collections.abc import Iterator

from shop.deploy import Alarm, Foreign, Function, Service, Table, due

PROBE = "HEALTH"  # as in functions/operations/api/health.py

# Rows by their keys; whole partitions of an order with its timeline, of a ledger transaction, and
# of a shelf's movements.
AUDITED = {
    "orders": Foreign(actions=("Query",), stream=True),
    "payments": Foreign(actions=("BatchGetItem",), stream=True),
    "inventory": Foreign(actions=("BatchGetItem", "Query"), stream=True),
    "ledger": Foreign(actions=("BatchGetItem", "Query"), stream=True),
    "balances": Foreign(actions=("BatchGetItem",), stream=True),
}
# A suspect as the auditor takes it up again.
OPEN_SUSPECT = (
    "invariant", "subject", "detail", "names", "first_seen", "waiting", "reported_at", "revision",
)  # fmt: skip
VIOLATED = {
    "I1": "A ledger transaction does not balance.",
    "I2": "Stock is not the sum of its movements, or not what reservations hold.",
    "I3": "More was captured than authorised, or one order has two captures.",
    "I4": "An order is paid, captured or posted, but not all of it.",
    "I5": "A hold or an authorisation outlived its order.",
    "I6": "A change has no event or two, or balances are not the fold of the entries.",
}
WHICH = "GET /ops/invariants and the messages of this topic name it; docs/runbook.md says more."


def _alarms() -> Iterator[Alarm]:
    yield Alarm(metric="RelayParked", says="The relay could not publish an event and parked it.")
    for invariant, says in VIOLATED.items():
        yield Alarm(
            metric="InvariantViolated",
            says=f"{says} {WHICH}",
            dimensions={"invariant": invariant},
            gauge=True,
        )
    yield Alarm(
        metric="InvariantLag",
        says="Invariants are not checked, or not up to now: changes go by unseen.",
        gauge=True,
        limit=300,
        minutes=5,
        silence_is_good=False,
    )


SERVICE = Service(
    about="Health, API reference, problem catalogue, live invariants",
    tables=(Table(name="audit", indexes=due(*OPEN_SUSPECT), publishes=True),),
    functions=(
        Function(
            place="api/health",
            foreign={"orders": Foreign(actions=("GetItem",), only_key=PROBE)},
        ),
        Function(place="api/openapi"),
        Function(place="api/docs"),
        Function(place="api/errors"),
        Function(place="api/get_invariants", tables={"audit": ("GetItem",)}),
        Function(
            place="schedules/check_invariants",
            # Sums and cursors are put together, suspects with their event.
            tables={
                "audit": ("BatchGetItem", "Query", "PutItem", "UpdateItem"),
                "audit/due": ("Query",),
            },
            foreign=AUDITED,
            memory_mb=1024,
        ),
        Function(
            place="streams/relay",
            parallel=4,
            parks="RELAY_DLQ_URL",
            uses=("bus",),
        ),
    ),
    alarms=tuple(_alarms()),
    told_by={"RelayFault": "Errors"},  # it raises
    ids={"vio": ("violation_id",)},
)
