"""Settings of the functions that start the checkout machine, or know what is personal."""

from shop.settings import Settings


class MachineSettings(Settings):
    """Which machine."""

    checkout_machine_arn: str


class PersonalSettings(Settings):
    """Which KMS key wraps the keys of users."""

    wrapping_key_arn: str


class RecoverySettings(MachineSettings, PersonalSettings):
    """Both."""


class PlacingSettings(RecoverySettings):
    """And the key behind the ids of what requests make."""

    request_id_key_arn: str
