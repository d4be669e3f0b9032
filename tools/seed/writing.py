"""Puts the demonstration data into tables.

Catalogue rows are plain puts: they are derived, so writing them again changes nothing. Stock and
users go through the services, whose conditions make a second run an empty one.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeSerializer

from shop import aws, clock, ids, tables, trace
from tools.local.credentials import OPENS_NOTHING, Key
from tools.seed.users import USERS

if TYPE_CHECKING:  # Models take their table's name when they are made.
    from identity.domain.user import User
    from identity.service.create_staff import AccountPorts

BATCH = 25
MOVES = 50  # a transaction of 100 items: stock row and movement each
WRITERS = 4


@contextmanager
def environment(
    table_names: dict[str, str], region: str, endpoint_url: str | None, key: Key | None = None
) -> Iterator[None]:
    """The environment that the services' own code expects, for as long as it is used here.

    `key` opens the emulator at `endpoint_url`; by default it is the environment's, if that is its.
    """
    wanted = {f"TABLE_{name.upper()}": physical for name, physical in table_names.items()}
    wanted |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    if endpoint_url:
        wanted |= {"AWS_ENDPOINT_URL": endpoint_url, "NO_PROXY": "*"}
        if key is None and os.environ.get("AWS_ENDPOINT_URL") != endpoint_url:
            key = OPENS_NOTHING  # The machine's own credentials are not for this emulator.
        if key is not None:
            wanted |= {
                "AWS_ACCESS_KEY_ID": key.access_key_id,
                "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            }
    before = dict(os.environ)
    os.environ.update(wanted)
    _forget_connections()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        _forget_connections()


def _forget_connections() -> None:
    aws.reset()
    tables.reset()


def write_rows(table: str, rows: Iterable[dict[str, Any]]) -> int:
    """Put plain rows, some batches at a time. Returns how many."""
    client = aws.client("dynamodb")
    serialise = TypeSerializer().serialize

    def put(batch: list[dict[str, Any]]) -> int:
        requests = [
            {"PutRequest": {"Item": {key: serialise(value) for key, value in row.items()}}}
            for row in batch
        ]
        left: dict[str, Any] = {table: requests}
        while left:
            left = dict(client.batch_write_item(RequestItems=left)["UnprocessedItems"])
        return len(batch)

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(put, _chunks(rows, BATCH)))


def write_stock(changes: Iterable[Any]) -> int:
    """Book movements. Returns how many were not booked before."""
    from inventory.repository.stock import StockRepository

    stock = StockRepository()

    def book(batch: Sequence[Any]) -> int:
        return len(batch) if stock.move(batch) else 0

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(book, _chunks(changes, MOVES)))


def write_users(tables: Mapping[str, str], region: str, *, with_factors: bool) -> int:
    """Create the demonstration users; those that exist stay as they are. Their second factors are
    known to everybody who reads this tree, so only an emulator has them."""
    from identity.clients.argon2_passwords import Argon2Passwords
    from identity.clients.kms import EmailHasher
    from identity.domain.mailed_token import Applicant
    from identity.domain.user import Role
    from identity.repository.users import AccountRepository
    from identity.service.create_staff import AccountPorts, create_staff
    from shop.personal_data import PersonalData
    from shop.user_keys import UserKeys

    registrar = AccountPorts(
        accounts=AccountRepository(),
        mac=EmailHasher(f"alias/{tables['identity']}-email-mac"),
        passwords=Argon2Passwords(),
        personal=PersonalData("identity", UserKeys(f"alias/{tables['user_keys']}")),
        region=region,
    )
    for user in USERS.values():
        made, is_new = create_staff(
            Applicant(user["email"], name=user["name"], locale="en"),
            user["password"],
            registrar,
            role=Role(user["role"]),
            operator="tools.seed",
            now=clock.now(),
            trace=trace.from_header(None),
        )
        if with_factors and is_new and "totp_secret" in user:
            _add_factor(made, user["totp_secret"], registrar)
    return len(USERS)


def _add_factor(user: "User", secret: str, by: "AccountPorts") -> None:
    from identity import events
    from identity.domain import user as rules
    from identity.domain.factor import Factor, FactorDetails, Kind, Status
    from identity.events import event_of
    from identity.repository.factors import FactorRepository
    from identity.service.seal_details import seal_factor
    from shop.user_keys import Erased

    now, person = clock.now(), by.personal.to_open(user.user_id)
    if isinstance(person, Erased):
        raise LookupError("a new user cannot have been erased")
    factor_id = ids.generate("fac", region=by.region, now=now)
    sealed = seal_factor(FactorDetails(secret, "Demonstration"), factor_id, person)
    factor = Factor(factor_id, user.user_id, Kind.TOTP, Status.ACTIVE, now, sealed, now)
    FactorRepository().enrol(factor)
    after = rules.add_factor(user, frozenset(), now=now)
    data = events.UserFactorAdded(user_id=user.user_id, factor_id=factor_id)
    told = event_of(data, user.user_id, after.sequence, now=now, trace=trace.from_header(None))
    by.accounts.change(user, after, told)


def _chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
