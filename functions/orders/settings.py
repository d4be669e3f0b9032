"""Settings of the functions that start the checkout machine."""

from shop.settings import Settings


class MachineSettings(Settings):
    """Which machine."""

    checkout_machine_arn: str


class PlacingSettings(MachineSettings):
    """And the key behind the ids of what requests make."""

    request_id_key_arn: str
