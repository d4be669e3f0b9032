"""Who hears the alarms of a stage: read from the context, since it is nobody's business but the
operators'.

`pages_to` and `notices_to` are e-mail addresses or https endpoints: a text with commas as `-c`
gives it, a list, or either by the stage's name, as cdk.context.json can keep them for all.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infra.stages import Stage

_ADDRESS = re.compile(r"https://[^\s,/]+\.[^\s,]+|[^\s,@/:]+@[^\s,@/:]+\.[^\s,@/:]+")


def with_alarm_addresses(stage: Stage, context: Mapping[str, Any]) -> Stage:
    """The stage with the addresses that the context gives."""
    pages, notices = (_of(stage, context, key) for key in ("pages_to", "notices_to"))
    return replace(stage, pages_to=pages or stage.pages_to, notices_to=notices or stage.notices_to)


def check_alarms_are_heard(stage: Stage) -> None:
    """Stop the synth of a stage whose alarms nobody would hear."""
    if stage.alarms and stage.alarms_need_address and not stage.pages_to:
        raise SystemExit(
            f"The stage '{stage.name}' has alarms and nobody who hears them: give `-c pages_to=` "
            "an e-mail address or an https endpoint, or several with commas, and `-c notices_to=` "
            'for what can wait. cdk.context.json can keep them: {"pages_to": {"prod": [...]}}.'
        )


def is_endpoint(address: str) -> bool:
    """Whether it is a URL, else an e-mail address."""
    return address.startswith("https://")


def _of(stage: Stage, context: Mapping[str, Any], key: str) -> tuple[str, ...]:
    given = context.get(key) or ()
    if isinstance(given, Mapping):
        given = given.get(stage.name) or ()
    if isinstance(given, str):
        given = [part for part in re.split(r"[\s,]+", given) if part]
    for address in given:
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise SystemExit(f"{key}: '{address}' is no e-mail address and no https endpoint.")
    return tuple(dict.fromkeys(given))
