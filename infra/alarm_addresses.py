"""Who hears the alarms of a stage: e-mail addresses, and https endpoints as on-call services have
them. Which they are is nobody's business but the operators': infra/settings.py reads them."""

import re

from infra.stages import NO_ACCOUNT, Stage

_ADDRESS = re.compile(r"https://[^\s,/]+\.[^\s,]+|[^\s,@/:]+@[^\s,@/:]+\.[^\s,@/:]+")


def check_alarms_are_heard(stage: Stage) -> None:
    """Stop the synth of a stage whose alarms nobody would hear.

    One that is bound to no account can be looked at: it is deployed nowhere.
    """
    if stage.account == NO_ACCOUNT or not stage.alarms:
        return
    if stage.alarms_need_address and not stage.pages_to:
        raise SystemExit(
            f"The stage '{stage.name}' has alarms and nobody who hears them: give stages."
            f"{stage.name}.pages_to in cdk.context.json, a list of e-mail addresses and https "
            "endpoints, and notices_to for what can wait."
        )


def is_address(value: object) -> bool:
    """Whether alarms can be sent there."""
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def is_endpoint(address: str) -> bool:
    """Whether it is a URL, else an e-mail address."""
    return address.startswith("https://")
