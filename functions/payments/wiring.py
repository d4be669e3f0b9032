"""The composition root of the steps: the table, the provider, the clock."""

import functools

from payments.clients.secret import SecretReader
from payments.clients.stripe import StripePsp
from payments.repository.payments import PaymentRepository
from payments.service.ports import PersonalData, Psp
from payments.service.process_payment import PaymentProcessor
from payments.settings import STRIPE_API_BASE, PersonalSettings, PspSettings
from shop import clock, invocation
from shop.trace import Trace

# The machine gives a payment step 9 s: enough is left to store what was seen.
PSP_BUDGET_S = 7.5
STORE_S = 1.5

payments = PaymentRepository()


@functools.cache
def provider() -> StripePsp:
    """The provider of this process: one connection pool."""
    settings = PspSettings.load()
    return StripePsp(
        SecretReader(settings.psp_secret_arn),
        api_base=settings.stripe_api_base,
        redirects=settings.stripe_api_base == STRIPE_API_BASE,
    )


def open_psp() -> Psp:
    """The provider with a fresh time budget; tests put a simulator here."""
    return provider().within(min(PSP_BUDGET_S, invocation.remaining_s() - STORE_S))


@functools.cache
def personal() -> PersonalData:
    """The keys of customers, for the steps: only they have the layer that opens with them."""
    from shop import personal_data
    from shop.user_keys import UserKeys

    return personal_data.PersonalData(
        "payments", UserKeys(PersonalSettings.load().wrapping_key_arn)
    )


def payment_processor(trace: Trace) -> PaymentProcessor:
    """The use cases for one task."""
    return PaymentProcessor(payments, open_psp(), personal(), clock.now(), trace)
