"""Settings of the functions that start the checkout machine."""

from shop.settings import Settings


class MachineSettings(Settings):
    """Which machine."""

    checkout_machine_arn: str
