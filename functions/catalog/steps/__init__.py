"""Tasks of the checkout machine: one function, a file per step."""

from catalog.steps import price
from shop.checkout import PriceTask
from shop.steps import Step, entrypoint

handler = entrypoint(Step(PriceTask, price.handle))
