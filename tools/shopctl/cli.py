"""The commands. Exit code 0: as it should be; 1: it is not; 2: could not be asked."""

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from shop import clock, deploy
from tools.shopctl import catalog as importing
from tools.shopctl import clients as software
from tools.shopctl import cost, inbox, render, show, status, token_keys
from tools.shopctl import demo as journeys
from tools.shopctl import republish as republishing
from tools.shopctl import staff as people
from tools.shopctl import users as customers
from tools.shopctl.api import Api
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.target import Target, find

app = typer.Typer(
    help="Look at the platform and try it out. Without --stage: the one on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
orders = typer.Typer(help="Orders.", no_args_is_help=True)
ledger = typer.Typer(help="The books.", no_args_is_help=True)
app.add_typer(orders, name="orders")
app.add_typer(ledger, name="ledger")
staff = typer.Typer(help="Who works here.", no_args_is_help=True)
app.add_typer(staff, name="staff")
clients = typer.Typer(help="Which software may ask for tokens.", no_args_is_help=True)
app.add_typer(clients, name="clients")
keys = typer.Typer(help="The keys that sign access tokens.", no_args_is_help=True)
app.add_typer(keys, name="token-keys")
users = typer.Typer(help="What customers ask for in writing.", no_args_is_help=True)
app.add_typer(users, name="users")
catalogue = typer.Typer(help="Products, prices and stock.", no_args_is_help=True)
app.add_typer(catalogue, name="catalog")

Stage = Annotated[str | None, typer.Option(help="local, dev, staging or prod")]
Region = Annotated[str | None, typer.Option(help="AWS region; default: AWS_REGION")]
ApiUrl = Annotated[str | None, typer.Option(help="base URL of the API")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document")]


Email = Annotated[str, typer.Argument(help="the account's e-mail address")]
Generate = Annotated[
    bool, typer.Option("--generate", help="make a password and print it once; else it is asked for")
]


@app.command()
def demo(
    stage: Stage = None,
    region: Region = None,
    api_url: ApiUrl = None,
    signup: Annotated[
        bool, typer.Option("--signup", help="as a new customer: register, read the mail, verify")
    ] = False,
    as_json: Json = False,
) -> None:
    """Sign in as a customer, order, pay; show events, stock and ledger entries.

    On a stage without seeded users, SHOPCTL_EMAIL and SHOPCTL_PASSWORD name the customer.
    """
    target = find(stage=stage, region=region, api_url=api_url)
    quiet = (lambda _: None) if as_json else render.step
    done = journeys.run(
        Api(target.api_url),
        customer=None if signup else _user(target, "customer") or _from_environment(),
        finance=_staff(target, "finance"),
        code=lambda address: inbox.code(target, address),
        on_step=quiet,
    )
    if as_json:
        _print({"steps": done.steps, **done.result})
    else:
        render.journey(done)


@app.command("token")
def token(
    role: Annotated[str, typer.Argument(help="customer, admin, finance or ops")],
) -> None:
    """An access token of a seeded user of the local platform: of staff, by both factors."""
    target = find(stage="local", region=None, api_url=None)
    user = target.users.get(role)
    if user is None:
        raise Unusable(f"There is no seeded user '{role}'. There are: {', '.join(target.users)}.")
    signed_in = Api(target.api_url).sign_in(
        user["email"], user["password"], user.get("totp_secret", "")
    )
    print(signed_in.token)


@app.command("inbox")
def show_inbox(
    to: Annotated[str | None, typer.Option(help="only mails to this address")] = None,
    as_json: Json = False,
) -> None:
    """The mails that the local platform was asked to send, oldest first."""
    found = inbox.mails(find(stage="local", region=None, api_url=None), to)
    if as_json:
        _print({"mails": [asdict(mail) for mail in found]})
        return
    for mail in found:
        print(f"To: {mail.to}\nSubject: {mail.subject}\n\n{mail.text}")


@orders.command("show")
def show_order(
    order_id: str,
    stage: Stage = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """An order with its lines, events, payment, reservation and postings."""
    found = show.order(_target(stage, region), order_id)
    _print(found) if as_json else render.order(found)


@orders.command("list")
def list_orders(
    customer_id: Annotated[str, typer.Argument(metavar="USER_ID", help="usr_…")],
    stage: Stage = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """The newest orders of a customer."""
    found = show.orders(_target(stage, region), customer_id)
    _print(found) if as_json else render.details(found)


@ledger.command("show")
def show_ledger(
    id_: Annotated[str, typer.Argument(metavar="ID", help="txn_… or an account like 2100:USD")],
    stage: Stage = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """A transaction, or an account with its newest entries."""
    found = show.ledger(_target(stage, region), id_)
    _print(found) if as_json else render.details(found)


@app.command("status")
def show_status(
    stage: Stage = None,
    region: Region = None,
    limit: Annotated[
        int, typer.Option(min=1, help="rows per table that are read at most")
    ] = 50_000,
    as_json: Json = False,
) -> None:
    """Queues, dead letters, alarms, invariants. Exit code 1: something is wrong."""
    found = status.read(_target(stage, region), limit=limit)
    if as_json:
        _print(found.to_dict())
    else:
        render.status(found)
    if not found.ok:
        raise typer.Exit(1)


@app.command("republish")
def republish(  # noqa: PLR0917 (typer reads options from positional parameters)
    since: Annotated[str, typer.Option(help="events from this RFC 3339 time on")],
    until: Annotated[str | None, typer.Option(help="to this time; default: now")] = None,
    checkpoint: Annotated[str, typer.Option(help="go on behind a page that was printed")] = "",
    pages_per_second: Annotated[float, typer.Option(min=0.1, max=20)] = 2,
    yes: Annotated[bool, typer.Option("--yes", help="publish; without it only count")] = False,
    stage: Stage = None,
    region: Region = None,
) -> None:
    """Publish again the events that rows still hold, after a relay was down for over 24 hours.

    Reads every table that carries events, 500 rows a page. Twice is harmless: an event has its
    effect once.
    """
    target = _target(stage, region)
    found = republishing.republish(
        target,
        deploy.discover(),
        since=_time(since),
        until=_time(until) if until else clock.rfc3339(clock.now()),
        checkpoint=checkpoint,
        act=yes,
        pause=lambda: time.sleep(1 / pages_per_second),
    )
    rows = events = 0
    for page in found:
        rows, events = rows + page.rows, events + page.events
        behind = f"  checkpoint: {page.checkpoint}" if page.checkpoint else ""
        print(f"{page.table}: {page.rows} rows, {page.events} events{behind}")
    done = "published" if yes else "found; nothing was published, add --yes"
    print(f"{events} events in {rows} rows {done}")


@app.command("cost")
def show_cost(
    name: Annotated[
        str | None, typer.Argument(help="a route or journey, like 'POST /orders'")
    ] = None,
    as_json: Json = False,
) -> None:
    """What journeys and routes cost per 1,000, by list prices; with NAME: one of them, in full.

    It is the same for every stage: counted from the code, not read from a bill.
    """
    document = cost.read()
    if name is None:
        _print(document) if as_json else cost.everything(document)
    else:
        found = cost.one(document, name)
        _print(found) if as_json else cost.one_of_them(document, found)


@staff.command("add")
def add_staff(  # noqa: PLR0917 (typer reads options from positional parameters)
    email: Email,
    role: Annotated[str, typer.Option(help="admin, finance or ops")],
    generate: Generate = False,
    stage: Stage = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Make an account for somebody who works here. One that exists stays as it is."""
    if role not in people.ROLES:
        raise Unusable(f"There is no role '{role}'. There are: {', '.join(people.ROLES)}.")
    target = _target(stage, region)
    password = _password(generate)
    made = people.add(target, email, password, role=role)
    said = f"{made.user_id} can sign in, as {role}."
    _account(made, said if made.is_new else f"{made.user_id} is {role} already.", as_json)
    _hand_over(made, password, generate)


@staff.command("disable")
def disable_account(
    email: Email, stage: Stage = None, region: Region = None, as_json: Json = False
) -> None:
    """Close an account, a customer's too: no sign-in, no session goes on."""
    found = people.disable(_target(stage, region), email)
    said = "can sign in no more, its sessions are over." if found.is_new else "was disabled before."
    rest = f"Access tokens that are out work until {found.tokens_end_at} at the latest."
    _account(found, f"{found.user_id} {said} {rest}", as_json)


@staff.command("enable")
def enable_account(
    email: Email,
    generate: Generate = False,
    stage: Stage = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Open a disabled account again, with another password. No old session comes back."""
    target = _target(stage, region)
    people.show(target, email)
    password = _password(generate)
    found = people.enable(target, email, password)
    said = "can sign in again." if found.is_new else "was not disabled: nothing was changed."
    _account(found, f"{found.user_id} {said}", as_json)
    _hand_over(found, password, generate)


@staff.command("reset-factor")
def reset_factor(
    email: Email, stage: Stage = None, region: Region = None, as_json: Json = False
) -> None:
    """Remove all second factors of an account whose owner has lost theirs, and end its sessions.

    Make sure by another way than mail that it is them.
    """
    found, number = people.reset_factor(_target(stage, region), email)
    if not number:
        _account(found, f"{found.user_id} has no second factor: nothing was changed.", as_json)
        return
    rest = f"Access tokens that are out work until {found.tokens_end_at} at the latest."
    said = f"{found.user_id} has no second factor any more, its sessions are over. {rest}"
    _account(found, said, as_json)


@staff.command("show")
def show_account(
    email: Email, stage: Stage = None, region: Region = None, as_json: Json = False
) -> None:
    """What an account may do, and who changed that last."""
    found = people.show(_target(stage, region), email)
    by = f", changed last by {found.changed_by}" if found.changed_by else ""
    _account(found, f"{found.user_id} is {found.status}, as {found.role}{by}.", as_json)


@keys.command("show")
def show_token_keys(stage: Stage = None, region: Region = None, as_json: Json = False) -> None:
    """Which key signs, which waits, and which are still trusted."""
    _keys(token_keys.show(_target(stage, region)), as_json)


@keys.command("rotate")
def rotate_token_keys(stage: Stage = None, region: Region = None, as_json: Json = False) -> None:
    """Let the key that waits sign, two minutes from now. Tokens that are out stay valid.

    By itself that happens every 90 days. A verifier that does not look up unknown keys needs the
    key a day before: the newest was made when `show` says.
    """
    _keys(token_keys.rotate(_target(stage, region)), as_json)


@keys.command("revoke")
def revoke_token_key(
    kid: Annotated[str, typer.Argument(help="the key's name, from `show`")],
    stage: Stage = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Trust a key no more, at once. Every client with a token by it has to refresh."""
    _keys(token_keys.revoke(_target(stage, region), kid), as_json)


def _keys(found: list[token_keys.Shown], as_json: bool) -> None:
    if as_json:
        _print({"keys": [asdict(each) for each in found]})
        return
    for each in found:
        print(f"{each.kid}  {each.state:<10}  {each.since}  {each.arn}")


@users.command("erase")
def erase_user(
    email: Email, stage: Stage = None, region: Region = None, as_json: Json = False
) -> None:
    """Ask for a user's erasure: sessions end now, and the user is told by mail."""
    found = customers.erase(_target(stage, region), email)
    said = "is asked for" if found.is_new else f"was asked for before: {found.status}"
    text = (
        f"The erasure {found.erasure_id} of {found.user_id} {said}. It takes effect at "
        f"{found.takes_effect_at}; until then the user can take it back."
    )
    _print(asdict(found)) if as_json else render.say(text)


@users.command("export")
def export_user(
    email: Email, stage: Stage = None, region: Region = None, as_json: Json = False
) -> None:
    """Ask for all that is held of a user, one archive a day. The user alone fetches it."""
    found = customers.export(_target(stage, region), email)
    text = (
        f"The export {found.export_id} of {found.user_id} is {found.status}. Its user fetches it "
        f"by GET /users/me/exports/{found.export_id} until {found.kept_until}."
    )
    _print(asdict(found)) if as_json else render.say(text)


def _account(found: people.Account, said: str, as_json: bool) -> None:
    _print(asdict(found)) if as_json else render.say(said)


def _password(generate: bool) -> str:
    """Never an argument: those stand in the list of processes and in the shell's history."""
    if generate:
        return people.generated()
    if not sys.stdin.isatty():
        raise Unusable("There is no terminal to ask for a password: give --generate.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _hand_over(account: people.Account, password: str, was_generated: bool) -> None:
    """On stderr, so that it gets into no file by way of --json."""
    if was_generated and account.is_new:
        print(f"Its password, shown once: {password}", file=sys.stderr)


ClientId = Annotated[str, typer.Argument(metavar="CLIENT_ID", help="cli_…")]


@clients.command("add")
def add_client(  # noqa: PLR0917 (typer reads options from positional parameters)
    name: Annotated[str, typer.Argument(help="what people know it as")],
    scope: Annotated[list[str], typer.Option(help="one that it may have; more than once")],
    grant: Annotated[list[str], typer.Option(help=f"{', '.join(software.GRANTS)}; more than once")],
    auth: Annotated[str, typer.Option(help=", ".join(software.METHODS))] = "client_secret_basic",
    redirect: Annotated[
        list[str] | None, typer.Option(help="where codes are sent; more than once")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="a JWK Set with its public keys, for private_key_jwt")
    ] = None,
    stage: Stage = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Register a client. A secret is printed once, on stderr."""
    _one_of([auth], software.METHODS, "way to prove a client")
    _one_of(grant, software.GRANTS, "grant type")
    wanted = software.Wanted(
        name=name,
        scopes=scope,
        grant_types=grant,
        auth_method=auth,
        redirect_uris=redirect or (),
        keys=software.keys_in(keys) if keys else (),
    )
    made = software.add(_target(stage, region), wanted)
    _client(made, f"{made.client_id} is registered.", as_json)


@clients.command("list")
def list_clients(stage: Stage = None, region: Region = None, as_json: Json = False) -> None:
    """All clients, oldest first."""
    found = software.every(_target(stage, region))
    if as_json:
        _print({"clients": [_shown(each) for each in found]})
        return
    for each in found:
        state = "disabled" if each.disabled_at else "active"
        render.say(f"{each.client_id}  {state:8}  {each.kind:12}  {each.name}")


@clients.command("show")
def show_client(
    client_id: ClientId, stage: Stage = None, region: Region = None, as_json: Json = False
) -> None:
    """What a client may do."""
    found = _shown(software.show(_target(stage, region), client_id))
    if as_json:
        _print(found)
        return
    lists = {name: ", ".join(v) for name, v in found.items() if isinstance(v, list)}
    render.details({name: value or "" for name, value in (found | lists).items()})


@clients.command("disable")
def disable_client(
    client_id: ClientId, stage: Stage = None, region: Region = None, as_json: Json = False
) -> None:
    """End a client: it gets no tokens, and those that are out are refused within a minute."""
    found = software.disable(_target(stage, region), client_id)
    _client(found, f"{client_id} gets no tokens any more.", as_json)


@clients.command("rotate-secret")
def rotate_secret(
    client_id: ClientId, stage: Stage = None, region: Region = None, as_json: Json = False
) -> None:
    """Give a client another secret, printed once on stderr; the one before is over at once."""
    found = software.rotate_secret(_target(stage, region), client_id)
    _client(found, f"{client_id} has another secret.", as_json)


def _client(client: software.Client, said: str, as_json: bool) -> None:
    _print(_shown(client)) if as_json else render.say(said)
    if client.secret is not None:
        print(f"Its secret, shown once: {client.secret}", file=sys.stderr)


def _shown(client: software.Client) -> dict[str, Any]:
    """Without the secret, which gets into no file by way of --json."""
    return {name: value for name, value in asdict(client).items() if name != "secret"}


def _one_of(given: list[str], known: tuple[str, ...], what: str) -> None:
    for each in given:
        if each not in known:
            raise Unusable(f"There is no {what} '{each}'. There are: {', '.join(known)}.")


@catalogue.command("import")
def import_catalog(
    file: Annotated[Path, typer.Argument(help="one JSON object per line: docs/import.md")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what it would do")] = False,
    stage: Stage = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Import products, prices and stock. All lines are taken, or none: exit code 1.

    The same file twice changes nothing. Stock is set where there is none, else changed by an id.
    """
    found = importing.run(_target(stage, region), file, act=not dry_run)
    if as_json:
        objections = [each._asdict() for each in found.objections]
        _print(asdict(found) | {"objections": objections, "dry_run": dry_run})
    else:
        render.imported(found, dry_run=dry_run)
    if found.objections:
        number = len(found.objections)
        reasons = f"{number} reason{'s' if number > 1 else ''}"
        raise Failed(f"{reasons} against {file}: nothing was written.")


def main(arguments: list[str] | None = None) -> int:
    """Run a command; say in one sentence why it could not be done."""
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except Unusable as error:
        return _fail(str(error), 2)
    except Failed as error:
        return _fail(str(error), 1)
    except typer.Abort:
        return _fail("interrupted", 130)
    except Exception as error:
        if not hasattr(error, "format_message"):  # not one of the parser's own
            raise
        return _fail(error.format_message(), 2)


def _fail(text: str, code: int) -> int:
    if text:  # None is left to say when help was shown instead.
        print(f"error: {text}", file=sys.stderr)
    return code


def _target(stage: str | None, region: str | None) -> Target:
    """For commands that read tables and queues only: the API's address does not matter."""
    return find(stage=stage, region=region, api_url="" if stage not in (None, "local") else None)


def _time(text: str) -> str:
    try:
        return clock.rfc3339(clock.parse(text))
    except ValueError as error:
        raise Unusable(f"'{text}' is no RFC 3339 time, like 2026-11-22T10:00:00Z.") from error


def _user(target: Target, role: str) -> tuple[str, str] | None:
    found = target.users.get(role)
    return (found["email"], found["password"]) if found else None


def _staff(target: Target, role: str) -> tuple[str, str, str] | None:
    """With the secret of their second factor, which the local platform's have."""
    found = target.users.get(role)
    return (found["email"], found["password"], found["totp_secret"]) if found else None


def _from_environment() -> tuple[str, str]:
    try:
        return os.environ["SHOPCTL_EMAIL"], os.environ["SHOPCTL_PASSWORD"]
    except KeyError as error:
        raise Unusable("Set SHOPCTL_EMAIL and SHOPCTL_PASSWORD to a customer's.") from error


def _print(data: dict[str, Any]) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False, default=str))
