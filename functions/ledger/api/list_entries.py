"""GET /ledger/accounts/{account_id}/entries. Problems: 400 invalid_request, 404 not_found."""

from ledger.repository import BalanceRepository, JournalRepository
from ledger.schemas import AccountEntryOut, EntriesOut, PageQuery
from ledger.service import query_ledger
from shop import problems
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/ledger/accounts/{account_id}/entries",
    "List an account's entries, newest first",
    auth="staff",
    scopes=("finance:read",),
    query=PageQuery,
    responses={200: EntriesOut},
    problems=(problems.INVALID_REQUEST, problems.NOT_FOUND),
    links=(Link("get_transaction", {"transaction_id": "$response.body#/data/0/transaction_id"}),),
)
balances = BalanceRepository()
journal = JournalRepository()


def handle(request: Request[None]) -> Response | Problem:
    """Read one page."""
    query = request.query or PageQuery()
    page = query_ledger.list_entries(
        request.path.get("account_id", ""),
        limit=query.limit,
        cursor=query.cursor,
        balances=balances,
        journal=journal,
    )
    if isinstance(page, Problem):
        return page
    data = [AccountEntryOut.of(line) for line in page.items]
    return Response(200, EntriesOut(data=data, next_cursor=page.next_cursor))


handler = entrypoint(ROUTE, handle)
