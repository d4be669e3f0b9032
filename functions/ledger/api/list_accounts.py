"""GET /ledger/accounts. Problems: 400 invalid_request."""

from ledger.repository import BalanceRepository
from ledger.schemas import AccountOut, AccountsOut, PageQuery
from ledger.service import query_ledger
from shop import problems
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/ledger/accounts",
    "List the accounts that have entries",
    auth="staff",
    scopes=("finance:read",),
    query=PageQuery,
    responses={200: AccountsOut},
    problems=(problems.INVALID_REQUEST,),
    links=(
        Link("get_balance", {"account_id": "$response.body#/data/0/account_id"}),
        Link("list_entries", {"account_id": "$response.body#/data/0/account_id"}),
        Link("list_accounts", {"cursor": "$response.body#/next_cursor"}),
    ),
)
balances = BalanceRepository()


def handle(request: Request[None]) -> Response | Problem:
    """Read one page."""
    query = request.query or PageQuery()
    page = query_ledger.list_accounts(limit=query.limit, cursor=query.cursor, balances=balances)
    if isinstance(page, Problem):
        return page
    data = [AccountOut.of(account) for account in page.items]
    return Response(200, AccountsOut(data=data, next_cursor=page.next_cursor))


handler = entrypoint(ROUTE, handle)
