"""What operators say of a stage, and the code cannot know: its account, its own names, and who
hears its alarms.

It stands in cdk.context.json, which `make bootstrap` begins and every command of the CDK reads:

    {"stages": {"prod": {"account": "111122223333", "domain": "api.example.com",
                         "certificate_arn": "arn:aws:acm:...", "hosted_zone_id": "Z...",
                         "mail_from": "shop@example.com", "account_url": "https://example.com/me",
                         "pages_to": ["oncall@example.com"], "notices_to": ["team@example.com"],
                         "replica_region": "eu-west-1"}}}

A stage of which nothing is said can be synthesized, and nowhere deployed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from infra.alarm_addresses import is_address
from infra.stages import NO_ACCOUNT, Domain, Stage, at_domain, in_account

FILE = "cdk.context.json"
KEY = "stages"
_LISTS = ("pages_to", "notices_to")
_DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
# What each other member must look like, and how that is said.
_FORMS: Mapping[str, tuple[str, str]] = {
    "account": (r"(?!0{12})\d{12}", "the 12 digits of an account"),
    "domain": (
        rf"(?=.{{4,253}}$){_DOMAIN}",
        "a name such as api.example.com, in small letters",
    ),
    "certificate_arn": (
        r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[A-Za-z0-9-]+",
        "the ARN of a certificate of ACM",
    ),
    "hosted_zone_id": (r"Z[A-Z0-9]{1,31}", "the id of a hosted zone of Route 53"),
    "mail_from": (
        rf"[a-z0-9._+-]{{1,64}}@{_DOMAIN}",
        "an address such as shop@example.com, in small letters",
    ),
    "account_url": (rf"https://{_DOMAIN}(/[A-Za-z0-9._~/-]*)?", "an https address"),
    "replica_region": (r"[a-z]{2}(-[a-z]+)+-\d", "a region such as eu-west-1"),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is said of one stage."""

    account: str
    domain: str | None = None
    certificate_arn: str | None = None
    hosted_zone_id: str | None = None
    pages_to: tuple[str, ...] = ()
    notices_to: tuple[str, ...] = ()  # empty: the same
    mail_from: str | None = None
    account_url: str | None = None
    replica_region: str | None = None


def settings_of(name: str, context: Mapping[str, Any]) -> Settings | None:
    """What the context says of the stage called `name`, None: nothing. Stops at what it cannot
    understand, with a sentence that names it."""
    said = context.get(KEY, {}).get(name)
    if said is None:
        return None
    known = [member.name for member in fields(Settings)]
    for member, value in said.items():
        if member not in known:
            raise SystemExit(
                f"{FILE}: stages.{name} has '{member}', which is none of {', '.join(known)}."
            )
        if words := _objection(member, value):
            raise SystemExit(f"{FILE}: stages.{name}.{member} must be {words}.")
    if "account" not in said:
        raise SystemExit(f"{FILE}: stages.{name} has no account.")
    lists = {member: tuple(dict.fromkeys(said[member])) for member in _LISTS if member in said}
    return Settings(**{**said, **lists})


def configured(stage: Stage, context: Mapping[str, Any]) -> Stage:
    """The stage with what is said of it. One of which nothing is said belongs to no account."""
    if stage.account is not None:
        return stage
    settings = settings_of(stage.name, context)
    if settings is None:
        return in_account(stage, NO_ACCOUNT)
    heard = replace(stage, pages_to=settings.pages_to, notices_to=settings.notices_to)
    domain = _domain(stage, settings)
    if stage.needs_mail_from and settings.mail_from is None:
        raise SystemExit(
            f"{FILE}: stages.{stage.name} must have mail_from: without mail nobody can prove an "
            "address, so nobody could make an account."
        )
    if settings.replica_region == stage.region:
        raise SystemExit(
            f"{FILE}: stages.{stage.name}.replica_region is {stage.region}, where the stage is."
        )
    bound = replace(
        in_account(heard, settings.account),
        replica_region=settings.replica_region,
        mail_from=settings.mail_from,
        account_url=settings.account_url and settings.account_url.rstrip("/"),
    )
    return bound if domain is None else at_domain(bound, domain)


def _objection(member: str, value: object) -> str:
    """What the member must be and is not."""
    if member in _LISTS:
        right = isinstance(value, list) and value != [] and all(map(is_address, value))
        return "" if right else "a list of e-mail addresses and https endpoints"
    form, words = _FORMS[member]
    return "" if isinstance(value, str) and re.fullmatch(form, value) else words


def _domain(stage: Stage, settings: Settings) -> Domain | None:
    here = f"{FILE}: stages.{stage.name}"
    if settings.domain is None or settings.certificate_arn is None:
        if settings.domain or settings.certificate_arn or settings.hosted_zone_id:
            raise SystemExit(f"{here} must have both domain and certificate_arn, or none of them.")
        if stage.needs_domain:
            raise SystemExit(
                f"{here} must have domain and certificate_arn beside its account: an address that "
                "AWS gives is lost with the API that has it."
            )
        return None
    region, account = settings.certificate_arn.split(":")[3:5]
    if (region, account) != (stage.region, settings.account):
        raise SystemExit(
            f"{here}.certificate_arn must be of {stage.region} and of the stage's account."
        )
    return Domain(
        name=settings.domain,
        certificate_arn=settings.certificate_arn,
        hosted_zone_id=settings.hosted_zone_id,
    )
