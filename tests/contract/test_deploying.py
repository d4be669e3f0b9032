"""What people are told to type in order to deploy is what the tools take."""

import json
import re
import runpy
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape, StructureShape

from infra import application
from infra.stages import NO_ACCOUNT, Stage
from tools import build as builder

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "infra/README.md"]
# Of the command line itself, and of waiters.
GLOBAL = {"query", "output", "region", "profile", "no-paginate"}
Run = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def run_app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """app.py as the CDK runs it, with everything that takes long left out: what happened, in
    order."""

    def run(environment: dict[str, str], **context: Any) -> list[tuple[str, str]]:
        happened: list[tuple[str, str]] = []

        def built(platform: str, **_: object) -> None:
            happened.append(("built", platform))

        def made(_app: object, *, stage: Stage, project: object) -> None:
            happened.append(("made", f"{stage.name} in {stage.account}"))

        monkeypatch.setattr(builder, "build", built)
        monkeypatch.setattr(application, "build", made)
        monkeypatch.delenv("STAGE", raising=False)
        monkeypatch.setenv("CDK_OUTDIR", str(tmp_path))
        monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps(context))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        runpy.run_path(str(ROOT / "app.py"))
        return happened

    return run


def test_what_goes_to_aws_is_built_before_it_is_read(run_app: Run) -> None:
    """By whatever command: `cdk deploy` knows no Makefile, and old code must not ship."""
    bound = {"dev": {"account": "111122223333"}}
    assert run_app({}, stage="dev", stages=bound) == [
        ("built", "aws"),
        ("made", "dev in 111122223333"),
    ]


def test_a_laptop_has_built_already(run_app: Run) -> None:
    assert run_app({}, stage="local") == [("made", "local in 000000000000")]


def test_credentials_do_not_choose_the_account(run_app: Run) -> None:
    found = run_app({"CDK_DEFAULT_ACCOUNT": "999988887777", "STAGE": "prod"})
    assert found[-1] == ("made", f"prod in {NO_ACCOUNT}")


def test_without_a_stage_nothing_happens(run_app: Run) -> None:
    with pytest.raises(SystemExit, match=r"^Name the stage: -c stage=dev\.$"):
        run_app({})


def test_what_cannot_be_built_is_not_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise builder.BuildError("The disk that holds build/ is full.")

    monkeypatch.setattr(builder, "build", fail)
    monkeypatch.setattr(application, "build", lambda *_, **__: pytest.fail("went on"))
    monkeypatch.setenv("CDK_CONTEXT_JSON", '{"stage": "dev"}')
    monkeypatch.delenv("STAGE", raising=False)
    with pytest.raises(SystemExit, match="is full"):
        runpy.run_path(str(ROOT / "app.py"))


def commands(name: str) -> Iterator[tuple[str, list[str]]]:
    """Every command of the documents that begins with `name`, in words: from blocks, lines that
    end in a backslash joined, and from text between backticks."""
    for document in DOCUMENTS:
        text = document.read_text().replace("\\\n", " ")
        found = re.findall(rf"(?:^ +|\$\(|`)({name} [^`\n]*)", text, re.MULTILINE)
        for line in found:
            for part in re.split(r" \| | && |; ", re.sub(r" #.*", "", line)):
                yield f"{document.name}: {part}", shlex.split(part.rstrip(")"))


@pytest.mark.parametrize(("line", "words"), [*commands("aws")], ids=lambda given: str(given)[:60])
def test_aws_knows_each_command_of_the_documents(line: str, words: list[str]) -> None:
    """As the models of the services have them, which the command line is made of."""
    _, service, operation, *rest = words
    service = {"dynamodbstreams": "dynamodbstreams"}.get(service, service)
    assert service in botocore.session.get_session().get_available_services(), line
    if operation == "wait":
        waiter, *rest = rest
        operation = _waits_by(service, waiter)
    if (service, operation) == ("lambda", "invoke"):
        rest = rest[:-1]  # the file that the answer goes to
    shape = _input(service, operation)
    given = {word[2:] for word in rest if word.startswith("--")} - GLOBAL
    known = _options(shape)
    assert given <= known, f"{line}: {sorted(given - known)}"
    if given:  # Else it is only named.
        assert {_dashed(name) for name in shape.required_members} <= given, line


def test_messages_are_moved_to_where_they_are_worked_on() -> None:
    """SQS knows the way back only of what it parked itself: EventBridge parks there, too."""
    moves = [line for line, words in commands("aws") if "start-message-move-task" in words]
    assert moves
    assert [line for line in moves if "--destination-arn" not in line] == []


def test_there_are_commands_to_check() -> None:
    assert len(list(commands("aws"))) > 20
    assert len(list(commands("make"))) > 20


@pytest.mark.parametrize(("line", "words"), [*commands("make")], ids=lambda given: str(given)[:60])
def test_make_knows_each_target_of_the_documents(line: str, words: list[str]) -> None:
    """And is told what the target cannot do without."""
    makefile = (ROOT / "Makefile").read_text()
    optional = set(re.findall(r"^(\w+) \?=", makefile, re.MULTILINE))
    for target in (word for word in words[1:] if "=" not in word and word.isalpha()):
        recipe = re.search(rf"^{target}: .*\n((?:\t.*\n)*)", makefile, re.MULTILINE)
        assert recipe or re.search(rf"^[a-z ]*\b{target}\b[a-z ]*:", makefile, re.MULTILINE), line
        needed = set(re.findall(r'"\$\((\w+)\)"', recipe.group(1))) if recipe else set()
        needed -= optional
        given = {word.partition("=")[0] for word in words[1:] if "=" in word}
        assert needed <= given or len(words) == 2, f"{line}: {sorted(needed - given)}"


def test_every_command_of_the_cdk_names_its_stage() -> None:
    for name in ("npx cdk", "cdk"):
        for line, words in commands(name):
            verb = words[2 if name.startswith("npx") else 1 :]
            if len(verb) > 1:
                assert "stage=" in line or "aws://" in line or "--app" in line, line


def _input(service: str, operation: str) -> StructureShape:
    model = botocore.session.get_session().get_service_model(service)
    (name,) = (name for name in model.operation_names if _dashed(name) == operation)
    shape = model.operation_model(name).input_shape
    assert isinstance(shape, StructureShape)
    return shape


def _options(shape: StructureShape) -> set[str]:
    """A flag has its opposite."""
    found: set[str] = set()
    for name, member in shape.members.items():
        found |= {_dashed(name)} | ({f"no-{_dashed(name)}"} if _is_flag(member) else set())
    return found


def _is_flag(member: Shape) -> bool:
    return member.type_name == "boolean"


def _waits_by(service: str, waiter: str) -> str:
    model = botocore.session.get_session().get_waiter_model(service)
    (name,) = (name for name in model.waiter_names if _dashed(name) == waiter)
    return _dashed(model.get_waiter(name).operation)


def _dashed(name: str) -> str:
    """As the command line writes it: `GetAPIKeys` is get-api-keys."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
