"""Catalogue: what is sold, at which price, and what an order of it costs."""
