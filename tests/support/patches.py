"""Applies unified diffs by what they say, wherever it stands by now.

Line numbers are not looked at: what a hunk takes away, with the lines around it, must be found
exactly once in its file. So a patch outlives every change that does not touch its own lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class _Hunk:
    file: str
    old: str
    new: str


def apply(patch: Path, *, root: Path) -> None:
    """Change the files below `root`; raises ValueError at a hunk that does not fit."""
    for hunk in _hunks(patch.read_text()):
        path = root / hunk.file
        path.write_text(_changed(patch, hunk, path.read_text()))


def check(patch: Path, *, root: Path) -> None:
    """Raise ValueError unless every hunk fits the files below `root`; change nothing."""
    for hunk in _hunks(patch.read_text()):
        _changed(patch, hunk, (root / hunk.file).read_text())


def files(patch: Path) -> frozenset[str]:
    """What it changes, relative to the root."""
    return frozenset(hunk.file for hunk in _hunks(patch.read_text()))


def _changed(patch: Path, hunk: _Hunk, text: str) -> str:
    # From the beginning of a line on, else `x = 1` would be found in `max = 1`.
    before, old, new = ("\n" + part for part in (text, hunk.old, hunk.new))
    if before.count(old) != 1:
        raise ValueError(f"{patch.name}: a hunk for {hunk.file} fits {before.count(old)} places")
    return before.replace(old, new)[1:]


def _hunks(patch: str) -> Iterator[_Hunk]:
    """What is above the first file is for people."""
    for of_file in re.split(r"^--- .*\n\+\+\+ ", patch, flags=re.MULTILINE)[1:]:
        name, *hunks = re.split(r"^@@.*\n", of_file, flags=re.MULTILINE)
        file = name.split()[0].partition("/")[2]
        for text in hunks:
            lines = [
                # An editor may cut the space of an empty line.
                (line[:1], line[1:]) if line[:1] in "+- " else (" ", line)
                for line in text.splitlines(keepends=True)
            ]
            yield _Hunk(
                file,
                old="".join(rest for sign, rest in lines if sign != "+"),
                new="".join(rest for sign, rest in lines if sign != "-"),
            )
