"""Settings of the functions of this service, by what they do."""

from shop.settings import Settings

STRIPE_API_BASE = "https://api.stripe.com"


class RequestSettings(Settings):
    """Routes and the recovery job: they start the checkout machine."""

    checkout_machine_arn: str


class PersonalSettings(Settings):
    """Which KMS key wraps the keys of users."""

    wrapping_key_arn: str


class CreatingSettings(RequestSettings, PersonalSettings):
    """And the key behind the ids of what requests make."""

    request_id_key_arn: str


class PspSettings(Settings):
    """Steps and the webhook: they talk to the provider, or hear from it."""

    psp_secret_arn: str
    stripe_api_base: str = STRIPE_API_BASE
