"""Use cases: reserving.py, ending.py (commit, release, expire), counting.py (check, receive)."""
