"""user.export_requested: start what carries the export out."""

from identity.clients.step_functions import StepFunctionsExport
from identity.events import ExportWanted
from identity.settings import ExportMachineSettings, at_cold_start
from shop import trace
from shop.consumer import On, entrypoint
from shop.events import Envelope
from shop.export import ExportInput


@at_cold_start
def machine() -> StepFunctionsExport:
    """The composition root of this function."""
    return StepFunctionsExport(ExportMachineSettings.load().export_machine_arn)


def consume(event: Envelope[ExportWanted]) -> str:
    """Safe to repeat: an export is carried out by one execution."""
    wanted = event.data
    machine().start(
        ExportInput(
            export_id=wanted.export_id,
            user_id=wanted.user_id,
            trace=trace.from_header(event.traceparent),
        )
    )
    return "started"


handler = entrypoint("identity.on_export_requested", On(ExportWanted, consume))
