"""Use cases of payments: requests, steps of the checkout machine, webhooks, recovery."""
