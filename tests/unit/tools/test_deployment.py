"""A deployment, run as `make` runs it, with a CDK that only says what it was asked."""

from pathlib import Path

import pytest

from infra.stages import PROD, STAGING
from tests.support.deployments import FOREIGN, MINE, FakeAccount, asked, said
from tools.deployment import __main__ as command
from tools.deployment.binding import bind
from tools.deployment.errors import Refused


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["deploy", "--stage", ""], "Name the stage"),
        (["deploy", "--stage", "local"], "There is no stage 'local' in AWS"),
        (["deploy", "--stage", "production"], "There is no stage 'production'"),
        (["deploy", "--stage", "prod"], "make bootstrap STAGE=prod ACCOUNT="),
        (["bootstrap", "--stage", "prod", "--account", ""], "12 digits"),
        (["bootstrap", "--stage", "prod", "--account", "000000000000"], "12 digits"),
        (["bootstrap", "--stage", "staging", "--account", MINE], f"bound to the account {FOREIGN}"),
        (["discard", "--stage", "prod", "--stack", "orders"], "make bootstrap STAGE=prod"),
        (["destroy", "--stage", "prod"], "is protected"),
    ],
)
def test_what_is_in_doubt_is_refused_before_anything_runs(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    bind(STAGING, FOREIGN, root)
    before = said(root)
    assert command.main(arguments, root=root) == 1
    assert sentence in capsys.readouterr().err
    assert asked(root) == []
    assert said(root) == before


def test_what_is_deployed_is_what_was_looked_at(root: Path) -> None:
    bind(PROD, MINE, root)
    flags = ["--require-approval", "never"]
    account = FakeAccount()
    command.deploy("prod", flags, root=root, account=account)
    assert account.sounded == ["cartwright-prod-"], "what a destroy that was cut short has muted"
    synth, deploy = asked(root)
    assert synth[:4] == ["synth", "--quiet", "-c", "stage=prod"]
    output = root / "cdk.out" / "prod"
    assert f"--output={output}" in synth
    assert deploy[:3] == ["deploy", "--all", f"--app={output}"]
    assert deploy[-2:] == flags


def test_nothing_is_deployed_where_something_stands_against_it(root: Path) -> None:
    bind(PROD, MINE, root)
    with pytest.raises(Refused, match=f"credentials are of {FOREIGN}; .* bound to {MINE}"):
        command.deploy("prod", [], root=root, account=FakeAccount(account=FOREIGN))
    assert [line[0] for line in asked(root)] == ["synth"]


def test_nothing_is_deployed_that_does_not_synthesize(root: Path) -> None:
    bind(PROD, MINE, root)
    (root / "ends").write_text("1")
    with pytest.raises(Refused, match="cdk synth ended with 1"):
        command.deploy("prod", [], root=root, account=FakeAccount())
    assert [line[0] for line in asked(root)] == ["synth"]
