"""Rows of inventory."""
