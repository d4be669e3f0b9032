"""Inventory: stock per SKU and location, reservations that end by themselves."""

from shop.deploy import Alarm, Function, Service, Table, due

# A change is one transaction: counters and the reservation, its movements and its event.
CHANGE = ("GetItem", "PutItem", "UpdateItem")
# A reservation as the sweeper needs it.
HELD = ("order_id", "status", "lines", "held_until", "sequence", "created_at", "updated_at")

SERVICE = Service(
    description="Stock, reservations and movements",
    tables=(
        Table(
            name="inventory",
            indexes=due(*HELD),
            publishes=True,
            expires=False,
            audited=("BatchGetItem", "Query"),  # reservations; the movements of a SKU, once
        ),
    ),
    own_key=False,
    functions=(
        Function(place="api/check_stock", tables={"inventory": ("BatchGetItem",)}),
        Function(place="steps", tables={"inventory": ("BatchGetItem", *CHANGE)}),
        Function(
            place="schedules/sweep_expired",
            # The index shows all of a reservation: it is not read again.
            tables={"inventory": ("PutItem", "UpdateItem"), "inventory/due": ("Query",)},
        ),
    ),
    alarms=(
        Alarm(
            metric="ReservationUnreadable",
            description="A reservation cannot be read, and keeps its units until it is repaired.",
        ),
        Alarm(
            metric="SweepFailed",
            description="A reservation that is over could not be given back.",
        ),
    ),
    quiet=("ReservationsExpired",),
    invariants={"I2": "Stock is not the sum of its movements, or not what reservations hold."},
    ids={"rsv": ("reservation_id",), "mov": ()},
)
