"""Rows of identity."""
