"""Queue consumers: one file, one Lambda each."""
