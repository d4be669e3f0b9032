"""Payments: the PSP's secret, payments and their attempts."""

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

# A row is made by PutItem and changed by UpdateItem, each time with its event.
CHANGE = ("GetItem", "PutItem", "UpdateItem")
# Whoever opens what is personal reads the customer's key; whoever seals it makes the first one.
OPEN = {"user_keys": Foreign(actions=("GetItem",))}
SEAL = {"user_keys": Foreign(actions=("GetItem", "PutItem"))}

SERVICE = Service(
    description="Payments and the PSP",
    tables=(
        Table(
            name="payments",
            indexes={
                # By which an erasure finds them; it names nothing that changes.
                "by_customer": Index(partition="customer_id", sort="created_at"),
                **due(),
            },
            publishes=True,
            audited=("BatchGetItem",),
            personal=Personal(
                sealed=("personal",),
                says="until it is confirmed: what the customer pays with, where they come back to",
            ),
        ),
    ),
    functions=(
        Function(
            place="api/create_payment",
            tables={"payments": CHANGE},
            foreign=SEAL,
            uses=("request_ids", "seal_personal_data"),
            runs=("checkout",),
            memory_mb=WAITING_MB,
        ),
        Function(place="api/get_payment", tables={"payments": ("GetItem",)}, uses=("psp",)),
        Function(
            place="api/confirm_payment",
            tables={"payments": ("GetItem", "UpdateItem")},
            runs=("checkout",),
            memory_mb=WAITING_MB,
        ),
        Function(
            place="api/receive_webhook",
            tables={"payments": CHANGE},
            uses=("psp",),
            starts=("checkout",),
        ),
        Function(
            place="steps",
            foreign=OPEN,
            uses=("psp", "open_personal_data"),
            tables={
                "payments": ("BatchGetItem", *CHANGE),
                "payments/by_customer": ("Query",),
            },
            objects={"exports/parts/payments": ("PutObject",)},
            timeout_s=9,
            memory_mb=WAITING_MB,
        ),
        Function(
            place="consumers/on_checkout_stuck",
            event_types=("checkout.stuck",),
            retries=DAYS,
            tables={"payments": ("GetItem", "UpdateItem")},
            uses=("psp",),
        ),
        Function(
            place="schedules/recover_payments",
            tables={"payments": ("BatchGetItem", "UpdateItem"), "payments/due": ("Query",)},
            starts=("checkout",),
        ),
    ),
    alarms=(
        Alarm(
            metric="PaymentUnreadable",
            description="A payment cannot be read, and stands still until it is repaired.",
        ),
        Alarm(
            metric="CapturedButRefused",
            description="Money was taken for an order that cannot be paid: it is due back.",
            severity="page",
        ),
        Alarm(
            metric="PspRequestRefused",
            description="The PSP refused what we asked for, not the method: perhaps our mistake.",
        ),
        Alarm(
            metric="PspCancelFailed",
            description="The PSP did not cancel a payment that no order has any more.",
        ),
        Alarm(
            metric="WebhookRefused",
            description="Webhooks were not signed with a secret that we know, or are no events.",
            limit=10,
            minutes=15,
        ),
    ),
    invariants={"I3": "More was captured than authorised, or one order has two captures."},
    ids={"pay": ("payment_id",), "att": ()},
    variables={
        "PSP_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:psp",
        "STRIPE_API_BASE": "https://psp.test",
        "REQUEST_ID_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/request-ids",
        "WRAPPING_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/user-keys",
    },
)
