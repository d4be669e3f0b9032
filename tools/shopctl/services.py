"""The services' own use cases, against the tables of a stage, with the operator's credentials."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from tools.seed.writing import environment
from tools.shopctl.rows import reachable
from tools.shopctl.target import Target


@contextmanager
def at(target: Target, *tables: str) -> Iterator[None]:
    """Code of the services works on this stage's tables in this block; faults become a sentence.

    Import what has models inside of it: they take their table's name when they are made.
    """
    names = {name: target.table(name) for name in tables}
    key = target.key if target.is_local else None
    with reachable(target), environment(names, target.region, target.endpoint_url, key):
        try:
            yield
        except PynamoDBException as error:
            if isinstance(error.cause, (ClientError, BotoCoreError)):
                raise error.cause from error
            raise


def operator(target: Target) -> str:
    """Who runs this command, as AWS knows them."""
    with reachable(target):
        return str(target.client("sts").get_caller_identity()["Arn"])
