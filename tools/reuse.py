"""What another checkout on this machine built of the same inputs is unpacked, not built again.

Its archive lies in the user's cache, by the digest of the inputs. Only for this machine: what goes
to AWS is always built from the sources.
"""

import contextlib
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

FORGOTTEN_AFTER_S = 30 * 24 * 3600.0


def place() -> Path:
    """In the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "cartwright" / "build"


def take(digest: str, folder: Path, archive: Path, *, cache: Path) -> bool:
    """Fill the empty folder, and write the archive, if it is there and whole."""
    kept = cache / f"{digest}.zip"
    try:
        shutil.copyfile(kept, archive)
        with zipfile.ZipFile(archive) as content:
            content.extractall(folder)  # Compares the checksum of every file.
        os.utime(kept)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        shutil.rmtree(folder)
        folder.mkdir()
        return False
    return True


def keep(digest: str, archive: Path, *, cache: Path) -> None:
    """For other checkouts. Where it cannot be kept, for want of space or rights, it is not."""
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=cache, prefix=".unfinished-"))
        try:
            shutil.copyfile(archive, aside / "archive")
            (aside / "archive").replace(cache / f"{digest}.zip")
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        before = time.time() - FORGOTTEN_AFTER_S
        for unused in cache.glob("*.zip"):
            if unused.stat().st_mtime < before:
                unused.unlink(missing_ok=True)
