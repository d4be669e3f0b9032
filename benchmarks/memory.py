"""Memory of all processes of the running platform, at rest and while clients buy.

    python -m benchmarks.memory [--buyers 8 64]

RSS counts shared pages in every process, PSS counts them once; the sum of PSS is what the machine
really gives. Read from /proc, so Linux only. Before the buyers come, the workers that idle have
ended, so the first purchases also tell what a cold start costs.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks.client import Platform
from benchmarks.latency import Shop
from tools.local.workers.limits import IDLE_S

PURCHASES = 6  # of each buyer
EVERY_S = 0.25
MB = 1024 * 1024


@dataclass(frozen=True)
class Use:
    """Sums in MB."""

    processes: int
    rss_mb: int
    pss_mb: int

    def __str__(self) -> str:
        return f"{self.processes} processes, {self.rss_mb} MB RSS, {self.pss_mb} MB PSS"


@dataclass(frozen=True)
class Load:
    """What so many buyers at once did to it."""

    buyers: int
    first_s: float  # until the last of the first purchases, one of each buyer, was answered
    refused: int  # of all purchases: turned away, or not answered in time
    per_second: float
    peak: Use


def processes(state: Path) -> list[psutil.Process]:
    """Every process that the platform of this state folder started, and their children."""
    found: dict[int, psutil.Process] = {}
    for file in (state / "run").glob("*.json"):
        pid = json.loads(file.read_text())["pid"]
        if psutil.pid_exists(pid):
            root = psutil.Process(pid)
            found |= {p.pid: p for p in [root, *root.children(recursive=True)]}
            # Workers outlive the parent that they were forked from.
            found |= {p.pid: p for p in psutil.process_iter() if _group(p.pid) == pid}
    return list(found.values())


def _group(pid: int) -> int:

    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def measure(state: Path) -> Use:
    """Now. A process that ends meanwhile does not count."""
    rss = pss = count = 0
    for process in processes(state):
        with suppress(psutil.Error):
            info = process.memory_full_info()
            rss, pss, count = rss + info.rss, pss + info.pss, count + 1
    return Use(count, round(rss / MB), round(pss / MB))


@contextmanager
def watched(state: Path) -> Iterator[list[Use]]:
    """The list ends with the peak."""
    found: list[Use] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(EVERY_S):
            found.append(measure(state))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
        found.sort(key=lambda use: use.pss_mb)


def load(state: Path, shop: Shop, buyers: int) -> Load:
    """All buyers at once, from a platform at rest."""
    time.sleep(IDLE_S * 2)
    refused = 0

    def buy(number: int) -> None:
        nonlocal refused
        try:
            shop.checkout(number)
        except (SystemExit, OSError):
            refused += 1

    with watched(state) as found, ThreadPoolExecutor(buyers) as pool:
        began = time.monotonic()
        list(pool.map(buy, range(buyers)))
        first = time.monotonic() - began
        began = time.monotonic()
        list(pool.map(buy, range(buyers, buyers * PURCHASES)))
        took = time.monotonic() - began
    count = buyers * (PURCHASES - 1)
    return Load(buyers, round(first, 1), refused, round(count / took, 1), found[-1])


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".local"))
    parser.add_argument("--buyers", type=int, nargs="*", default=[8, 64])
    parser.add_argument("--out", type=Path, default=Path("build/bench/memory.json"))
    arguments = parser.parse_args()
    if not (arguments.state / "platform.json").exists():
        sys.exit("The platform does not run: `make up` first.")
    shop = Shop(Platform.read(arguments.state / "platform.json"))
    rows = []
    for buyers in arguments.buyers:
        row = load(arguments.state, shop, buyers)
        rows.append(row)
        print(
            f"{row.buyers} buyers: first {row.first_s} s, then {row.per_second}/s, "
            f"{row.refused} refused; at most {row.peak}",
            flush=True,
        )
    time.sleep(IDLE_S * 2)
    rest = measure(arguments.state)
    print(f"at rest: {rest}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    found = {"at_rest": asdict(rest), "load": [asdict(row) for row in rows]}
    arguments.out.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
