"""Whenever schedules run: keep the keys that sign tokens. Nearly always that is one GetItem."""

from identity.clients.key_maker import KmsKeyMaker
from identity.repository.token_keys import TokenKeyRepository
from identity.service import rotate_token_keys
from identity.service.rotate_token_keys import RotationPorts
from identity.settings import RotationSettings, at_cold_start
from shop.jobs import Run, schedule


@at_cold_start
def ports() -> RotationPorts:
    """The composition root of this function."""
    settings = RotationSettings.load()
    return RotationPorts(
        TokenKeyRepository(settings.table_identity),
        KmsKeyMaker(settings.token_keys_purpose),
        settings.token_key_arn,
        tuple(settings.token_keys_replicas.split()),
    )


def keep(run: Run) -> dict[str, int]:
    """At most one step; the next run takes the next one."""
    return {rotate_token_keys.keep(ports(), now=run.now): 1}


handler = schedule("identity.rotate_token_keys", keep)
