"""python -m tools.seed [--stage S] [--region R] [--endpoint-url URL]. Exit 0: filled."""

import argparse
import os

from infra.stages import STAGES
from tools.seed import Summary, seed

TABLES = ("catalog", "inventory", "identity", "user_keys")


def main() -> int:
    """Fill the tables of one stage and say what they hold."""
    parser = argparse.ArgumentParser(prog="python -m tools.seed", description=main.__doc__)
    parser.add_argument("--stage", default="local", choices=("local", "dev", "staging"))
    parser.add_argument("--region", default=os.environ.get("AWS_REGION"))
    parser.add_argument("--endpoint-url", default=os.environ.get("AWS_ENDPOINT_URL"))
    arguments = parser.parse_args()
    if arguments.stage == "local" and not arguments.endpoint_url:
        parser.error("the stage local needs --endpoint-url or AWS_ENDPOINT_URL")
    names = {name: f"cartwright-{arguments.stage}-{name}".replace("_", "-") for name in TABLES}
    region = arguments.region or STAGES[arguments.stage].region
    print(_text(seed(names, region, arguments.endpoint_url)))
    return 0


def _text(summary: Summary) -> str:
    return (
        f"{summary.products} products, {summary.skus} SKUs, {summary.stock_rows} stock rows, "
        f"{summary.users} users in {summary.seconds} s\n"
        f"ten units each: {', '.join(summary.limited_skus)}\n"
        f"sold out: {', '.join(summary.sold_out_skus)}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
