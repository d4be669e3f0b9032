"""The stream of the table `ledger` -> balances, each transaction once.

Faults of the infrastructure are raised: the stream repeats the batch, and markers make that safe.
A record that can never be folded is parked in the queue FOLD_DLQ_URL and blocks nothing.
"""

import json
import os
from dataclasses import asdict
from functools import partial
from typing import Any

from ledger.repository import BalanceRepository
from ledger.service import folding
from shop import aws, clock, telemetry

balances = BalanceRepository()


def handler(event: dict[str, Any], _context: Any) -> None:
    """Fold one batch of stream records."""
    park = partial(_park, os.environ["FOLD_DLQ_URL"])
    records = event["Records"]
    try:
        with telemetry.stopwatch() as timer:
            report = folding.fold(records, balances=balances, park=park, now=clock.now())
    except Exception as error:
        telemetry.fault("fold failed", error, records=len(records))
        telemetry.count("FoldFault")
        raise
    telemetry.logger.info("folded", extra={"records": len(records), **asdict(report), **timer})
    if report.parked:
        telemetry.count("FoldParked", report.parked)


def _park(queue_url: str, record: dict[str, Any], reason: str) -> None:
    """The keys are enough: the record itself stays in the ledger for ever."""
    change = record.get("dynamodb") or {}
    message = {"reason": reason, "keys": change.get("Keys"), "event_id": record.get("eventID")}
    aws.client("sqs").send_message(QueueUrl=queue_url, MessageBody=json.dumps(message))
