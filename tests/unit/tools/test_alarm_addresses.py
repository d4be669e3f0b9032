"""Nobody deploys alarms that nobody hears."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.alarm_addresses import check_alarms_are_heard, is_endpoint, with_alarm_addresses
from infra.project import ROOT
from infra.stages import DEV, LOCAL, PROD, STAGING

ONCALL, TEAM = "oncall@example.com", "https://events.example.com/hook?key=1"


@pytest.mark.parametrize("stage", [PROD, STAGING])
def test_a_stage_with_alarms_stops_with_a_sentence_where_nobody_hears_them(stage: Any) -> None:
    with pytest.raises(SystemExit, match=f"'{stage.name}' has alarms and nobody who hears"):
        check_alarms_are_heard(with_alarm_addresses(stage, {"notices_to": TEAM}))
    check_alarms_are_heard(with_alarm_addresses(stage, {"pages_to": ONCALL}))


def test_a_stage_without_alarms_and_an_emulator_need_nobody() -> None:
    check_alarms_are_heard(DEV)
    check_alarms_are_heard(LOCAL)


@pytest.mark.parametrize(
    "given",
    [
        f"{ONCALL},{TEAM}",
        f" {ONCALL}, {TEAM} ",
        [ONCALL, TEAM],
        {"prod": [ONCALL, TEAM], "staging": "else@example.com"},
        {"prod": f"{ONCALL},{TEAM},{ONCALL}"},
    ],
)
def test_addresses_are_a_text_a_list_or_either_by_stage(given: Any) -> None:
    found = with_alarm_addresses(PROD, {"pages_to": given, "notices_to": TEAM})
    assert (found.pages_to, found.notices_to) == ((ONCALL, TEAM), (TEAM,))
    assert [is_endpoint(address) for address in found.pages_to] == [False, True]


@pytest.mark.parametrize(
    "address",
    ["oncall", "http://example.com/hook", "a@b", "a@b@example.com", "https://", 7, "@x.de"],
)
def test_what_is_no_address_is_refused(address: Any) -> None:
    with pytest.raises(SystemExit, match="is no e-mail address and no https endpoint"):
        with_alarm_addresses(PROD, {"pages_to": [address]})


def test_an_address_of_another_stage_is_none() -> None:
    found = with_alarm_addresses(PROD, {"pages_to": {"staging": ONCALL}})
    assert found.pages_to == ()


def test_the_app_stops_before_it_makes_anything(tmp_path: Path) -> None:
    """As `cdk deploy` runs it."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "STAGE"},
        "CDK_CONTEXT_JSON": json.dumps({"stage": "prod"}),
        "CDK_OUTDIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "layers/shop/python"))),
    }
    command = [sys.executable, "app.py"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The stage 'prod' has alarms and nobody who hears them")
    assert list(tmp_path.iterdir()) == []
