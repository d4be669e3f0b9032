"""Functions that are neither called nor queued: the fold reads a stream."""
