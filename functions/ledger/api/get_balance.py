"""GET /ledger/accounts/{account_id}/balance?at=. Problems: 400 invalid_request, 404 not_found."""

from ledger.repository import BalanceRepository, JournalRepository
from ledger.schemas import BalanceOut, BalanceQuery
from ledger.service import query_ledger
from shop import clock, problems
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/ledger/accounts/{account_id}/balance",
    "Read an account's balance, now or as recorded up to a moment",
    auth="staff",
    scopes=("finance:read",),
    query=BalanceQuery,
    responses={200: BalanceOut},
    problems=(problems.INVALID_REQUEST, problems.NOT_FOUND),
)
balances = BalanceRepository()
journal = JournalRepository()


def handle(request: Request[None]) -> Response | Problem:
    """Read it from the fold."""
    query = request.query or BalanceQuery()
    found = query_ledger.get_balance(
        request.path.get("account_id", ""),
        at=query.at,
        now=clock.now(),
        balances=balances,
        journal=journal,
    )
    return found if isinstance(found, Problem) else Response(200, BalanceOut.of(found))


handler = entrypoint(ROUTE, handle)
