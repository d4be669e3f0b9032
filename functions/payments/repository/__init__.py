"""Rows of payments."""
