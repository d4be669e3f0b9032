"""Which calls to AWS or to the provider the sources make, and which of them no journey reaches.

Found in the sources, so that a path that nobody runs is seen: not only the call itself, but every
call of ours that leads to one.
"""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.faults.sources import Function, Graph

# Not run by any function of the platform, or not here; each with its reason.
_SHELF = "only if a shelf has less than its reservations say, by hand; tests/unit/inventory"
_HELD = "no path leads to money held for another's order; tests/unit/payments"
_AUDITOR = "functions/operations/service/"
_ENDS = "of shards that end, which moto's never do; tests/property/test_audited_streams.py"
_CHARGING = "functions/payments/service/process_payment.py PaymentProcessor."
_CLIENTS = "functions/identity/repository/oauth_clients.py OAuthClientRepository"
ELSEWHERE = {
    "functions/payments/clients/stripe.py": "the simulator stands in its place; tests/contract",
    "layers/shop/python/shop/aws.py": "makes clients, asks nobody",
    "functions/identity/authorizer.py handler calls gate": "made by then: _verify calls it first",
    "functions/identity/service/create_staff.py": "for tools, on no route",
    "functions/inventory/service/receive_stock.py receive": "for tools/seed, on no route",
    "functions/catalog/service/import_products.py": "for tools, on no route",
    "functions/catalog/repository/catalogue.py": "for tools, on no route",
    "functions/identity/service/change_access.py": "for tools, on no route",
    "functions/identity/service/register_client.py": "for tools, on no route",
    f"{_CLIENTS}.add": "for tools, on no route",
    f"{_CLIENTS}.change": "for tools, on no route",
    f"{_CLIENTS}.all": "for tools, on no route",
    "functions/inventory/service/import_stock.py": "for tools, on no route",
    "functions/inventory/repository/stock.py StockRepository.open_shelf": "for tools, on no route",
    "functions/inventory/repository/stock.py StockRepository.booked": "for tools, on no route",
    "functions/inventory/service/end_reservation.py commit calls stock.find": _SHELF,
    "functions/inventory/service/end_reservation.py release calls stock.find": _SHELF,
    "functions/inventory/service/end_reservation.py expire calls stock.postpone": _SHELF,
    "functions/inventory/repository/stock.py StockRepository.postpone": _SHELF,
    "functions/orders/repository/orders.py OrderRepository.save calls self.get": "if a row is gone",
    f"{_AUDITOR}check_invariants.py InvariantChecker._commit calls self._commit_cursors": _ENDS,
    f"{_AUDITOR}read_streams.py _read_shard calls read_on": "of several pages; tests/unit",
    f"{_AUDITOR}update_aggregates.py load calls store.aggregates": "tests/integration",
    f"{_CHARGING}_never_made calls self._resume": "beside a recovery job; tests/unit/payments",
    f"{_CHARGING}fail calls self._fail_authorized": _HELD,
    f"{_CHARGING}_fail_authorized": _HELD,
}


@dataclass(frozen=True, order=True)
class Site:
    """One call in the sources."""

    file: str
    line: int
    end: int
    inside: str
    call: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.inside} calls {self.call}"

    def is_reached(self, lines: set[tuple[str, int]]) -> bool:
        """Whether one of its lines stands in the stack of a request."""
        return any((self.file, line) in lines for line in range(self.line, self.end + 1))


def not_covered(lines: set[tuple[str, int]]) -> list[Site]:
    """Calls that are in no stack of any request; `lines` are the (file, line) that are."""
    return [site for site in sites() if not site.is_reached(lines)]


@functools.cache
def sites() -> tuple[Site, ...]:
    """All calls, in the order of the sources."""
    graph = Graph()
    reaching = graph.reaching()
    lazy = {id_ for id_ in reaching if graph.functions[id_].is_lazy}
    found = {
        site
        for (_, name), function in graph.functions.items()
        for site in _of(name, function, reaching, lazy)
        if not f"{site.file} {site.inside} calls {site.call}".startswith(tuple(ELSEWHERE))
    }
    return tuple(sorted(found))


def _of(
    name: str, function: Function, reaching: Iterable[object], lazy: set[tuple[str, str]]
) -> Iterator[Site]:
    known = set(reaching)
    for call in function.calls:
        if call.direct or call.to & known:
            # A query is made where its result is walked through: anywhere in its function.
            waits = call.name.endswith(".query") or bool(call.to & lazy)
            line = function.node.lineno if waits else call.line
            end = (function.node.end_lineno or line) if waits else call.end
            yield Site(function.file, line, end, name, call.name)
