"""One built artefact: a folder and its zip, put in place whole, with a stamp of its inputs."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import reuse

STAMPS = ".stamps"
UNFINISHED = ".unfinished"
# One time for every file, so that equal content gives equal archives. Zips start in 1980.
MTIME = 946_684_800
ZIP_TIME = (2000, 1, 1, 0, 0, 0)
FILE_MODE, FOLDER_MODE = 0o644, 0o755

# A declaration is read by infra: a change of rights changes no code that runs.
NOT_SHIPPED = ("__pycache__", "tests", "deploy.py")


class BuildError(Exception):
    """Nothing was built; the text is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """`make` fills a folder; `name` is its place; `digest` is of everything it depends on."""

    name: str
    digest: str
    make: Callable[[Path], None]

    def is_current(self, target: Path) -> bool:
        """True when what lies in `target` was made of these inputs."""
        try:
            stamp = self._stamp(target).read_text(errors="replace")
        except FileNotFoundError:
            return False
        return stamp == self.digest and (target / self.name).is_dir() and self._zip(target).exists()

    def write(
        self, target: Path, *, finish: Callable[[Path], None], cache: Path | None = None
    ) -> None:
        """Make it aside, then put folder, zip and stamp in place, in this order.

        With a `cache` it is taken from there, or else left there.
        """
        unfinished = target / UNFINISHED
        unfinished.mkdir(exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=unfinished))
        new, old, archive = aside / "new", aside / "old", aside / "new.zip"
        new.mkdir()
        if cache and reuse.take(self.digest, new, archive, cache=cache):
            _settle(new)
        else:
            self.make(new)
            finish(new)
            _settle(new)
            _zip(new, archive)
            if cache:
                reuse.keep(self.digest, archive, cache=cache)
        self._stamp(target).unlink(missing_ok=True)
        place = target / self.name
        place.parent.mkdir(exist_ok=True)
        if place.exists():
            place.rename(old)
        new.rename(place)
        archive.replace(self._zip(target))
        stamp = aside / "stamp"
        stamp.write_text(self.digest)
        self._stamp(target).parent.mkdir(parents=True, exist_ok=True)
        stamp.replace(self._stamp(target))
        shutil.rmtree(aside)

    def _zip(self, target: Path) -> Path:
        return target / f"{self.name}.zip"

    def _stamp(self, target: Path) -> Path:
        return target / STAMPS / self.name


def source(module: str) -> bytes:
    """The text of a module of this package: a change in how things are built rebuilds them."""
    return Path(__file__).with_name(f"{module}.py").read_bytes()


def shipped(folder: Path) -> Iterator[Path]:
    """Yield the files of a package that run: code and data, without documents and tests."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part in NOT_SHIPPED or part.startswith(".") for part in parts)
        if path.is_file() and not hidden and path.suffix not in (".md", ".pyc"):
            yield path


def copy(folder: Path, files: Iterable[Path], to: Path) -> None:
    """Copy `files` of `folder` to the same places under `to`."""
    for path in files:
        place = to / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def remove_others(target: Path, names: set[str]) -> None:
    """Remove what was built from sources that are gone."""
    for stamp in target.glob(f"{STAMPS}/*/*"):
        name = stamp.relative_to(target / STAMPS).as_posix()
        if name not in names:
            stamp.unlink()
            shutil.rmtree(target / name, ignore_errors=True)
            (target / f"{name}.zip").unlink(missing_ok=True)


def remove_unfinished(target: Path) -> None:
    """Remove what an interrupted build left."""
    shutil.rmtree(target / UNFINISHED, ignore_errors=True)


def _settle(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
        os.utime(path, (MTIME, MTIME))


def _zip(folder: Path, to: Path) -> None:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), ZIP_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = FILE_MODE << 16
                archive.writestr(info, path.read_bytes())
