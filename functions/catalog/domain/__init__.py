"""Rules of the catalogue: product.py, listing.py (order, pages, cursors), pricing.py, tariff.py."""
