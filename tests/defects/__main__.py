"""Plant each defect, or those that are named: `python -m tests.defects [NAME …]`.

Exit code 0: every test that a defect names goes red for it.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.defects import all_defects, hunt


def main(names: list[str]) -> int:
    """Say of each whether it was caught."""
    defects = [each for each in all_defects() if not names or each.name in names]
    unknown = set(names) - {each.name for each in defects}
    if unknown:
        sys.exit(f"error: no such defect: {', '.join(sorted(unknown))}")
    missed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for verdict in pool.map(hunt, defects):
            missed += bool(verdict.blind)
            outcome = f"NOT CAUGHT by {', '.join(verdict.blind)}" if verdict.blind else "caught"
            print(f"{verdict.name}: {outcome}\n{verdict.said}".rstrip(), flush=True)  # noqa: T201
    print(f"{len(defects) - missed} of {len(defects)} planted defects caught")  # noqa: T201
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
