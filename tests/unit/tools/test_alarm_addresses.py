"""Nobody deploys alarms that nobody hears."""

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from infra.alarm_addresses import check_alarms_are_heard, is_endpoint
from infra.project import ROOT
from infra.settings import Settings, configured
from infra.stages import DEV, LOCAL, STAGING, Stage

ACCOUNT = "111122223333"
ONCALL, TEAM = "oncall@example.com", "https://events.example.com/hook?key=1"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


def said(**members: Any) -> Stage:
    return configured(STAGING, {"stages": {"staging": {"account": ACCOUNT, **members}}})


def test_a_stage_with_alarms_stops_with_a_sentence_where_nobody_hears_them() -> None:
    with pytest.raises(SystemExit, match="'staging' has alarms and nobody who hears"):
        check_alarms_are_heard(said(notices_to=[TEAM]))
    check_alarms_are_heard(said(pages_to=[ONCALL]))


def test_a_stage_without_alarms_and_an_emulator_need_nobody() -> None:
    check_alarms_are_heard(configured(DEV, {"stages": {"dev": {"account": ACCOUNT}}}))
    check_alarms_are_heard(LOCAL)


def test_what_is_deployed_nowhere_can_be_looked_at() -> None:
    check_alarms_are_heard(configured(STAGING, {}))


def test_addresses_stand_with_all_else_that_is_said_of_a_stage() -> None:
    found = said(pages_to=[ONCALL, TEAM, ONCALL], notices_to=[TEAM])
    assert (found.pages_to, found.notices_to) == ((ONCALL, TEAM), (TEAM,))
    assert [is_endpoint(address) for address in found.pages_to] == [False, True]
    assert said().pages_to == ()


@pytest.mark.parametrize(
    "given",
    [
        *([each] for each in ("oncall", "http://example.com/hook", "a@b", "a@b@example.com")),
        *([each] for each in ("https://", 7, "@x.de", f"{ONCALL},{TEAM}")),
        ONCALL,
        {"staging": [ONCALL]},
        [],
    ],
)
@pytest.mark.parametrize("member", ["pages_to", "notices_to"])
def test_what_is_no_list_of_addresses_is_refused(member: str, given: Any) -> None:
    with pytest.raises(SystemExit, match=rf"staging\.{member} must be a list of e-mail addresses"):
        said(**{member: given})


def test_the_runbook_shows_the_one_form_that_there_is() -> None:
    shown = re.findall(r"```json\n(.*?)```", RUNBOOK, re.DOTALL)
    (whole,) = [json.loads(text) for text in shown if "stages" in text]
    assert whole.keys() == {"stages"}
    members = whole["stages"]["prod"]
    assert members.keys() <= {member.name for member in fields(Settings)}
    assert said(pages_to=members["pages_to"]).pages_to == (ONCALL,)
    assert "-c pages_to" not in RUNBOOK


def test_the_app_stops_before_it_makes_anything(tmp_path: Path) -> None:
    """As `cdk deploy` runs it."""
    context = {"stage": "staging", "stages": {"staging": {"account": ACCOUNT}}}
    environment = {
        **{name: value for name, value in os.environ.items() if name != "STAGE"},
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "layers/shop/python"))),
    }
    command = [sys.executable, "app.py"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The stage 'staging' has alarms and nobody who hears them")
    assert list(tmp_path.iterdir()) == []
