"""Streams and rows of others, and the state of the checks."""
