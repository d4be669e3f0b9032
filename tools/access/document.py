"""docs/access.md: the answers to an auditor's questions, and every grant, as tables."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from shop.deploy import discover
from tools.access.policies import Policies
from tools.access.questions import COPIES, READS, RULES, WRITES, Questions

INTRODUCTION = """\
# Who may do what

Computed from the templates of production, from every policy of every role and resource:
`make access` writes this file and a test compares it. Names are those of the stacks:
`orders.place_order` is a function, by the role that only it has; `key/orders-data` is a key. What
stands nowhere here is open to nobody but the account's administrators, whom policies outside of
this application make. That functions need all of their rights, and have all that they need, is
tested too: `tests/infra/test_least_privilege.py`, and `tests/e2e`, where IAM is enforced.
"""
NOBODY = "nobody"
TABLE = "AWS::DynamoDB::GlobalTable"
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
PLAIN_HTTP = "Bool aws:SecureTransport false"
Section = Callable[[Questions], Iterable[str]]


def document(policies: Policies) -> str:
    """The whole file."""
    asked = Questions(policies)
    parts = [INTRODUCTION]
    for title, says, section in _SECTIONS:
        parts.append("\n".join([f"## {title}", *([says, ""] if says else []), *section(asked), ""]))
    return "\n".join(parts)


def _ledger(asked: Questions) -> Iterator[str]:
    arn, table = next(pair for pair in asked.every(TABLE) if pair[0].endswith("-ledger"))
    rows = []
    for action in (*WRITES, *COPIES, *RULES):
        refused = asked.refused_to_anyone(f"dynamodb:{action}", arn)
        people = _people(asked.who([f"dynamodb:{action}"], [arn]))
        rows.append((action, people, "the table itself, to anyone" if refused else "-"))
    readers = _people(asked.readers(table, READS))
    stream = _people(asked.readers(table, ["GetRecords"], stream=True))
    yield from _table(("to the ledger", "who may", "refused by"), rows)
    yield from ("", f"It is read by {readers}; its stream of new rows by {stream}.")


def _personal(asked: Questions) -> Iterator[str]:
    tables = {asked.names.short(arn): table for arn, table in asked.every(TABLE)}
    rows = []
    for name, declared in sorted(discover().tables.items()):
        held = declared.personal
        if held is None:
            continue
        table = tables[f"table/{name}"]
        asks: tuple[tuple[str, Sequence[str], bool], ...] = (
            ("reads rows", READS, False),
            ("may be shown the row that a write met", WRITES, False),
            ("reads the stream of new rows", ("GetRecords",), True),
            ("copies the table", COPIES, False),
        )
        for how, actions, stream in asks:
            people = _people(asked.readers(table, actions, stream=stream))
            held_in = [*held.attributes, *(f"{each}, sealed" for each in held.sealed)]
            what = f"{name}: {', '.join(held_in)} ({held.says})"
            rows.append((what, how, people))
    return _table(("personal data", "how", "who"), rows)


def _uses(type_: str, service: str, *actions: str) -> Section:
    """Who may do which of the actions to each resource of a type."""

    def section(asked: Questions) -> Iterator[str]:
        rows = []
        for arn, _ in asked.every(type_):
            may: dict[tuple[str, str], list[str]] = defaultdict(list)
            for action in actions:
                for who in asked.who([f"{service}:{action}"], [arn]):
                    may[who].append(action)
            people: dict[tuple[str, str], list[str]] = defaultdict(list)
            for (name, when), allowed in may.items():
                people[", ".join(allowed), when].append(name)
            for (allowed_, when), names in sorted(people.items()):
                rows.append((asked.names.short(arn), allowed_, ", ".join(names), when or "-"))
            if not may:
                rows.append((asked.names.short(arn), "-", NOBODY, "-"))
        return _table(("resource", "may", "who", "only"), rows)

    return section


def _roles(asked: Questions) -> Iterator[str]:
    """The grants of roles, one line per role, resource and condition."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for grant in asked.policies.of_roles:
        on = asked.names.short(grant.on)
        traces = on == "*" and grant.action in TRACES
        if not (traces or (on == f"logs/{grant.who}" and grant.action in LOGS)):
            says = "" if grant.allows else "never "
            found[grant.who, on, grant.when].add(says + grant.action)
    return _table(("role of", "on", "may", "only"), _lines(found))


def _resources(asked: Questions) -> Iterator[str]:
    """The grants of resources, but for those that have a section of their own."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for grant in asked.policies.of_resources:
        plain = grant.when == PLAIN_HTTP and not grant.allows
        if ":lambda:" not in grant.on and not plain:
            lets = f"{'lets' if grant.allows else 'refuses'} {grant.who}"
            found[asked.names.short(grant.on), lets, grant.when].add(grant.action)
    return _table(("resource", "lets or refuses", "actions", "only"), _lines(found))


def _trust(asked: Questions) -> Iterator[str]:
    rows = {
        ("each function" if role.count(".") == 1 else role, grant.who, grant.action)
        for grant in asked.policies.of_trust
        for role in [asked.policies.holder(grant.on)]
    }
    return _table(("role of", "may be taken by", "by"), sorted(rows))


def _lines(found: Mapping[tuple[str, str, str], Iterable[str]]) -> list[tuple[str, ...]]:
    return [
        (first, second, ", ".join(sorted(actions)), when or "-")
        for (first, second, when), actions in sorted(found.items())
    ]


def _people(whos: Iterable[tuple[str, str]]) -> str:
    names = [f"{name} (only {when})" if when else name for name, when in whos]
    return ", ".join(names) or NOBODY


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table. Each line says all of it, so that a line of a difference can be read alone."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |".replace("*", "\\*")


_SECTIONS: tuple[tuple[str, str, Section], ...] = (
    (
        "Keys",
        "`only` is the condition: data keys open through one service.",
        _uses(
            "AWS::KMS::Key", "kms", "Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom",
            "Sign", "Verify", "GetPublicKey", "GenerateMac", "VerifyMac", "CreateGrant",
            "PutKeyPolicy", "ScheduleKeyDeletion",
        ),
    ),
    ("Ledger", "Append only: a put of what is there already fails by its condition.", _ledger),
    (
        "Personal data",
        "Whoever reads it has the key of the table, too. What is sealed opens by `key/user-keys`.",
        _personal,
    ),
    (
        "Secrets",
        "",
        _uses("AWS::SecretsManager::Secret", "secretsmanager", "GetSecretValue", "PutSecretValue"),
    ),
    (
        "Checkout machine",
        "",
        _uses(
            "AWS::StepFunctions::StateMachine", "states", "StartSyncExecution", "StartExecution",
            "UpdateStateMachine",
        ),
    ),
    ("Event bus", "", _uses("AWS::Events::EventBus", "events", "PutEvents", "PutRule")),
    (
        "Queues",
        "A consumer receives by its event source mapping.",
        _uses("AWS::SQS::Queue", "sqs", "SendMessage", "ReceiveMessage", "PurgeQueue"),
    ),
    ("Alarms", "", _uses("AWS::SNS::Topic", "sns", "Publish", "Subscribe")),
    (
        "Functions",
        "Who invokes them.",
        _uses("AWS::Lambda::Function", "lambda", "InvokeFunction", "UpdateFunctionCode"),
    ),
    (
        "Roles",
        "All that they may do. Each function also writes its own log and sends traces.",
        _roles,
    ),
    (
        "Resources",
        "Whom they let in or refuse by themselves. Queues and topics also refuse plain HTTP.",
        _resources,
    ),
    ("Trust", "Who may act by a role.", _trust),
)  # fmt: skip
