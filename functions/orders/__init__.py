"""Orders: from the request to paid or undone; owner of the checkout machine."""
