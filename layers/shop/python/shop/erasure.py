"""The contract of the erasure machine: what an execution and each of its tasks take and give.

Every service that holds rows of users has the step `erase_user` and stands in the machine; a test
compares what services declare with it, and state_machines/erasure.asl.json with these types. Each
step can be repeated, by the machine and by a second execution: what was done is done.
"""

from __future__ import annotations  # Types are looked up by the steps that use them, not at import.

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from shop.strict import Message
from shop.trace import Trace


class ErasureInput(Message):
    """What an execution starts with. It is named by `erasure_id`, so there is one of each."""

    erasure_id: str
    user_id: str
    due_at: str
    trace: Trace


# Every service with rows of users.
class EraseUserTask(Message):
    """Leave nothing personal of this user that their key does not seal; asked again until done."""

    STEP: ClassVar[str] = "erase_user"
    user_id: str
    trace: Trace


class UserErased(Message):
    """Nothing of the user is under way. `kept`: rows that stay, with ids and amounts."""

    outcome: Literal["erased"] = "erased"
    kept: int


class UserBusy(Message):
    """Something of the user is not at its end yet: ask again later."""

    outcome: Literal["busy"] = "busy"


EraseUserOutcome = UserErased | UserBusy


# Identity.
class AnnounceErasureTask(Message):
    """Mail the user when it takes effect, and that it can be taken back until then."""

    STEP: ClassVar[str] = "announce_erasure"
    erasure_id: str
    user_id: str
    trace: Trace


class MailAnswer(Message):
    """What became of a mail. `nobody`: there is no such user any more, or nothing to tell."""

    outcome: Literal["sent", "nobody", "undeliverable"]


class BeginErasureTask(Message):
    """From now on it cannot be taken back and nobody signs in; not before its time."""

    STEP: ClassVar[str] = "begin_erasure"
    erasure_id: str
    user_id: str
    trace: Trace


class ErasureBegun(Message):
    """`withdrawn`: the user took it back in time."""

    outcome: Literal["begun", "withdrawn"]


class ReportErasureTask(Message):
    """Mail where the receipt will be, as long as it is known to whom."""

    STEP: ClassVar[str] = "report_erasure"
    erasure_id: str
    user_id: str
    trace: Trace


class DestroyUserTask(Message):
    """Take away the user's own rows, let go of the address, destroy the key."""

    STEP: ClassVar[str] = "destroy_user"
    erasure_id: str
    user_id: str
    trace: Trace


class UserDestroyed(Message):
    """Whatever the key sealed can be opened by nobody."""

    outcome: Literal["destroyed"] = "destroyed"


class SignReceiptTask(Message):
    """Say, signed, what was erased and what is kept."""

    STEP: ClassVar[str] = "sign_receipt"
    erasure_id: str
    orders: UserErased
    payments: UserErased
    trace: Trace


class ReceiptSigned(Message):
    """The receipt is stored, and GET /erasures/{erasure_id} answers it."""

    outcome: Literal["signed"] = "signed"


# The steps of the machine: what each takes and gives.
STEPS: Mapping[type[Any], Any] = {
    AnnounceErasureTask: MailAnswer,
    BeginErasureTask: ErasureBegun,
    EraseUserTask: EraseUserOutcome,
    ReportErasureTask: MailAnswer,
    DestroyUserTask: UserDestroyed,
    SignReceiptTask: ReceiptSigned,
}
