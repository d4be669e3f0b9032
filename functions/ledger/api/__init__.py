"""Routes: for staff with the scope finance:read."""
