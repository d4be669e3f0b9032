"""What must be read nowhere: a value as it is, encoded, or as a digest that a guess could match."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator

from shop.deploy import discover
from tests.support import dynamodb

IN_CLEAR = {
    name: set(table.personal.attributes) if table.personal else set()
    for name, table in discover().tables.items()
}


def traces(values: Iterable[str]) -> re.Pattern[str]:
    """Matches any form of any of these in a text."""
    found = {form for value in values for form in _forms(value)}
    return re.compile("|".join(map(re.escape, sorted(found))))


def _forms(value: str) -> Iterator[str]:
    data = value.encode()
    yield value
    yield json.dumps(value)[1:-1]
    yield data.hex()
    for before in range(3):  # Whatever stood before it in the same text shifts its letters.
        encoded = base64.b64encode(b"\0" * before + data)
        inner = encoded[4 if before else 0 : len(encoded) - 4]
        if len(inner) >= 8:
            yield inner.decode()
            yield inner.decode().translate(str.maketrans("+/", "-_"))
    digest = hashlib.sha256(data)
    yield digest.hexdigest()
    yield base64.b64encode(digest.digest()).decode().rstrip("=")
    yield base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def in_tables(wanted: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Table and attribute of each row, as it is or as a stream told of it, that says such a thing;
    without those that are declared to say it in clear.
    """
    for table in dynamodb.TABLES:
        images = [
            record["dynamodb"][image]
            for record in dynamodb.changes(table)
            for image in ("NewImage", "OldImage")
            if image in record["dynamodb"]
        ]
        for row in (*dynamodb.rows(table), *images):
            for attribute, value in row.items():
                if attribute not in IN_CLEAR[table] and wanted.search(str(value)):
                    yield table, attribute
