"""ledger.transaction_posted -> balances, each transaction once, in whatever order they come."""

from collections.abc import Sequence

from ledger.domain.balances import RecordedTransaction
from ledger.events import PostedTransaction
from ledger.repository import BalanceRepository
from ledger.service import project_balances
from shop import clock
from shop.consumer import batch_entrypoint

balances = BalanceRepository()


def consume(postings: Sequence[RecordedTransaction]) -> str:
    """Fold them together: a busy account's rows are written once for all of them."""
    already = project_balances.project(postings, balances=balances, now=clock.now())
    return "duplicate" if already == len(postings) else "folded"


handler = batch_entrypoint(
    "ledger.on_transaction_posted", project_balances.posted, consume, reads=PostedTransaction
)
