"""Tasks of the checkout machine: reserve and its undoing release, commit."""

from inventory.steps import commit, reserve
from shop.steps import entrypoint

handler = entrypoint(
    {"reserve": reserve.handle, "release": reserve.compensate, "commit": commit.handle}
)
