"""Operations: what the platform says about itself, the relay, the auditor of its invariants."""

from shop.deploy import Alarm, Foreign, Function, Service, Table, due

PROBE = "HEALTH"  # as in functions/operations/api/health.py

# A violation as the auditor takes it up again.
OPEN_VIOLATION = (
    "invariant", "subject", "detail", "names", "first_seen", "waiting", "reported_at", "revision",
)  # fmt: skip
SERVICE = Service(
    description="Health, API reference, problem catalogue, live invariants",
    tables=(Table(name="audit", indexes=due(*OPEN_VIOLATION), publishes=True),),
    own_key=False,
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
            # Sums and cursors are put together, open violations with their event.
            tables={
                "audit": ("BatchGetItem", "Query", "PutItem", "UpdateItem"),
                "audit/due": ("Query",),
            },
            audits=True,
            memory_mb=1024,
        ),
        Function(
            place="streams/relay",
            parallel=4,
            parks="RELAY_DLQ_URL",
            uses=("bus",),
        ),
    ),
    alarms=(
        Alarm(
            metric="RelayParked",
            description="The relay could not publish an event and parked it.",
            severity="page",
        ),
        Alarm(
            metric="InvariantLag",
            description="Invariants are not checked up to now: changes go by unseen.",
            gauge=True,
            limit=300,
            periods=5,
            recovers=True,
        ),
        Alarm(
            metric="RetriesExhausted",
            description="Calls to AWS stayed throttled, or in conflict, until nobody tried again.",
            dimensions={"service": "all"},  # as shop.telemetry counts it
            limit=5,
            minutes=5,
        ),
        Alarm(
            metric="EventStuck",
            description="An event about money was tried for more than an hour and is not done.",
            severity="page",
            dimensions={"service": "all"},  # as shop.consumer counts it
            minutes=10,  # an attempt is made every three
            periods=3,
            recovers=True,
        ),
    ),
    invariants={"I6": "A change has no event or two, or balances are not the fold of the entries."},
    told_by={"RelayFault": "Errors"},  # it raises
    ids={"vio": ("violation_id",)},
)
