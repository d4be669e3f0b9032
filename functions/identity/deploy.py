"""Identity: users and sessions, the key that signs tokens, the authorizer of all routes."""

from shop.deploy import Alarm, Bucket, Function, Personal, Service, Table

# Whoever opens what is personal reads the user's key; whoever seals it makes the first one.
OPEN = ("GetItem",)
SEAL = ("GetItem", "PutItem")
CPU_MB = 1769  # One whole vCPU: hashing a password is all that these functions wait for.

SERVICE = Service(
    description="Users, sessions, token keys and the authorizer",
    tables=(
        Table(
            name="identity",
            publishes=True,
            replicated=True,
            personal=Personal(
                sealed=("personal", "device", "applicant"),
                attributes=("password_hash",),
                says="who the customer is, where goods go, what devices are called, and which "
                "operator changed that; by which secret the customer comes",
            ),
        ),
        # Backups of it keep erased people readable, so it has them for as short as can be.
        Table(name="user_keys", expires=False, backup_days=1, replicated=True),
    ),
    buckets=(Bucket(name="exports", days=7, says="all that is held of a user, who asked for it"),),
    functions=(
        Function(
            place="api/register_user",
            tables={"identity": ("PutItem", "UpdateItem")},
            uses=("email_mac",),
        ),
        Function(
            place="api/verify_user",
            tables={"identity": ("GetItem", "PutItem", "UpdateItem"), "user_keys": SEAL},
            uses=(
                "email_mac",
                "seal_personal_data",
            ),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/resend_verification",
            tables={"identity": ("PutItem", "UpdateItem")},
            uses=("email_mac",),
        ),
        Function(
            place="api/forgot_password",
            tables={"identity": ("PutItem", "UpdateItem")},
            uses=("email_mac",),
        ),
        Function(
            place="api/reset_password",
            tables={"identity": ("GetItem", "UpdateItem"), "user_keys": OPEN},
            uses=("open_personal_data",),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/change_password",
            tables={"identity": ("GetItem", "UpdateItem"), "user_keys": OPEN},
            uses=(
                "email_mac",
                "open_personal_data",
            ),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/get_profile",
            tables={"identity": ("GetItem",), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(
            place="api/change_profile",
            tables={"identity": ("GetItem", "UpdateItem"), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(place="api/put_consents", tables={"identity": ("GetItem", "UpdateItem")}),
        Function(place="api/deactivate_user", tables={"identity": ("GetItem", "UpdateItem")}),
        Function(
            place="api/request_erasure",
            tables={"identity": ("GetItem", "PutItem", "UpdateItem")},
            uses=("email_mac", "erasure_grace"),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/withdraw_erasure",
            tables={"identity": ("GetItem", "UpdateItem")},
            uses=("erasure_grace",),
        ),
        Function(
            place="api/request_export",
            tables={"identity": ("GetItem", "PutItem", "UpdateItem")},
            uses=("email_mac",),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/get_export",
            tables={"identity": ("GetItem",)},
            objects={"exports/archives": ("GetObject",)},
        ),
        Function(place="api/get_erasure", tables={"identity": ("GetItem",)}),
        Function(
            place="api/list_addresses",
            tables={"identity": ("GetItem",), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(
            place="api/get_address",
            tables={"identity": ("GetItem",), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(
            place="api/add_address",
            tables={"identity": ("GetItem", "PutItem"), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(
            place="api/change_address",
            tables={"identity": ("GetItem", "PutItem"), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(
            place="api/delete_address",
            tables={"identity": ("GetItem", "PutItem"), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(
            place="api/create_session",
            tables={"identity": ("GetItem", "PutItem", "Query", "UpdateItem"), "user_keys": OPEN},
            uses=(
                "email_mac",
                "sign_tokens",
                "open_personal_data",
            ),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/refresh_session",
            tables={"identity": ("GetItem", "UpdateItem")},
            uses=("email_mac", "sign_tokens"),
        ),
        Function(
            place="api/list_sessions",
            tables={"identity": ("GetItem", "Query"), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(place="api/delete_session", tables={"identity": ("GetItem", "UpdateItem")}),
        Function(
            place="api/delete_current_session", tables={"identity": ("GetItem", "UpdateItem")}
        ),
        Function(place="api/delete_sessions", tables={"identity": ("GetItem", "UpdateItem")}),
        Function(
            place="api/enrol_factor",
            tables={"identity": ("GetItem", "PutItem", "Query", "UpdateItem"), "user_keys": OPEN},
            uses=("email_mac", "open_personal_data"),
        ),
        Function(
            place="api/confirm_factor",
            tables={"identity": ("GetItem", "PutItem", "UpdateItem"), "user_keys": OPEN},
            uses=("email_mac", "open_personal_data"),
        ),
        Function(
            place="api/list_factors",
            tables={"identity": ("GetItem", "Query"), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(
            place="api/remove_factor",
            tables={"identity": ("GetItem", "PutItem", "UpdateItem")},
        ),
        Function(
            place="api/renew_recovery_codes",
            tables={"identity": ("GetItem", "UpdateItem"), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(
            place="api/challenge_factor",
            tables={"identity": ("GetItem", "PutItem", "Query", "UpdateItem"), "user_keys": OPEN},
            uses=("email_mac", "open_personal_data"),
        ),
        Function(
            place="api/verify_factor",
            tables={"identity": ("GetItem", "PutItem", "Query", "UpdateItem"), "user_keys": OPEN},
            uses=("email_mac", "sign_tokens", "open_personal_data"),
        ),
        Function(
            place="consumers/on_mail_requested",
            event_types=("mail.requested",),
            tables={"identity": ("GetItem", "Query", "UpdateItem"), "user_keys": OPEN},
            uses=(
                "email_mac",
                "send_mail",
                "open_personal_data",
            ),
        ),
        Function(
            place="consumers/on_erasure_requested",
            event_types=("user.erasure_requested",),
            starts=("erasure",),
        ),
        Function(
            place="consumers/on_export_requested",
            event_types=("user.export_requested",),
            starts=("export",),
        ),
        Function(
            place="steps",
            tables={
                "identity": ("DeleteItem", "GetItem", "Query", "UpdateItem"),
                "user_keys": ("GetItem", "UpdateItem"),
            },
            objects={
                "exports/archives": ("DeleteObject", "PutObject"),
                "exports/parts/identity": ("DeleteObject", "GetObject", "PutObject"),
                "exports/parts/orders": ("DeleteObject", "GetObject"),
                "exports/parts/payments": ("DeleteObject", "GetObject"),
            },
            uses=("open_personal_data", "send_mail", "sign_tokens"),
            max_concurrency=4,  # nobody waits
        ),
        Function(
            place="api/authorize",
            tables={"identity": ("GetItem",)},
            uses=("email_mac", "token_issuer"),
        ),
        Function(
            place="api/authorize_login",
            tables={"identity": ("GetItem", "UpdateItem")},
            uses=("email_mac", "token_issuer"),
            memory_mb=CPU_MB,
        ),
        Function(
            place="api/authorize_consent",
            tables={"identity": ("GetItem", "PutItem")},
            uses=("email_mac", "token_issuer"),
        ),
        Function(
            place="api/create_token",
            tables={"identity": ("GetItem", "PutItem", "Query", "UpdateItem")},
            uses=("email_mac", "sign_tokens"),
        ),
        Function(
            place="api/revoke_token",
            tables={"identity": ("GetItem", "PutItem", "UpdateItem")},
            uses=("email_mac", "verify_tokens"),
        ),
        Function(
            place="api/introspect_token",
            tables={"identity": ("GetItem", "PutItem", "UpdateItem")},
            uses=("email_mac", "verify_tokens"),
        ),
        Function(
            place="api/get_userinfo",
            tables={"identity": ("GetItem",), "user_keys": OPEN},
            uses=("open_personal_data",),
        ),
        Function(place="api/openid_configuration", uses=("token_issuer",)),
        Function(place="api/oauth_metadata", uses=("token_issuer",)),
        Function(
            place="schedules/rotate_token_keys",
            tables={"identity": ("GetItem", "PutItem")},
            uses=("rotate_token_keys",),
        ),
        Function(place="api/jwks", tables={"identity": ("GetItem",)}, uses=("verify_tokens",)),
        Function(
            place="authorizer",
            tables={"identity": ("BatchGetItem", "GetItem")},
            uses=("verify_tokens",),
        ),
    ),
    alarms=(
        Alarm(
            metric="RefreshReuseDetected",
            description="Many refresh tokens come twice: stolen, or a client that keeps old ones.",
            limit=10,
            minutes=15,
        ),
    ),
    quiet=(
        "AuthorizationCodeReplayed",
        "ClientLimited",
        "ClientRefused",
        "MailLimited",
        "MailRequestLimited",
        "MailUndeliverable",
        "SecondFactorLimited",
        "SecondFactorRefused",
        "SignInLimited",
        "SignInRefused",
        "TokenRefused",
    ),
    told_by={"AuthorizerFault": "Errors"},  # it raises
    ids={
        "usr": ("user_id", "customer_id"),
        "fam": (),
        "ses": ("session_id",),
        "mai": ("mail_id",),
        "fac": ("factor_id",),
        "cha": ("challenge_id",),
        "adr": ("address_id",),
        "era": ("erasure_id",),
        "exp": ("export_id",),
        "cli": (),
    },
    variables={
        "TOKEN_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/identity-tokens",
        "EMAIL_MAC_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/identity-email-mac",
        "WRAPPING_KEY_ARN": "arn:aws:kms:us-east-1:000000000000:key/user-keys",
        "MAIL_FROM": "shop@example.com",
        "ACCOUNT_URL": "https://shop.test/account",
        "TOKEN_KEYS_PURPOSE": "identity-tokens",
        "TOKEN_ISSUER": "https://issuer.test",
        "TOKEN_AUDIENCE": "cartwright-api",
        "ERASURE_GRACE_S": "604800",
    },
)
