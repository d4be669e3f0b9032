"""The orders tasks of the checkout machine: one function, a file per step.

What a step undoes is not undone here but by `settle` at the end of every path: an order is only
cancelled when its money and its stock are free.
"""

from orders.steps import claim, place, reject, settle
from shop.steps import entrypoint

handler = entrypoint(
    {
        "place": place.handle,
        "reject": reject.handle,
        "claim": claim.handle,
        "settle": settle.handle,
    }
)
