"""The provider's key comes from Secrets Manager; only the steps load the provider's SDK."""

import json
import subprocess
import sys

import boto3
import pytest

from payments import wiring
from payments.clients.secret import CACHE_S, SecretReader

pytestmark = pytest.mark.usefixtures("moto_aws")


def stored(value: dict[str, object]) -> str:
    client = boto3.client("secretsmanager", region_name="us-east-1")
    made = client.create_secret(Name="psp", SecretString=json.dumps(value))
    return str(made["ARN"])


def test_the_secret_is_cached_until_it_is_old_or_forgotten() -> None:
    now = [0.0]
    arn = stored({"api_key": "sk_1", "payment_methods": {"pm_card_visa": "pm_1"}})
    secret = SecretReader(arn, clock=lambda: now[0])
    assert (secret().api_key, secret().payment_methods) == ("sk_1", {"pm_card_visa": "pm_1"})
    client = boto3.client("secretsmanager", region_name="us-east-1")
    client.put_secret_value(SecretId=arn, SecretString='{"api_key":"sk_2"}')

    assert secret().api_key == "sk_1"
    now[0] = CACHE_S + 1
    assert secret().api_key == "sk_2"
    client.put_secret_value(SecretId=arn, SecretString='{"api_key":"sk_3"}')
    secret.forget()
    assert secret().api_key == "sk_3"
    assert "sk_3" not in repr(secret())


def test_the_steps_build_their_provider_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PSP_SECRET_ARN", stored({"api_key": "sk_test_1"}))
    wiring.provider.cache_clear()
    psp = wiring.open_psp()
    assert psp is wiring.provider()
    assert psp.name == "stripe"
    wiring.provider.cache_clear()


def test_no_webhook_is_believed_before_its_secret_is_known() -> None:
    assert SecretReader(stored({"api_key": "sk_1"}))().webhook_secrets == ()


def test_two_webhook_secrets_are_known_while_one_is_rolled() -> None:
    secret = SecretReader(stored({"api_key": "sk_1", "webhook_secrets": ["whsec_1", "whsec_2"]}))()
    assert secret.webhook_secrets == ("whsec_1", "whsec_2")
    assert "whsec" not in repr(secret)


def test_only_the_steps_and_the_webhook_load_the_providers_sdk() -> None:
    code = (
        "import sys, tests.conftest; "
        "import payments.api.create_payment, payments.api.get_payment; "
        "import payments.api.confirm_payment, payments.schedules.recover_payments; "
        "assert 'stripe' not in sys.modules; "
        "import payments.steps; assert 'stripe' in sys.modules"
    )
    path = ":".join(entry for entry in sys.path if entry)
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr.decode()[-2000:]
