"""Each function has the rights that it needs and no others: used and granted are compared.

Used is what the journeys of tests/faults record, what AWS does in a function's name
(implied.py), and what unreached.toml lists with a reason. Granted is what the templates say.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra import implied, usage
from tests.support.iam import RESOURCES, Use
from tools.access.policies import Policies, RoutePermission

# On the local stage they stand on everything: infra/stages.py, streams_have_names.
NAMELESS = {f"dynamodb:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator")}
LISTED = Path(__file__).with_name("unreached.toml")


@pytest.fixture(scope="session")
def recorded() -> dict[Use, str]:
    """Uses, and the journey that each was first seen in."""
    return usage.recorded()


@pytest.fixture(scope="session")
def listed() -> dict[Use, str]:
    """Rights that no journey uses, and why they are granted."""
    found = {}
    for entry in tomllib.loads(LISTED.read_text()).get("right", []):
        for action in entry["actions"]:
            use = Use(entry["function"], action, entry["resource"])
            assert use not in found, f"listed twice: {use}"
            found[use] = entry["reason"]
    return found


@pytest.fixture
def granted(policies: Policies) -> dict[Use, str]:
    """Rights of functions, and where they stand."""
    functions = {
        policies.names.function(made.stack, {"Ref": made.id})
        for made in policies.assembly.all("AWS::Lambda::Function")
    }
    return {
        Use(grant.who, grant.action, resource): grant.where
        for grant in policies.of_roles
        if grant.who in functions and grant.allows
        for resource in _resources(grant, policies)
    }


def _resources(grant: RoutePermission, policies: Policies) -> list[str]:
    """The one that it names; the streams of its function, where streams have no names."""
    if grant.on == "*" and grant.action == "ses:SendEmail":  # mail_rights_have_names
        return ["mail"]
    if grant.on != "*" or grant.action not in NAMELESS:
        return [policies.names.short(grant.on)]
    return [
        f"stream/{variable.removeprefix('STREAM_').lower()}"
        for made in policies.assembly.all("AWS::Lambda::Function")
        if policies.names.function(made.stack, {"Ref": made.id}) == grant.who
        for variable in made.properties["Environment"]["Variables"]
        if variable.startswith("STREAM_")
    ]


@pytest.fixture
def needed(recorded: dict[Use, str], listed: dict[Use, str], policies: Policies) -> dict[Use, str]:
    """Everything that a function needs, and what shows it."""
    found = dict.fromkeys(listed, f"listed in {LISTED.name}")
    found |= {use: f"used in the journey {journey}" for use, journey in recorded.items()}
    for use in implied.by_use(list(found), policies):
        found.setdefault(use, "by the key of what it uses")
    for use in implied.by_the_platform(policies):
        found.setdefault(use, "by what AWS does for the function")
    return found


def lines(uses: Mapping[Use, Any]) -> list[str]:
    return [
        f"{use.function}: {use.action} on {use.resource} ({where})"
        for use, where in sorted(uses.items())
    ]


def test_every_right_of_a_function_is_used(granted: dict[Use, str], needed: dict[Use, str]) -> None:
    unused = {use: where for use, where in granted.items() if use not in needed}
    assert not unused, "granted, and used in no journey:\n" + "\n".join(lines(unused))


def test_every_use_of_a_function_is_granted(
    granted: dict[Use, str], needed: dict[Use, str]
) -> None:
    refused = {use: why for use, why in needed.items() if use not in granted}
    assert not refused, "needed, and not granted:\n" + "\n".join(lines(refused))


def test_what_is_listed_as_unreached_is_reached_by_no_journey(
    recorded: dict[Use, str], listed: dict[Use, str]
) -> None:
    reached = {use: journey for use, journey in recorded.items() if use in listed}
    assert not reached, f"take these out of {LISTED.name}:\n" + "\n".join(lines(reached))


def test_each_listed_right_has_a_reason(listed: dict[Use, str]) -> None:
    assert [use for use, reason in listed.items() if len(reason) < 20] == []


def test_a_function_finds_by_its_variables_what_it_may_use(policies: Policies) -> None:
    """So that names in recordings and names in templates are of the same things."""
    names = policies.names
    urls = {
        names.reference(queue.stack, queue.id): names.short(names.of(queue))
        for queue in policies.assembly.all("AWS::SQS::Queue")
    }
    buses = {
        names.reference(bus.stack, bus.id): names.short(names.of(bus))
        for bus in policies.assembly.all("AWS::Events::EventBus")
    }
    seen: dict[str, set[str]] = {}
    for made in policies.assembly.all("AWS::Lambda::Function"):
        for variable, value in made.properties["Environment"]["Variables"].items():
            if variable in RESOURCES:
                found = names.arn(made.stack, value)
                name = urls.get(found) or buses.get(found) or names.short(found)
                if variable == "MAIL_FROM":  # Of whose domain the right is.
                    domain, name = str(value).rpartition("@")[2], "mail"
                    on = {g.on for g in policies.of_roles if g.action == "ses:SendEmail"}
                    assert {each for each in on if not each.endswith(f":identity/{domain}")} <= {
                        "*"
                    }
                seen.setdefault(variable, set()).add(name)
    assert seen == {variable: {name} for variable, name in RESOURCES.items()}
