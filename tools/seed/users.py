"""Who can sign in to a demonstration platform. Not secrets: they exist nowhere else."""

from typing import NotRequired, TypedDict


class DemoUser(TypedDict):
    """A user of the demonstration."""

    email: str
    password: str
    role: str
    name: str
    # Of the second factor that the local platform seeds, and no other: staff needs one.
    totp_secret: NotRequired[str]


USERS: dict[str, DemoUser] = {
    "customer": {
        "email": "ada@example.com",
        "password": "quiet-harbour-42-lanterns",
        "role": "customer",
        "name": "Ada Marsh",
    },
    "second_customer": {
        "email": "bela@example.com",
        "password": "seven-folded-paper-maps",
        "role": "customer",
        "name": "Béla Nagy",
    },
    "admin": {
        "email": "admin@example.com",
        "password": "brass-ruler-on-the-desk",
        "role": "admin",
        "name": "Carol Admin",
        "totp_secret": "NBQXG2DJNZTSA5DPN5WHGIDBOJSSA3TP",
    },
    "finance": {
        "email": "finance@example.com",
        "password": "debits-equal-credits-always",
        "role": "finance",
        "name": "Frank Ledger",
        "totp_secret": "MJXW623TEBQXEZJAMJQWYYLOMNSWIIDB",
    },
    "ops": {
        "email": "ops@example.com",
        "password": "nobody-paged-before-dawn",
        "role": "ops",
        "name": "Olu Watch",
        "totp_secret": "OBQWOZLSOMQGC4TFEBRWC3DNEBQWGYLJ",
    },
}
