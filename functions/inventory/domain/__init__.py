"""Rules of the inventory: centres.py, allocation.py (from where), reservation.py (what happens)."""
