"""The contract of the export machine: each service writes what it holds of a user into one part,
identity joins the parts. What is exported is personal, so it goes through the bucket, never through
an execution, which keeps what it is given.
"""

from __future__ import annotations  # Types are looked up by the steps that use them, not at import.

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from shop.strict import Message
from shop.trace import Trace

BUCKET = "exports"


class ExportInput(Message):
    """What an execution starts with. It is named by `export_id`, so there is one of each."""

    export_id: str
    user_id: str
    trace: Trace


class ExportUserTask(Message):
    """Write all that is held of this user as one part."""

    STEP: ClassVar[str] = "export_user"
    export_id: str
    user_id: str
    trace: Trace


class UserExported(Message):
    """The part is there. `erased`: the user is, and there is nothing to export."""

    outcome: Literal["exported", "erased"]


class AssembleExportTask(Message):
    """Join the parts into one archive, and let the user fetch it."""

    STEP: ClassVar[str] = "assemble_export"
    export_id: str
    user_id: str
    trace: Trace


class ExportAssembled(Message):
    """It can be fetched. `erased`: the user is, and what was gathered is gone."""

    outcome: Literal["ready", "erased"]


# The steps of the machine: what each takes and gives.
STEPS: Mapping[type[Any], Any] = {
    ExportUserTask: UserExported,
    AssembleExportTask: ExportAssembled,
}


def part(service: str, export_id: str) -> str:
    """Where the part of a service is."""
    return f"parts/{service}/{export_id}.json"
