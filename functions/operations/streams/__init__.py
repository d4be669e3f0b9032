"""Functions that a stream feeds."""
