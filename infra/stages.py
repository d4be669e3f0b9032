"""The stages: what differs between a laptop and production, as data.

Every difference is an attribute here. No other file compares a stage's name.
"""

import platform
import sys
from dataclasses import dataclass, field, replace
from typing import Literal

LogLevel = Literal["DEBUG", "INFO", "WARNING"]
# Nobody's: for it a stage is synthesized that is bound to no account, and nothing deploys there.
NO_ACCOUNT = "000000000000"
# How long the gateway keeps what the authorizer said of a token, and with it a session that was
# ended goes on; not where `Route.ends_at_once`.
TOKEN_KEPT_S = 60


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Requests per second that are sustained, and the burst above it."""

    rate: int
    burst: int

    def within(self, other: "Throttle") -> "Throttle":
        """The smaller of the two."""
        return Throttle(rate=min(self.rate, other.rate), burst=min(self.burst, other.burst))


@dataclass(frozen=True, kw_only=True)
class Pools:
    """Bulkheads: concurrent executions that one part may take. None leaves it unlimited."""

    route: int | None = None  # reserved, per route function
    authorizer: int | None = None  # reserved
    steps: int | None = None  # reserved, per step function: shared by every checkout
    job: int | None = None  # reserved, per scheduled function
    stream: int | None = None  # reserved, for the relay: all shards, times batches at once
    consumer: int | None = None  # asked of the queue, so a full pool never fills a DLQ


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The API's own name. The certificate is of the stage's region."""

    name: str
    certificate_arn: str
    hosted_zone_id: str | None = None  # None: whoever keeps its DNS points it to `DomainTarget`


@dataclass(frozen=True, kw_only=True)
class CallerLimits:
    """Requests in five minutes that one caller may send; the firewall counts them.

    Many customers can share an address (a phone network, an office), so it has the most room.
    """

    address: int = 3000
    token: int = 900
    sign_ins: int = 100  # and registrations, by address


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One deployment of the platform."""

    name: str
    region: str
    account: str | None = None  # the one that it is bound to: infra/settings.py

    # What runs the functions.
    assets: Literal["host", "aws"] = "aws"  # build/<assets>/ is what is deployed
    runtime: str = "python3.13"  # as tools/build.py builds for
    # Functions that run on this machine read the layers where they were built. An emulator unpacks
    # every layer for every worker, which takes longer than to import it.
    linked_layers: bool = False
    # Whether a right to read a stream can name the stream: an emulator asks for it on everything.
    streams_have_names: bool = True
    # Whether a right to a key can ask for an encryption context: an emulator refuses all that does.
    knows_encryption_contexts: bool = True
    # Whether a right to send mail can name who it is from: an emulator looks at neither.
    mail_rights_have_names: bool = True
    architecture: Literal["arm64", "x86_64"] = "arm64"
    log_level: LogLevel = "INFO"
    log_retention_days: int = 30  # what functions and machines say
    access_log_retention_days: int = 30  # who called what, and when
    pools: Pools = field(default_factory=Pools)  # cut from `account_concurrency`

    retry_interval_s: int = 1  # a state machine's first wait before it repeats a task
    retry_max_delay_s: int = 4
    # Erasing a user: how long it can be taken back; how long requests, unplaced orders and keys in
    # memory have to come to their end (orders/domain/order.py: 15 minutes; shop/user_keys.py: 5);
    # how long it waits for an open order before it asks again.
    erasure_grace_s: int = 7 * 24 * 3600
    erasure_settle_s: int = 30 * 60
    erasure_pause_s: int = 3600
    stream_max_age_s: int = 20 * 3600  # then a record is given up; streams forget after 24 hours
    # What executions write into their log: by default those that fail.
    machine_log: Literal["ALL", "ERROR"] = "ERROR"
    # What Lambda itself writes of an invocation: a start and a report of each, or by default a
    # report of those that fail. Our own line of each tells outcome and time.
    function_log: Literal["INFO", "WARN"] = "WARN"

    # What outlives a mistake.
    # Services that have a key of their own get it; or else their data is encrypted by AWS's own.
    own_keys: bool = True
    retain: bool = True  # tables, keys, logs and secrets stay when their stack goes
    deletion_protection: bool = True
    point_in_time_recovery: bool = True
    # Where users, their sessions and their keys are as well: ADR 0047. None: nowhere.
    replica_region: str | None = None

    # The edge.
    # What the API takes; of a route, no more than the route says of itself.
    throttle: Throttle = field(default_factory=lambda: Throttle(rate=500, burst=1000))
    callers: CallerLimits = field(default_factory=CallerLimits)
    # None: the address that API Gateway gives, known when the API is made (names.public_url).
    public_url: str | None = None
    domain: Domain | None = None
    needs_domain: bool = False  # clients outlive an API, and with it the address that AWS gives
    token_audience: str = "cartwright-api"  # noqa: S105 (a name)
    # Who mails are from; SES proves that the domain is ours. None: no mail is sent, so nobody can
    # make an account but by command.
    mail_from: str | None = None
    needs_mail_from: bool = False
    # Whether the stage proves the domain of `mail_from` itself. Only an emulator's has no owner.
    proves_mail_domain: bool = False
    # Where the pages are that links in mails lead to. None: `account` below the API.
    account_url: str | None = None
    psp_base_url: str = "https://api.stripe.com"
    api_custom_id: str | None = None  # a fixed API id, which only emulators can give

    # Who is told. A stage with alarms does not synthesize if nobody hears them.
    alarms: bool = True
    pages_to: tuple[str, ...] = ()  # e-mail addresses or https endpoints; alarm_addresses.py
    notices_to: tuple[str, ...] = ()  # empty: the same
    alarms_need_address: bool = True
    # Some metrics and events are of a whole account and region: one stage there watches them.
    watches_account: bool = False
    account_concurrency: int = 1000  # concurrent executions that the account allows

    job_every_minutes: int = 1  # how often recovery jobs, sweeper and auditor run

    # What the target can run.
    metrics_from_logs: bool = True  # what stands in log lines becomes metrics
    metric_math: bool = True  # an alarm may compute what it looks at
    firewall: bool = True  # WAFv2 web ACL and its association
    enforce_tls: bool = True  # refuse plain HTTP in resource policies
    bootstrapped: bool = True  # deploys by the roles that `cdk bootstrap` made
    # cdk-nag and CDK's validation of templates on every synth: half of the time that it takes.
    policy_checks: bool = True

    @property
    def prefix(self) -> str:
        """The first part of every physical name."""
        return f"cartwright-{self.name}"

    @property
    def regions(self) -> tuple[str, ...]:
        """All in which something of it is, its own one first."""
        return (self.region, *filter(None, [self.replica_region]))

    @property
    def assets_bucket(self) -> str:
        """Where assets go when the stage is not bootstrapped; must exist before a deploy."""
        return f"{self.prefix}-assets"

    def physical(self, *parts: str) -> str:
        """A physical name: `cartwright-<stage>-<part>-…`, always with hyphens."""
        return "-".join([self.prefix, *parts]).replace("_", "-")


def local(*, port: int, psp_port: int, linked_layers: bool = True) -> Stage:
    """The emulator on this machine. Functions run on the host's own interpreter and processor.

    An emulator that runs functions elsewhere (in a container) needs `linked_layers=False`.
    """
    return Stage(
        name="local",
        account="000000000000",
        region="us-east-1",
        assets="host",
        runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        linked_layers=linked_layers,
        streams_have_names=False,
        knows_encryption_contexts=False,
        mail_rights_have_names=False,
        mail_from="shop@cartwright.example",
        proves_mail_domain=True,
        architecture="arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64",
        log_retention_days=1,
        access_log_retention_days=1,
        erasure_grace_s=0,
        erasure_settle_s=1,
        erasure_pause_s=5,
        machine_log="ALL",
        function_log="INFO",
        stream_max_age_s=120,  # the one limit that the emulator knows: it ignores retry counts
        retain=False,
        deletion_protection=False,
        # The emulator starts a process per concurrent call: a burst that AWS would spread over
        # machines would here end in time-outs. Above this it gets honest 429s and 503s instead.
        pools=Pools(route=24, authorizer=32),
        throttle=Throttle(rate=2000, burst=4000),
        public_url=f"http://127.0.0.1:{port}/_aws/execute-api/cartwright/local",
        psp_base_url=f"http://127.0.0.1:{psp_port}",
        api_custom_id="cartwright",
        metrics_from_logs=False,
        metric_math=False,
        alarms_need_address=False,
        watches_account=True,  # which nobody shares
        firewall=False,
        enforce_tls=False,
        bootstrapped=False,
        policy_checks=False,
    )


LOCAL = local(port=4566, psp_port=5566)

DEV = Stage(
    name="dev",
    machine_log="ALL",
    function_log="INFO",
    region="eu-central-1",
    log_level="DEBUG",
    log_retention_days=14,
    access_log_retention_days=14,
    own_keys=False,
    retain=False,
    deletion_protection=False,
    # Nobody is woken up by it, and it stands idle most of the time.
    alarms=False,
    firewall=False,
    job_every_minutes=5,
    throttle=Throttle(rate=50, burst=100),
)

STAGING = Stage(
    name="staging",
    region="eu-central-1",
    retain=False,
    deletion_protection=False,
    pools=Pools(authorizer=20, steps=20, job=2, consumer=10, stream=48),
)

PROD = Stage(
    name="prod",
    region="eu-central-1",
    access_log_retention_days=400,
    watches_account=True,
    throttle=Throttle(rate=2000, burst=4000),
    needs_domain=True,
    needs_mail_from=True,
    pools=Pools(authorizer=100, steps=80, job=2, consumer=30, stream=96),
)

STAGES = {stage.name: stage for stage in (LOCAL, DEV, STAGING, PROD)}


def chosen(by_context: str | None, by_environment: str | None) -> str:
    """The name that was given. Nothing is deployed by default, and nothing in doubt."""
    given = {name for name in (by_context, by_environment) if name}
    if len(given) == 1:
        return given.pop()
    if given:
        raise SystemExit(f"-c stage={by_context} and STAGE={by_environment} differ: give one.")
    raise SystemExit("Name the stage: -c stage=dev.")


def stage_named(name: str, *, port: int, psp_port: int, linked_layers: bool = True) -> Stage:
    """The stage called `name`; the rest matters to the local one only."""
    if name not in STAGES:
        raise SystemExit(f"There is no stage '{name}'. Stages: {', '.join(STAGES)}.")
    if name != LOCAL.name:
        return STAGES[name]
    return local(port=port, psp_port=psp_port, linked_layers=linked_layers)


def in_account(stage: Stage, account: str) -> Stage:
    """The stage bound to an account."""
    return replace(stage, account=account)


def at_domain(stage: Stage, domain: Domain) -> Stage:
    """The stage, reached by a name of its own."""
    return replace(stage, domain=domain, public_url=f"https://{domain.name}")
