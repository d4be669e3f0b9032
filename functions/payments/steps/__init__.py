"""The tasks of the checkout machine that payments serves, by one function."""

from payments.steps import authorize, capture, refuse, void
from shop.steps import entrypoint

handler = entrypoint(
    {
        "authorize": authorize.handle,
        "capture": capture.handle,
        "void": void.handle,
        "refuse": refuse.handle,
    }
)
