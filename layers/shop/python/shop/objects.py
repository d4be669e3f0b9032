"""Objects of a bucket. Which bucket a name of ours is, the environment says, as of tables."""

import os
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shop import aws

# S3 answers 403 of what is not there to who may not list the bucket.
MISSING = {"NoSuchKey", "404", "AccessDenied"}


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of one bucket, by its name in deploy.py."""

    bucket: str

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store it, in place of what was there."""
        _client().put_object(Bucket=self._name, Key=key, Body=body, ContentType=content_type)

    def get(self, key: str) -> bytes | None:
        """What is there; None where nothing is, or nothing that may be read."""
        try:
            answer = _client().get_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        body: bytes = answer["Body"].read()
        return body

    def delete(self, key: str) -> None:
        """Nothing is there any more."""
        _client().delete_object(Bucket=self._name, Key=key)

    def link(self, key: str, *, name: str, seconds: int) -> str:
        """A URL by which anybody who has it fetches the object for so long, as a file of this
        name. Signed here, with the rights of the function: no request."""
        url: str = _client().generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._name,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{name}"',
            },
            ExpiresIn=seconds,
        )
        return url

    @property
    def _name(self) -> str:
        return os.environ[f"BUCKET_{self.bucket.upper()}"]


def _client() -> Any:
    return aws.client("s3")
