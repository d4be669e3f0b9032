"""Inventory: how much of what is where, and what is held for whom."""
