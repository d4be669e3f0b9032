"""Orders: exactly one order for one key, its timeline, and the recovery job that finishes it."""

from shop.deploy import (
    DAYS,
    WAITING_MB,
    Alarm,
    Foreign,
    Function,
    Index,
    Personal,
    Service,
    Table,
    due,
)

# An order as GET /orders shows it.
SHOWN = (
    "order_id", "kind", "status", "currency", "lines", "ship_to", "subtotal", "shipping",
    "tax", "total", "reservation", "payment_id", "reason", "created_at", "updated_at",
)  # fmt: skip
BY_CUSTOMER = Index(partition="customer_id", sort="created_sort", project=SHOWN)

# An order is made by PutItem and changed by UpdateItem, each time with its event.
MAKE = ("GetItem", "PutItem", "UpdateItem")
CHANGE = ("GetItem", "UpdateItem")
# Whoever opens what is personal reads the customer's key; whoever seals it makes the first one.
OPEN = {"user_keys": Foreign(actions=("GetItem",))}
SEAL = {"user_keys": Foreign(actions=("GetItem", "PutItem"))}

SERVICE = Service(
    description="Orders and timelines",
    tables=(
        Table(
            name="orders",
            indexes={"by_customer": BY_CUSTOMER, **due()},
            publishes=True,
            expires=False,
            audited=("Query",),
            personal=Personal(
                sealed=("personal",),
                says="where the customer lives; what a checkout was to be paid with",
            ),
        ),
    ),
    functions=(
        Function(
            place="api/place_order",
            tables={"orders": MAKE},
            foreign=SEAL,
            uses=("request_ids", "seal_personal_data"),
            runs=("checkout",),
            memory_mb=WAITING_MB,
        ),
        Function(
            place="api/checkout",
            tables={"orders": MAKE},
            foreign=SEAL,
            uses=("request_ids", "seal_personal_data"),
            runs=("checkout",),
            memory_mb=WAITING_MB,
        ),
        Function(
            place="api/cancel_order",
            tables={"orders": CHANGE},
            runs=("checkout",),
            memory_mb=WAITING_MB,
        ),
        Function(place="api/list_orders", tables={"orders/by_customer": ("Query",)}),
        Function(
            place="api/get_order",
            tables={"orders": ("GetItem",)},
            foreign=OPEN,
            uses=("open_personal_data",),
        ),
        Function(place="api/get_timeline", tables={"orders": ("GetItem", "Query")}),
        Function(place="steps", tables={"orders": CHANGE, "orders/by_customer": ("Query",)}),
        Function(
            place="consumers/on_payment",
            event_types=("payment.captured", "payment.refunded"),
            retries=DAYS,
            tables={"orders": CHANGE},
        ),
        Function(
            place="consumers/on_inventory_expired",
            event_types=("inventory.expired",),
            tables={"orders": CHANGE},
        ),
        Function(
            place="consumers/record_timeline",
            event_types=("order.*", "payment.*", "inventory.*"),
            tables={"orders": ("PutItem",)},
        ),
        Function(
            place="schedules/recover_orders",
            tables={"orders": CHANGE, "orders/due": ("Query",)},
            foreign=OPEN,
            uses=("open_personal_data",),
            starts=("checkout",),
        ),
    ),
    alarms=(
        Alarm(
            metric="CheckoutStuck",
            description="Payments of orders are under way for more than five minutes.",
            severity="page",
        ),
        Alarm(
            metric="CapturedAfterClose",
            description="Money was taken for an order that is closed: it is due back.",
            severity="page",
        ),
    ),
    invariants={
        "I4": "An order is paid, captured or posted, but not all of it.",
        "I5": "A hold or an authorisation outlived its order.",
    },
    ids={"ord": ("order_id",)},
    variables={
        "REQUEST_ID_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/request-ids",
        "WRAPPING_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/user-keys",
    },
)
