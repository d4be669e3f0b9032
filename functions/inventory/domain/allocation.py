"""From where an order is served: as few centres as possible, then as few split lines as possible.

Pure: quantities and stock levels in, a plan or what is short out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from shop.checkout import Shortage

# A DynamoDB transaction takes 100 items; the reservation and its event are two of them.
MAX_STOCK_ROWS = 98

Levels = Mapping[str, Mapping[str, int]]  # available units by SKU and location


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """So many units of a SKU at a location."""

    sku: str
    location: str
    quantity: int


Plan = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class InsufficientStock:
    """No plan: this is missing."""

    lines: tuple[Shortage, ...]


def allocate_from_one(location: str, wanted: Mapping[str, int]) -> Plan:
    """The hopeful plan, made without a look at the stock."""
    return tuple(Line(sku, location, quantity) for sku, quantity in sorted(wanted.items()))


def allocate(
    wanted: Mapping[str, int], levels: Levels, preference: Sequence[str]
) -> Plan | InsufficientStock:
    """The plan with the fewest centres, nearest first; InsufficientStock if all together lack it.

    InsufficientStock as well if the plan with the fewest splits needs more than MAX_STOCK_ROWS.
    """
    short = tuple(
        Shortage(sku=sku, requested=quantity, available=total)
        for sku, quantity in wanted.items()
        if (total := sum(levels.get(sku, {}).values())) < quantity
    )
    if short:
        return InsufficientStock(short)
    plan: Plan = ()
    for count in range(1, len(preference) + 1):
        for centres in combinations(preference, count):
            if not all(_total(levels[sku], centres) >= n for sku, n in wanted.items()):
                continue
            plan = _split(wanted, levels, centres)
            if len(plan) <= MAX_STOCK_ROWS:
                return plan
    return _too_wide(plan, wanted)


def _total(level: Mapping[str, int], centres: Sequence[str]) -> int:
    return sum(level.get(centre, 0) for centre in centres)


def _split(wanted: Mapping[str, int], levels: Levels, centres: Sequence[str]) -> Plan:
    plan: list[Line] = []
    for sku, quantity in sorted(wanted.items()):
        plan += _split_line(sku, quantity, levels[sku], centres)
    return tuple(plan)


def _split_line(
    sku: str, quantity: int, level: Mapping[str, int], centres: Sequence[str]
) -> list[Line]:
    """One centre if one has it all, the nearest such; else the fullest ones."""
    whole = [centre for centre in centres if level.get(centre, 0) >= quantity]
    if whole:
        return [Line(sku, whole[0], quantity)]
    parts, left = [], quantity
    for centre in sorted(centres, key=lambda centre: -level.get(centre, 0)):
        taken = min(left, level.get(centre, 0))
        if taken:
            parts.append(Line(sku, centre, taken))
            left -= taken
    return parts


def _too_wide(plan: Plan, wanted: Mapping[str, int]) -> InsufficientStock:
    """Name the SKUs that do not fit into one transaction, with what fits of them."""
    kept: dict[str, int] = {}
    for line in plan[:MAX_STOCK_ROWS]:
        kept[line.sku] = kept.get(line.sku, 0) + line.quantity
    return InsufficientStock(
        tuple(
            Shortage(sku=sku, requested=quantity, available=kept.get(sku, 0))
            for sku, quantity in wanted.items()
            if kept.get(sku, 0) < quantity
        )
    )
