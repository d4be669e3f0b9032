"""Tasks of the checkout machine: price."""

from catalog.steps import price
from shop.steps import entrypoint

handler = entrypoint({"price": price.handle})
