"""What always holds of users, their addresses and their keys.

No stream of identity is followed: what it has of people is read by nobody else. The rules are
applied where whole tables are looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shop.invariants import Fact, Facts, Found, Invariants, Row, RowType, Rule


@dataclass(frozen=True, slots=True)
class User(Fact):
    """There is a user, by this id."""


@dataclass(frozen=True, slots=True)
class Factors(Fact):
    """How many second factors a user has, by their own row."""

    count: int
    are_going: bool


@dataclass(frozen=True, slots=True)
class ActiveFactor(Fact):
    """A user, by this id, has a second factor that counts."""


@dataclass(frozen=True, slots=True)
class Address(Fact):
    """A user, by this id, has an address."""


@dataclass(frozen=True, slots=True)
class Attempts(Fact):
    """Failed sign-ins of an address in a window."""

    failures: int


@dataclass(frozen=True, slots=True)
class UserKey(Fact):
    """The key of a user, by their id."""

    is_there: bool
    is_destroyed: bool


@dataclass(frozen=True, slots=True)
class Erased(Fact):
    """An erasure, by its id, that is said to be done."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Client(Fact):
    """There is an OAuth client, by this id."""

    wants_secret: bool
    has_secret: bool


@dataclass(frozen=True, slots=True)
class ListedClient(Fact):
    """The list of clients names one, by this id."""


def users_have_one_address(facts: Facts) -> Found:
    """U1: a user has one address, and an address one user."""
    for user_id in facts.keys(User) | facts.keys(Address):
        users, addresses = len(facts.of(User, user_id)), len(facts.of(Address, user_id))
        if (users, addresses) != (1, 1):
            yield user_id, f"{users} users with {addresses} addresses"


def attempts_are_taken_back_once(facts: Facts) -> Found:
    """U2: no more failed sign-ins are taken back than there were."""
    for attempts in facts.each(Attempts):
        if attempts.failures < 0:
            yield attempts.key, "fewer than no attempts"


def a_key_is_there_until_its_user_is_erased(facts: Facts) -> Found:
    """U3: the row of a key holds the key, or says that it was destroyed, and never both."""
    for key in facts.each(UserKey):
        if key.is_there == key.is_destroyed:
            yield key.key, "a key of an erased user" if key.is_there else "a key that is lost"


def who_is_erased_is_gone(facts: Facts) -> Found:
    """U4: an erasure that is said to be done has left neither user nor key."""
    for erased in facts.each(Erased):
        if facts.of(User, erased.user_id):
            yield erased.key, "the user is still there"
        if not any(key.is_destroyed for key in facts.of(UserKey, erased.user_id)):
            yield erased.key, "the key is still there"


def users_know_their_factors(facts: Facts) -> Found:
    """U5: a user has as many second factors that count as the user's own row says. Of who is being
    erased they go first."""
    for user_id in facts.keys(Factors) | facts.keys(ActiveFactor):
        if any(each.are_going for each in facts.of(Factors, user_id)):
            continue
        said = sum(each.count for each in facts.of(Factors, user_id))
        found = len(facts.of(ActiveFactor, user_id))
        if said != found:
            yield user_id, f"{found} second factors, not {said}"


def clients_are_listed_and_have_what_proves_them(facts: Facts) -> Found:
    """U6: an OAuth client stands in the list of clients, and has a secret if it comes by one."""
    for client_id in facts.keys(Client) ^ facts.keys(ListedClient):
        yield client_id, "a client that is not listed, or is listed and not there"
    for client in facts.each(Client):
        if client.wants_secret != client.has_secret:
            yield client.key, "a secret that is missing, or that nobody asks for"


def _client(id_: str, row: Row) -> Iterator[Fact]:
    by_secret = str(row["auth_method"]).startswith("client_secret_")
    yield Client(id_, wants_secret=by_secret, has_secret=bool(row.get("secret_digest")))


def _listed_client(_id: str, row: Row) -> Iterator[Fact]:
    yield ListedClient(str(row["sk"]).removeprefix("CLIENT#"))


def _user(id_: str, row: Row) -> Iterator[Fact]:
    yield User(id_)
    yield Factors(id_, int(row.get("factors") or 0), are_going=row["status"] == "erasing")


def _factor(user_id: str, row: Row) -> Iterator[Fact]:
    if row["status"] == "active":
        yield ActiveFactor(user_id)


def _address(_mac: str, row: Row) -> Iterator[Fact]:
    yield Address(str(row["user_id"]))


def _attempts(window: str, row: Row) -> Iterator[Fact]:
    yield Attempts(window, int(row["times"]))


def _user_key(id_: str, row: Row) -> Iterator[Fact]:
    yield UserKey(id_, is_there="wrapped_key" in row, is_destroyed="erased_at" in row)


def _erasure(id_: str, row: Row) -> Iterator[Fact]:
    if row["status"] == "erased":
        yield Erased(id_, str(row["user_id"]))


INVARIANTS = Invariants(
    always=("U1", "U2", "U3", "U4", "U5", "U6"),
    watched=False,
    rows=(
        RowType(
            table="identity",
            pk="USER",
            sk="USER",
            reads=("factors",),
            facts=_user,
            counts="sequence",
            statuses=frozenset({"active", "disabled", "deactivated", "erasing"}),
            violates="U1",
        ),
        RowType(
            table="identity",
            pk="EMAIL",
            sk="USER",
            reads=("user_id",),
            facts=_address,
            violates="U1",
        ),
        RowType(
            table="identity",
            pk="FAIL",
            sk="COUNT",
            reads=("times",),
            facts=_attempts,
            violates="U2",
        ),
        RowType(
            table="identity",
            pk="USER",
            sk="FACTOR#",
            reads=("status",),
            facts=_factor,
            statuses=frozenset({"pending", "active", "removed"}),
            violates="U5",
        ),
        RowType(
            table="identity",
            pk="USER",
            sk="CHALLENGE#",
            unchecked="Each answer is checked against it, and it goes by itself.",
        ),
        RowType(
            table="user_keys",
            pk="USER",
            sk="KEY",
            reads=("wrapped_key", "erased_at"),
            facts=_user_key,
            violates="U3",
        ),
        RowType(
            table="identity",
            pk="TOKEN_KEYS",
            sk="SET",
            unchecked="It is read and written whole, and says nothing of other rows.",
        ),
        RowType(
            table="identity",
            pk="ERASURE",
            sk="ERASURE",
            reads=("status", "user_id"),
            facts=_erasure,
            counts="version",
            statuses=frozenset({"requested", "withdrawn", "begun", "erased"}),
            violates="U4",
        ),
        RowType(
            table="identity",
            pk="USER",
            sk="ADDRESSES",
            unchecked="It is read and written whole, and says nothing of other rows.",
        ),
        RowType(
            table="identity",
            pk="USER",
            sk="EXPORT#",
            counts="version",
            unchecked="It says of an object whether it is there, and goes with it.",
        ),
        *(
            RowType(
                table="identity",
                pk="PENDING",
                sk=f"{purpose}#",
                unchecked="Each use of a token is checked against it, and it goes by itself.",
            )
            for purpose in (
                "REGISTRATION",
                "RESEND",
                "RESET",
                "CODE",
                "FACTOR_ADDED",
                "FACTOR_REMOVED",
                "FACTORS_RESET",
                "RECOVERY_CODE_USED",
            )
        ),
        *(
            RowType(
                table="identity",
                pk=kind,
                sk="COUNT",
                unchecked="It only grows, to its limit, and goes by itself.",
            )
            for kind in ("ASKED", "MAILS")
        ),
        RowType(
            table="identity",
            pk="CLIENT",
            sk="CLIENT",
            reads=("auth_method", "secret_digest"),
            facts=_client,
            violates="U6",
        ),
        RowType(
            table="identity",
            pk="CLIENTS",
            sk="CLIENT#",
            facts=_listed_client,
            violates="U6",
        ),
        RowType(
            table="identity",
            pk="CODE",
            sk="CODE",
            unchecked="Each use of a code is checked against it, and it goes by itself.",
        ),
        RowType(
            table="identity",
            pk="ASSERTION",
            sk="ASSERTION",
            unchecked="It is written once, says nothing of other rows, and goes by itself.",
        ),
        RowType(
            table="identity",
            pk="USER",
            sk="SESSION#",
            unchecked="Each use of a token is checked against it, and it goes by itself.",
        ),
    ),
    rules=(
        Rule("U1", users_have_one_address),
        Rule("U2", attempts_are_taken_back_once),
        Rule("U3", a_key_is_there_until_its_user_is_erased),
        Rule("U4", who_is_erased_is_gone),
        Rule("U5", users_know_their_factors),
        Rule("U6", clients_are_listed_and_have_what_proves_them),
    ),
)
