"""user.erasure_requested: start what carries the erasure out."""

from identity.clients.step_functions import StepFunctionsErasure
from identity.events import ErasureWanted
from identity.settings import MachineSettings, at_cold_start
from shop import trace
from shop.consumer import On, entrypoint
from shop.erasure import ErasureInput
from shop.events import Envelope


@at_cold_start
def machine() -> StepFunctionsErasure:
    """The composition root of this function."""
    return StepFunctionsErasure(MachineSettings.load().erasure_machine_arn)


def consume(event: Envelope[ErasureWanted]) -> str:
    """Safe to repeat: an erasure is carried out by one execution."""
    wanted = event.data
    machine().start(
        ErasureInput(
            erasure_id=wanted.erasure_id,
            user_id=wanted.user_id,
            due_at=wanted.due_at,
            trace=trace.from_header(event.traceparent),
        )
    )
    return "started"


handler = entrypoint("identity.on_erasure_requested", On(ErasureWanted, consume))
