"""What is in the buckets of moto, beside every client: to be looked at and put back."""

from typing import Any

from moto.s3.models import s3_backends

from tests.support.machines import ACCOUNT


def stored() -> dict[tuple[str, str], bytes]:
    """Every object, by its bucket and its key."""
    return {
        (name, key): found.value
        for name, bucket in _backend().buckets.items()
        for key, found in bucket.keys.items()
    }


def put_back(objects: dict[tuple[str, str], bytes]) -> None:
    """These, and no others."""
    for at in set(stored()) - set(objects):
        _backend().delete_object(*at)
    for (bucket, key), body in objects.items():
        _backend().put_object(bucket, key, body)


def _backend() -> Any:
    return s3_backends[ACCOUNT]["aws"]
