"""`announce_erasure`: the user hears that it comes, and how to take it back."""

from identity import wiring
from shop.erasure import AnnounceErasureTask, MailAnswer


def handle(task: AnnounceErasureTask) -> MailAnswer:
    """At worst the same mail comes twice."""
    return wiring.eraser().announce(task.erasure_id)
