"""No rule holds between the rows of the catalog: the last write wins, and an order that is placed
asks for the price again."""

from shop.invariants import Invariants, RowType

COPY = "A copy of products for reading, written anew with them."

INVARIANTS = Invariants(
    rows=(
        RowType(
            table="catalog",
            pk="PRODUCT",
            sk="PRODUCT",
            unchecked="Written whole, by the import only.",
        ),
        RowType(table="catalog", pk="SKU", sk="PRICE", unchecked=COPY),
        RowType(table="catalog", pk="LIST", unchecked=COPY),
    ),
)
