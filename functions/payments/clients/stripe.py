"""Stripe behind the port: endpoint glue. What its answers mean stands in `stripe_words`.

Only the functions that call the provider import this: the SDK is 16 MB. It never retries by itself;
a read and the creation of an unconfirmed intent are repeated here once, everything that moves money
is repeated by the use case, after a look.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import stripe
from stripe import RequestsClient, StripeClient

from payments.clients import stripe_mapping as words
from payments.clients.secret import PspSecret
from payments.domain.payment import Payment, ProviderPayment, ProviderRejection
from payments.service.ports import PspConfigurationError, PspInvalidState, PspUnavailable
from shop.money import Money
from shop.payer_details import PayerDetails
from shop.retry import backoff

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 8.0
_MIN_LEFT_S = 0.2
A = TypeVar("A")


class Secret(Protocol):
    """The key, read when it is needed."""

    def __call__(self) -> PspSecret:
        """Read it, or what is cached of it."""

    def forget(self) -> None:
        """Read it anew next time."""


class _Http(RequestsClient):
    """Gives each request no more time than the step has left."""

    deadline = float("inf")

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_sdk: Any,
    ) -> Any:
        left = self.deadline - time.monotonic()
        if left < _MIN_LEFT_S:
            raise stripe.APIConnectionError("no time left")  # type: ignore[no-untyped-call]
        connect = min(CONNECT_TIMEOUT_S, left / 2)
        self._timeout = (connect, min(READ_TIMEOUT_S, left - connect))
        return super().request(method, url, headers, post_data)


class StripePsp:
    """`payments.service.ports.Psp` by PaymentIntents: cards, confirmed and captured by us."""

    name = "stripe"

    def __init__(self, secret: Secret, *, api_base: str, redirects: bool = True) -> None:
        self._secret = secret
        self._api_base = api_base
        self._redirects = redirects  # The local simulator takes no return_url.
        self._http = _Http()
        self._client: tuple[str, StripeClient] | None = None

    def within(self, seconds: float) -> "StripePsp":
        """Give all calls from now on this much time together."""
        self._http.deadline = time.monotonic() + seconds
        return self

    def close(self) -> None:
        """Close the connections."""
        self._http.close()  # type: ignore[no-untyped-call]

    def create(
        self, payment: Payment, payer: PayerDetails, amount: Money, *, key: str
    ) -> ProviderPayment | ProviderRejection:
        """An unconfirmed PaymentIntent: it holds nothing until it is confirmed."""
        try:
            minor_units = words.to_stripe(amount)
        except ValueError:
            return ProviderRejection("amount_not_supported", of_method=False)
        if not words.METHOD.fullmatch(payer.payment_method):
            return ProviderRejection("resource_missing", of_method=True)  # as it would say itself
        method = self._secret().payment_methods.get(payer.payment_method, payer.payment_method)
        params = {
            "amount": minor_units,
            "currency": amount.currency.lower(),
            "capture_method": "manual",
            "payment_method": method,
            "payment_method_types": ["card"],
            "metadata": {
                "reference": key,
                "payment": payment.payment_id,
                "order": payment.order_id,
            },
        }
        try:
            return self._read_or_create(
                lambda client: client.v1.payment_intents.create(params, _options(key))  # type: ignore[arg-type]
            )
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            of_method = isinstance(error, stripe.CardError) or words.is_about_method(error)
            return ProviderRejection(words.code_of(error), of_method=of_method)

    def confirm(self, payment: Payment, *, return_url: str | None, key: str) -> ProviderPayment:
        """Hold the money, or say what stands in the way."""
        reference = payment.psp_reference or ""
        params = {}
        if return_url and self._redirects:
            params["return_url"] = return_url
        try:
            return self._call(
                lambda client: client.v1.payment_intents.confirm(
                    reference,
                    params,  # type: ignore[arg-type]
                    _options(key),
                )
            )
        except stripe.CardError as error:
            return words.declined(reference, payment.total, error)
        except stripe.InvalidRequestError as error:
            raise PspInvalidState(words.code_of(error)) from None

    def retrieve(self, reference: str) -> ProviderPayment:
        """What Stripe's books say."""
        try:
            return self._read_or_create(
                lambda client: client.v1.payment_intents.retrieve(reference)
            )
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            raise PspConfigurationError(words.code_of(error)) from None

    def capture(self, reference: str, *, key: str) -> ProviderPayment:
        """Take all that is held."""
        return self._or_refused(
            lambda client: client.v1.payment_intents.capture(reference, {}, _options(key))
        )

    def cancel(self, reference: str, *, key: str) -> ProviderPayment:
        """Release what is held; a cancelled intent can never be confirmed again."""
        return self._or_refused(
            lambda client: client.v1.payment_intents.cancel(reference, {}, _options(key))
        )

    def refund(self, reference: str, *, key: str) -> None:
        """Of everything that was captured: one refund, since Stripe gives nothing back twice."""
        params: Any = {"payment_intent": reference, "metadata": {"reference": key}}
        try:
            made = self._asked(lambda client: client.v1.refunds.create(params, _options(key)))
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            if words.code_of(error) == words.REFUNDED_BEFORE:
                return
            raise PspInvalidState(words.code_of(error)) from None
        if made.status not in words.REFUNDED:
            raise PspInvalidState(f"refund_{made.status}")

    def _or_refused(self, call: Callable[[StripeClient], stripe.PaymentIntent]) -> ProviderPayment:
        try:
            return self._call(call)
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            raise PspInvalidState(words.code_of(error)) from None

    def _read_or_create(
        self, call: Callable[[StripeClient], stripe.PaymentIntent]
    ) -> ProviderPayment:
        """Repeat once: it moves no money, and a second unconfirmed intent is never confirmed."""
        try:
            return self._call(call)
        except PspUnavailable:
            time.sleep(backoff(0, base_s=0.25, cap_s=0.25))
            return self._call(call)

    def _call(self, call: Callable[[StripeClient], stripe.PaymentIntent]) -> ProviderPayment:
        return words.seen(self._asked(call).to_dict())

    def _asked(self, call: Callable[[StripeClient], A]) -> A:
        try:
            return call(self._connected())
        except stripe.AuthenticationError as error:
            self._secret.forget()  # It may have been rotated: the machine tries again.
            raise PspConfigurationError(words.code_of(error)) from None
        except stripe.PermissionError as error:
            raise PspConfigurationError(words.code_of(error)) from None
        except (stripe.CardError, stripe.InvalidRequestError):
            raise  # The caller knows what a definite refusal of its call means.
        except stripe.StripeError as error:
            # No connection, a time-out, 409, 429, 5xx, a reused key: it may or may not have acted.
            # Their text may quote the request, so it is left behind.
            raise PspUnavailable(type(error).__name__) from None

    def _connected(self) -> StripeClient:
        key = self._secret().api_key
        if self._client is None or self._client[0] != key:
            client = StripeClient(
                key,
                base_addresses={"api": self._api_base},
                http_client=self._http,
                max_network_retries=0,
            )
            self._client = (key, client)
        return self._client[1]


def _options(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}
