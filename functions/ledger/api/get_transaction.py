"""GET /ledger/transactions/{transaction_id}. Problems: 404 not_found."""

from ledger.repository import JournalRepository
from ledger.schemas import TransactionOut
from ledger.service import query_ledger
from shop import problems
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/ledger/transactions/{transaction_id}",
    "Read a transaction with all its entries",
    auth="staff",
    scopes=("finance:read",),
    responses={200: TransactionOut},
    problems=(problems.NOT_FOUND,),
)
journal = JournalRepository()


def handle(request: Request[None]) -> Response | Problem:
    """Read it."""
    found = query_ledger.get_transaction(request.path.get("transaction_id", ""), journal=journal)
    return found if isinstance(found, Problem) else Response(200, TransactionOut.of(found))


handler = entrypoint(ROUTE, handle)
