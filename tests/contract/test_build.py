"""The rules of `tools.build`, on a repository of one small service; no network."""

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tools import artefacts
from tools import build as builder
from tools.build import BuildError, BuildResult, build, build_function
from tools.lock import DEV, LAYERS, check, layer_file

ASSET = "functions/demo"
DECLARED = """
from shop.deploy import Function, Service
SERVICE = Service(description="", functions=(Function(place="api/hello", audits={audits}),))
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A kernel of one module and a service with code, data, documents and tests."""
    files = {
        "layers/shop/python/shop/__init__.py": "",
        "functions/demo/__init__.py": "",
        "functions/demo/api/hello.py": "WORDS = {'b', 'a', 'c'}\n\ndef handler(): ...\n",
        "functions/demo/routes.json": "[]",
        "functions/demo/README.md": "Demo.",
        "functions/demo/deploy.py": DECLARED.format(audits=False),
        "functions/demo/invariants.py": "INVARIANTS = None\n",
        "functions/demo/tests/test_hello.py": "",
        "functions/demo/__pycache__/stale.cpython-39.pyc": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def build_in(repository: Path) -> BuildResult:
    return build("host", root=repository)


def test_asset_is_code_and_data_of_its_service_alone(repository: Path) -> None:
    build_in(repository)

    with zipfile.ZipFile(repository / "build" / "host" / f"{ASSET}.zip") as archive:
        names = [name for name in archive.namelist() if "__pycache__" not in name]
    assert names == ["demo/__init__.py", "demo/api/hello.py", "demo/routes.json"]


def test_bytecode_is_used_whatever_the_time_of_its_source(repository: Path) -> None:
    folder = build_function("demo", root=repository)

    (bytecode,) = (folder / "demo" / "api").rglob("hello.*.pyc")
    unchecked_hash = b"\x01\0\0\0"
    assert bytecode.read_bytes()[4:8] == unchecked_hash


def test_second_build_touches_nothing(repository: Path) -> None:
    assert build_in(repository).built == ("layers/shop", ASSET)
    again = build_in(repository)

    assert (again.built, again.unchanged) == ((), ("layers/shop", ASSET))


def test_change_rebuilds_only_its_service(repository: Path) -> None:
    build_in(repository)
    (repository / ASSET / "routes.json").write_text("[1]")

    assert build_in(repository).built == (ASSET,)


def content(repository: Path) -> dict[str, tuple[bytes, int]]:
    """All that was built, with its modes."""
    target = repository / "build" / "host"
    return {
        path.relative_to(target).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in target.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def cache(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build of the repository left there."""
    cache = tmp_path_factory.mktemp("cache")
    build("host", root=repository, cache=cache)
    return cache


@pytest.fixture
def other(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another checkout of the same sources, in which nothing is built."""
    other = tmp_path_factory.mktemp("other") / "checkout"
    return Path(shutil.copytree(repository, other, ignore=shutil.ignore_patterns("build")))


def test_what_another_checkout_built_is_taken_and_is_the_same(
    repository: Path, cache: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.artefacts.copy", None)  # It would be used to build.
    build("host", root=other, cache=cache)
    assert content(other) == content(repository)


def test_other_sources_are_never_taken_from_the_cache(cache: Path, other: Path) -> None:
    (other / ASSET / "routes.json").write_text("[1]")
    build("host", root=other, cache=cache)
    assert (other / "build" / "host" / ASSET / "demo" / "routes.json").read_text() == "[1]"


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_cache_is_as_good_as_none(
    repository: Path, cache: Path, other: Path, damage: bytes | None
) -> None:
    for kept in cache.glob("*.zip"):
        kept.write_bytes(kept.read_bytes()[:-30] if damage is None else damage)
    build("host", root=other, cache=cache)
    assert content(other) == content(repository)


def test_what_goes_to_aws_is_built_from_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, object]] = []

    def note(_platform: str, **options: object) -> BuildResult:
        given.append(options)
        return BuildResult(platform="aws", root=Path())

    monkeypatch.setattr(builder, "build", note)
    assert builder.main(["--platform", "aws"]) == 0
    assert [options.get("cache") for options in given] == [None]


def test_the_asset_of_the_auditor_holds_the_rules_of_every_service(repository: Path) -> None:
    """As they are imported in the tree; and what they say changes no other asset."""
    auditor = repository / "functions" / "auditor"
    (auditor / "api").mkdir(parents=True)
    for path in ("__init__.py", "invariants.py", "api/hello.py"):
        (auditor / path).write_text("")
    (auditor / "deploy.py").write_text(DECLARED.format(audits=True))
    build_in(repository)
    folder = repository / "build" / "host" / "functions" / "auditor"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py")) == [
        "auditor/__init__.py",
        "auditor/api/hello.py",
        "auditor/invariants.py",
        "demo/__init__.py",
        "demo/invariants.py",
    ]
    (repository / ASSET / "invariants.py").write_text("INVARIANTS = 1\n")

    assert build_in(repository).built == ("functions/auditor",)


def test_document_or_test_changes_no_asset(repository: Path) -> None:
    build_in(repository)
    (repository / ASSET / "README.md").write_text("Another.")
    (repository / ASSET / "tests" / "test_more.py").write_text("")

    assert build_in(repository).built == ()


def test_equal_sources_give_equal_bytes(repository: Path, tmp_path: Path) -> None:
    archive = repository / "build" / "host" / f"{ASSET}.zip"
    build_in(repository)
    first = archive.read_bytes()
    shutil.rmtree(repository / "build")
    (repository / ASSET / "routes.json").touch()
    build_in(repository)

    assert archive.read_bytes() == first


def test_failed_build_leaves_the_last_good_one(repository: Path) -> None:
    good = build_function("demo", root=repository) / "demo" / "api" / "hello.py"
    (repository / ASSET / "api" / "hello.py").write_text("def broken(")

    with pytest.raises(BuildError, match=r"do not compile.*hello\.py"):
        build_in(repository)
    assert "WORDS" in good.read_text()


@pytest.mark.parametrize("step", ["_settle", "_zip"])
def test_interrupted_build_is_repeated(
    repository: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(artefacts, step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        build_in(repository)
    monkeypatch.undo()

    assert build_in(repository).built == ("layers/shop", ASSET)
    assert list((repository / "build" / "host" / artefacts.UNFINISHED).iterdir()) == []


def test_artefact_without_its_stamp_is_not_trusted(repository: Path) -> None:
    """It was put in place by a build that ended before it could vouch for it."""
    build_in(repository)
    (repository / "build" / "host" / artefacts.STAMPS / ASSET).unlink()

    assert build_in(repository).built == (ASSET,)


def test_service_that_is_gone_leaves_no_asset(repository: Path) -> None:
    build_in(repository)
    shutil.rmtree(repository / ASSET)
    build_in(repository)

    assert list((repository / "build" / "host" / "functions").iterdir()) == []


def test_unknown_names_are_refused_in_a_sentence(repository: Path) -> None:
    with pytest.raises(BuildError, match="There is no service nothing"):
        build_function("nothing", root=repository)
    with pytest.raises(BuildError, match="There is no platform mars"):
        build("mars", root=repository)


def write_locks(root: Path, **layers: str) -> Path:
    """Locks in which every layer pins one package of its own, unless told otherwise."""
    pin = "{}==1.0 \\\n    --hash=sha256:00\n".format
    texts = {name: layers.get(name, pin(name)) for name in LAYERS}
    for name, text in texts.items():
        path = root / layer_file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / DEV).write_text("".join(map(pin, LAYERS)))
    (root / "pyproject.toml").write_text("[dependency-groups]\nauth = ['auth==1.0']\n")
    return root


def test_agreeing_locks_pass(tmp_path: Path) -> None:
    assert list(check(write_locks(tmp_path))) == []


@pytest.mark.parametrize(
    ("layer", "text", "complaint"),
    [
        ("pay", "pay==2.0 --hash=sha256:00\n", "pins pay 2.0, which requirements-dev.txt does not"),
        ("pay", "deps==1.0 --hash=sha256:00\n", "repeats deps"),
        ("auth", "auth==1.0\n", "no hash for auth"),
        ("auth", "pay==1.0 --hash=sha256:00\n", "lacks auth 1.0"),
        ("deps", "# from ftp://packages.test\n", "names a server"),
    ],
)
def test_disagreeing_locks_are_told(tmp_path: Path, layer: str, text: str, complaint: str) -> None:
    wrong = list(check(write_locks(tmp_path, **{layer: text})))

    assert any(complaint in sentence for sentence in wrong), wrong


def test_what_goes_to_aws_is_compiled_or_not_built(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else cold starts are slow by chance, and each builder ships other bytes."""
    monkeypatch.setattr(builder, "_aws_python", lambda: None)
    with pytest.raises(BuildError, match=r"no Python 3\.13 on PATH.*CARTWRIGHT_ALLOW_SLOW=1"):
        build("aws", root=repository)
    assert not (repository / "build" / "aws" / f"{ASSET}.zip").exists()
    build("aws", root=repository, allow_slow=True)
    assert compiled(repository) == []

    monkeypatch.setattr(builder, "_aws_python", lambda: sys.executable)
    build("aws", root=repository)
    assert len(compiled(repository)) == 2


def compiled(repository: Path) -> list[str]:
    with zipfile.ZipFile(repository / "build" / "aws" / f"{ASSET}.zip") as archive:
        return [name for name in archive.namelist() if name.endswith(".pyc")]
