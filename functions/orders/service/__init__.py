"""Use cases of orders: requests, steps of the checkout machine, recovery."""
