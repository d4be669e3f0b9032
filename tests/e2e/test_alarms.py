"""Every alarm that the emulator can have fires, and whoever hears its topic is told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from tests.e2e.platform import Platform
from tests.e2e.topics import subscribed
from tests.support.shop_client import eventually


@pytest.fixture
def cloudwatch(platform: Platform) -> Iterator[Any]:
    """CloudWatch; what was rung is over afterwards."""
    make: Any = boto3.client
    client = make("cloudwatch", endpoint_url=platform.endpoint_url, region_name=platform.region)
    yield client
    for alarm in described(client):
        client.set_alarm_state(
            AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="the test is over"
        )


def described(client: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix="cartwright-local-")
    return [alarm for page in pages for alarm in page["MetricAlarms"]]


def ring(client: Any, alarm: dict[str, Any]) -> None:
    """Its metric is above its limit, for as long as it looks."""
    now = datetime.now(UTC)
    client.put_metric_data(
        Namespace=alarm["Namespace"],
        MetricData=[
            {
                "MetricName": alarm["MetricName"],
                "Dimensions": alarm["Dimensions"],
                "Value": alarm["Threshold"] + 1,
                "Timestamp": now - timedelta(seconds=alarm["Period"] * n),
            }
            for n in range(alarm["EvaluationPeriods"] + 1)
        ],
    )


def rung(mail: list[str]) -> set[str]:
    """The alarms that messages are about."""
    return {
        message["AlarmName"]
        for message in map(json.loads, (text for text in mail if text.startswith("{")))
        if message["NewStateValue"] == "ALARM"
    }


def test_every_alarm_reaches_whoever_hears_its_topic(platform: Platform, cloudwatch: Any) -> None:
    with (
        subscribed(platform, "pages", name="oncall") as oncall,
        subscribed(platform, "notices", name="team") as team,
    ):
        wanted: dict[str, set[str]] = {"pages": set(), "notices": set()}
        for alarm in described(cloudwatch):
            (action,) = alarm["AlarmActions"]
            wanted[action.rpartition("-")[2]].add(alarm["AlarmName"])
            ring(cloudwatch, alarm)
        assert len(wanted["pages"]) >= 10
        assert len(wanted["notices"]) >= 10
        eventually(lambda: rung(oncall.read()), until=lambda found: found >= wanted["pages"])
        eventually(lambda: rung(team.read()), until=lambda found: found >= wanted["notices"])
        assert rung(oncall.read()) & wanted["notices"] == set()
        assert rung(team.read()) & wanted["pages"] == set()
