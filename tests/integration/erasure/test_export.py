"""A user gets all that is held of them, by a link that ends, and nobody else does."""

import io
import json
import os
import urllib.parse
import zipfile
from datetime import timedelta
from typing import Any

import boto3
import pytest
from pyotp import TOTP

from identity import deploy as identity
from identity.domain.user import Status
from identity.repository.exports import ExportRepository
from identity.repository.users import AccountRepository
from identity.service.export_user import part_keys
from identity.service.request_export import ExportPorts, request_export
from shop import clock, trace
from shop.problems import Problem
from tests.integration.erasure.conftest import EMAIL, Customer
from tests.support import dynamodb
from tests.support.checkout_scenario import ADDRESS, CheckoutScenario
from tests.support.machines import REGION


def objects() -> dict[str, bytes]:
    """All of the bucket."""
    client = boto3.client("s3", region_name=REGION)
    bucket = os.environ["BUCKET_EXPORTS"]
    listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        each["Key"]: client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        for each in listed
    }


def keep_parts(export_id: str) -> None:
    """As gathered, and not joined."""
    client = boto3.client("s3", region_name=REGION)
    for key in part_keys(export_id).values():
        client.put_object(Bucket=os.environ["BUCKET_EXPORTS"], Key=key, Body=b"{}")


def exported(customer: Customer) -> str:
    """Ask, and let it come to its end: the id."""
    answer = customer.ask_for_all()
    assert answer.status == 202, answer.text
    customer.shop.deliver()
    export_id: str = answer.json["export_id"]
    return export_id


def opened(export_id: str) -> dict[str, Any]:
    """What is in the archive, by file."""
    with zipfile.ZipFile(io.BytesIO(objects()[f"archives/{export_id}.zip"])) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def test_it_holds_what_every_service_knows_of_the_user(ada: Customer) -> None:
    ada.own("identity.add_address", "POST", "/users/me/addresses", body=ADDRESS)
    bought = ada.buy().json
    ada.shop.settle(minutes=2)
    export_id = exported(ada)
    files = opened(export_id)
    assert files["manifest.json"]["files"] == ["identity.json", "orders.json", "payments.json"]
    assert files["manifest.json"]["user_id"] == ada.user_id
    assert files["identity.json"]["profile"]["email"] == EMAIL
    assert files["identity.json"]["addresses"][0]["line1"] == ADDRESS["line1"]
    assert files["identity.json"]["sessions"][0]["device"] == "Phone of Ada"
    (order,) = files["orders.json"]["orders"]
    assert order["order_id"] == bought["order"]["order_id"]
    assert order["shipping_address"]["name"] == ADDRESS["name"]
    (payment,) = files["payments.json"]["payments"]
    assert payment["payment_id"] == bought["payment"]["payment_id"]


def test_it_names_second_factors_without_what_their_codes_are_made_of(ada: Customer) -> None:
    body = {"type": "totp", "label": "Watch of Ada"}
    begun = ada.own("identity.enrol_factor", "POST", "/mfa/factors", body=body).json
    path = f"/mfa/factors/{begun['factor_id']}/confirm"
    code = {"code": TOTP(begun["secret"]).at(clock.now())}
    one = {"factor_id": begun["factor_id"]}
    kept = ada.own("identity.confirm_factor", "POST", path, body=code, path_parameters=one)
    assert kept.status < 300, kept.text
    files = opened(exported(ada))
    (factor,) = files["identity.json"]["second_factors"]
    assert (factor["label"], factor["type"]) == ("Watch of Ada", "totp")
    held = [begun["secret"], *kept.json["recovery_codes"]]
    assert [each for each in held if each in json.dumps(files)] == []


def test_it_holds_nothing_by_which_somebody_could_act_as_the_user(ada: Customer) -> None:
    ada.buy()
    ada.shop.settle(minutes=2)
    text = json.dumps(opened(exported(ada)))
    held = ["pm_card_visa", "$argon2", ada.session["refresh_token"].rpartition(".")[2]]
    assert [each for each in held if each in text] == []


def test_only_the_archive_stays(ada: Customer) -> None:
    export_id = exported(ada)
    assert set(objects()) == {f"archives/{export_id}.zip"}


def test_nothing_personal_goes_through_the_execution(ada: Customer) -> None:
    exported(ada)
    said = [each.body for each in ada.shop.interceptor.requests if each.service == "lambda"]
    tasks = [each for each in said if str(each.get("step", "")).endswith("export")]
    assert tasks
    assert EMAIL not in json.dumps(tasks)


def test_its_owner_gets_a_link_of_a_quarter_of_an_hour(ada: Customer) -> None:
    asked = ada.ask_for_all().json
    assert (asked["status"], asked["link"]) == ("requested", None)
    assert ada.export(asked["export_id"]).json["link"] is None
    ada.shop.deliver()
    shown = ada.export(asked["export_id"]).json
    assert shown["status"] == "ready"
    link = urllib.parse.urlsplit(shown["link"])
    query = urllib.parse.parse_qs(link.query)
    assert link.path.endswith(f"archives/{asked['export_id']}.zip")
    assert query["X-Amz-Expires"] == ["900"]


def test_there_is_one_a_day(ada: Customer, shop: CheckoutScenario) -> None:
    first = exported(ada)
    assert ada.ask_for_all().json["export_id"] == first
    shop.pass_time(days=1)
    ada.sign_in()
    assert ada.ask_for_all().json["export_id"] != first


def test_nobody_sees_the_export_of_another(ada: Customer, shop: CheckoutScenario) -> None:
    export_id = exported(ada)
    eve = Customer(shop, "eve@example.com").join()
    assert eve.export(export_id).status == 404
    assert eve.ask_for_all().json["export_id"] != export_id


@pytest.mark.parametrize("password", [None, "not the password"])
def test_a_token_alone_exports_nothing(ada: Customer, password: str | None) -> None:
    ada.shop.pass_time(minutes=11)
    before = [row["sk"] for row in dynamodb.rows("identity")]
    assert ada.ask_for_all(password).status in {401, 422}
    after = [row["sk"] for row in dynamodb.rows("identity") if row["sk"] != "COUNT"]
    assert [each for each in before if each != "COUNT"] == after


def test_after_a_week_there_is_none(ada: Customer, shop: CheckoutScenario) -> None:
    export_id = exported(ada)
    shop.pass_time(days=7)
    assert ada.export(export_id).status == 404


def test_an_erasure_takes_exports_along(ada: Customer, shop: CheckoutScenario) -> None:
    export_id = exported(ada)
    assert ada.ask().status == 202
    shop.deliver()
    assert objects() == {}
    assert ada.export(export_id).status == 404


def test_an_erasure_takes_along_what_an_export_that_stopped_has_gathered(
    ada: Customer, shop: CheckoutScenario
) -> None:
    keep_parts(exported(ada))
    assert ada.ask().status == 202
    shop.deliver()
    assert objects() == {}


def test_its_row_is_there_for_longer_than_the_bucket_keeps_its_archive(
    ada: Customer, shop: CheckoutScenario
) -> None:
    """A bucket forgets at the end of a day, and later: an erasure finds by the row what is left."""
    asked = ada.ask_for_all().json
    shop.pass_time(days=2)
    shop.deliver()
    made = clock.now()
    (row,) = [each for each in dynamodb.rows("identity") if each["sk"].startswith("EXPORT#")]
    assert row["sk"] == f"EXPORT#{asked['export_id']}"
    (bucket,) = identity.SERVICE.buckets
    gone = made + timedelta(days=bucket.days + 2)
    assert int(row["expires_at"]) > gone.timestamp()


def test_who_is_being_erased_gets_no_export_whoever_asks(ada: Customer) -> None:
    dynamodb.change("identity", f"USER#{ada.user_id}", "USER", status=Status.ERASING.value)
    assert ada.ask_for_all().status == 404
    user = AccountRepository().get(ada.user_id)
    assert user is not None
    by = ExportPorts(AccountRepository(), ExportRepository(), REGION)
    asked = request_export(user, by, now=clock.now(), trace=trace.from_header(None))
    assert isinstance(asked, Problem)
    rows = [row for row in dynamodb.rows("identity") if row["sk"].startswith("EXPORT#")]
    assert rows == []


def test_an_export_that_was_asked_for_before_leaves_nothing_of_who_is_being_erased(
    ada: Customer, shop: CheckoutScenario
) -> None:
    assert ada.ask_for_all().status == 202
    dynamodb.change("identity", f"USER#{ada.user_id}", "USER", status=Status.ERASING.value)
    shop.deliver()
    assert shop.export.failures == []
    assert objects() == {}
    assert shop.events("user.export_ready") == []


def test_parts_of_who_is_being_erased_are_joined_to_no_archive(ada: Customer) -> None:
    """The erasure began after they were gathered."""
    export_id = ada.ask_for_all().json["export_id"]
    keep_parts(export_id)
    dynamodb.change("identity", f"USER#{ada.user_id}", "USER", status=Status.ERASING.value)
    task = {"step": "assemble_export", "export_id": export_id, "user_id": ada.user_id}
    traced = {"trace": trace.from_header(None).to_dict()}
    done = ada.shop.interceptor.call("identity.steps", task | traced)
    assert done == {"outcome": "erased"}
    assert objects() == {}
    assert ada.shop.events("user.export_ready") == []


def test_a_second_execution_changes_nothing(ada: Customer, shop: CheckoutScenario) -> None:
    export_id = exported(ada)
    (wanted,) = shop.events("user.export_requested")
    before = objects()
    shop.hand_over(wanted)
    shop.deliver()
    assert objects() == before
    assert ada.export(export_id).json["status"] == "ready"
