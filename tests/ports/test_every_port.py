"""Each port of a service has a suite here, or a reason why its fake need not be compared."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from shop.deploy import discover

ROOT = Path(__file__).parents[2]
# Not kept in a table, or without a fake: these are compared, if at all, where their names say.
ELSEWHERE = {
    "catalog.Catalogue": "tests/integration/catalog/test_import_products.py",
    "catalog.Prices": "has no fake",
    "identity.Challenges": "has no fake: tests/integration/identity/test_second_factors.py",
    "identity.ClientTokenIssuer": "has no fake",
    "identity.EmailHasher": "KMS, in tests/integration/identity",
    "identity.Archives": "S3, in tests/integration/erasure",
    "identity.ExportMachine": "Step Functions, in tests/integration/erasure",
    "identity.Exports": "has no fake: tests/integration/erasure",
    "identity.ErasureMachine": "Step Functions, in tests/integration/erasure",
    "identity.Erasures": "has no fake: tests/integration/erasure",
    "identity.KeyMaker": "has no fake: tests/integration/identity/test_token_keys.py",
    "identity.Factors": "has no fake: tests/integration/identity/test_second_factors.py",
    "identity.FormSigner": "KMS, in tests/integration/identity",
    "identity.MailedSecrets": "KMS, in tests/integration/identity",
    "identity.Mailer": "SES, in tests/integration/identity",
    "identity.NetworkHasher": "KMS, in tests/integration/identity",
    "identity.PasswordHash": "argon2, in tests/unit/identity/test_passwords.py",
    "identity.Passwords": "argon2, in tests/unit/identity/test_passwords.py",
    "identity.Signer": "KMS, in tests/integration/identity",
    "identity.SigningKey": "KMS, in tests/integration/identity",
    "identity.SessionStatuses": "has no fake: tests/ports/test_sessions.py",
    "identity.TokenKeys": "has no fake: tests/integration/identity/test_token_keys.py",
    "identity.Tokens": "has no fake",
    "identity.UserKeys": "has no fake: tests/integration/test_user_keys.py",
    "operations.RelatedRows": "tests/integration/operations, over rows of all services",
    "operations.AuditStore": "tests/integration/operations/test_check_invariants.py",
    "operations.Bus": "tests/integration/operations/test_relay.py",
    "operations.DeadLetters": "tests/integration/operations/test_relay.py",
    "identity.Person": "has no fake: tests/property/test_personal_data.py",
    "identity.PersonalData": "KMS, in tests/integration/test_user_keys.py",
    "orders.Parts": "S3, in tests/integration/erasure",
    "orders.StoredOrdersOfCustomer": "has no fake: tests/integration/erasure",
    "payments.Parts": "S3, in tests/integration/erasure",
    "orders.OrdersOfCustomer": "has no fake: tests/integration/erasure",
    "payments.PaymentsOfCustomer": "has no fake: tests/integration/erasure",
    "orders.Person": "has no fake: tests/property/test_personal_data.py",
    "orders.PersonalData": "KMS, in tests/integration/test_user_keys.py",
    "payments.Person": "has no fake: tests/property/test_personal_data.py",
    "payments.PersonalData": "KMS, in tests/integration/test_user_keys.py",
    "payments.Psp": "tests/contract/stripe",
    "payments.Webhooks": "tests/unit/payments/test_stripe_webhooks.py",
}


def _named(port: type) -> str:
    """By its service, in whatever module it stands."""
    return f"{port.__module__.partition('.')[0]}.{port.__qualname__}"


def _ports() -> Iterator[str]:
    """Protocols of the use cases of all services."""
    for service in discover().services:
        folder = ROOT / "functions" / service
        files = [folder / "service.py"] if (folder / "service.py").exists() else []
        for file in [*files, *sorted((folder / "service").glob("*.py"))]:
            name = ".".join(file.relative_to(folder.parent).with_suffix("").parts)
            module = importlib.import_module(name.removesuffix(".__init__"))
            for value in vars(module).values():
                own = inspect.isclass(value) and value.__module__ == module.__name__
                if own and getattr(value, "_is_protocol", False):
                    yield _named(value)


def _with_a_suite() -> Iterator[str]:
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.ports.{file.stem}")
        ports = getattr(module, "PORTS", ()) or (getattr(module, "PORT", None),)
        yield from (_named(port) for port in ports if port is not None)


def test_every_port_has_a_suite_or_a_reason() -> None:
    ports, suites = set(_ports()), set(_with_a_suite())
    assert suites | ELSEWHERE.keys() == ports
    assert not suites & ELSEWHERE.keys()
