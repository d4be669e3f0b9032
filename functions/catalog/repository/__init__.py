"""Rows of catalog."""
