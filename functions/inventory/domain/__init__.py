"""Rules of the inventory."""
