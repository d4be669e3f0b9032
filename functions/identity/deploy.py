"""Identity: users and sessions, the key that signs tokens, the authorizer of all routes."""

from shop.deploy import Alarm, Function, Personal, Service, Table

CPU_MB = 1769  # One whole vCPU: hashing a password is all that these functions wait for.

SERVICE = Service(
    description="Users, sessions, token keys and the authorizer",
    tables=(
        Table(
            name="identity",
            publishes=True,
            personal=Personal(
                attributes=("email", "name", "password_hash", "changed_by"),
                says="who the customer is, by which secret, and which operator changed that",
            ),
        ),
        # Backups of it keep erased people readable, so it has them for as short as can be.
        Table(name="user_keys", expires=False, backup_days=1),
    ),
    functions=(
        Function(
            place="api/register_user",
            tables={"identity": ("PutItem",)},
            uses=("email_mac",),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/create_session",
            tables={"identity": ("GetItem", "PutItem", "UpdateItem")},
            uses=("email_mac", "sign_tokens"),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/refresh_session",
            tables={"identity": ("GetItem", "UpdateItem")},
            uses=("sign_tokens",),
        ),
        Function(place="api/jwks", uses=("verify_tokens",)),
        Function(place="authorizer", uses=("verify_tokens",)),
    ),
    alarms=(
        Alarm(
            metric="RefreshReuseDetected",
            description="Many refresh tokens come twice: stolen, or a client that keeps old ones.",
            limit=10,
            minutes=15,
        ),
    ),
    quiet=("SignInLimited", "SignInRefused", "TokenRefused"),
    told_by={"AuthorizerFault": "Errors"},  # it raises
    ids={"usr": ("user_id", "customer_id"), "fam": ("session_id",), "ses": ()},
    variables={
        "TOKEN_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/identity-tokens",
        "EMAIL_MAC_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/identity-email-mac",
        "TOKEN_ISSUER": "https://issuer.test",
        "TOKEN_AUDIENCE": "cartwright-api",
    },
)
