"""Scheduled work of the inventory."""
