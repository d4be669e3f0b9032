"""What another checkout on this machine built of the same inputs is copied, not built again.

It lies in the user's cache, by the digest of the inputs. Only for this machine: what goes to AWS is
always built from the sources.
"""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

FORGOTTEN_AFTER_S = 30 * 24 * 3600.0
FOLDER, ARCHIVE = "folder", "archive.zip"


def place() -> Path:
    """In the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "cartwright" / "build"


def take(digest: str, folder: Path, archive: Path, *, cache: Path) -> bool:
    """Fill the empty folder, and write the archive, if both are there."""
    kept = cache / digest
    try:
        os.utime(kept)
        shutil.copytree(kept / FOLDER, folder, dirs_exist_ok=True)
        shutil.copyfile(kept / ARCHIVE, archive)
    except OSError:  # Not there, or just being forgotten.
        shutil.rmtree(folder)
        folder.mkdir()
        return False
    return True


def keep(digest: str, folder: Path, archive: Path, *, cache: Path) -> None:
    """For other checkouts. Where it cannot be kept, for want of space or rights, it is not."""
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=cache, prefix=".unfinished-"))
        try:
            shutil.copytree(folder, aside / FOLDER)
            shutil.copyfile(archive, aside / ARCHIVE)
            aside.rename(cache / digest)  # Fails if another one was faster.
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        _forget_unused(cache)


def _forget_unused(cache: Path) -> None:
    before = time.time() - FORGOTTEN_AFTER_S
    for kept in cache.iterdir():
        if kept.stat().st_mtime < before:
            shutil.rmtree(kept, ignore_errors=True)
