"""Routes: one file, one Lambda each."""
