"""Memory of all processes of the running platform: emulator, its workers, the payment provider.

RSS counts shared pages in every process, PSS counts them once; the sum of PSS is what the machine
really gives. Read from /proc, so Linux only.
"""

import argparse
import json
import sys
from pathlib import Path

import psutil


def processes(state: Path) -> list[psutil.Process]:
    """Every process that the platform of this state folder started, and their children."""
    roots = []
    for file in state.rglob("*.json"):
        try:
            data = json.loads(file.read_text())
        except (OSError, ValueError):
            continue
        if isinstance(data, dict) and isinstance(data.get("pid"), int):
            roots.append(data["pid"])
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        if psutil.pid_exists(pid):
            root = psutil.Process(pid)
            found |= {p.pid: p for p in [root, *root.children(recursive=True)]}
    return list(found.values())


def measure(state: Path) -> dict[str, float]:
    """Sums in MB."""
    rss = pss = 0.0
    found = processes(state)
    for process in found:
        info = process.memory_full_info()
        rss += info.rss
        pss += info.pss
    mb = 1024 * 1024
    return {"processes": len(found), "rss_mb": round(rss / mb), "pss_mb": round(pss / mb)}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".local"))
    arguments = parser.parse_args()
    found = measure(arguments.state)
    print(
        f"{found['processes']:.0f} processes, {found['rss_mb']:.0f} MB RSS, "
        f"{found['pss_mb']:.0f} MB PSS"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
