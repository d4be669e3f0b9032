"""Use cases: relaying.py (outbox to bus), auditing.py (invariants, from the tables' streams)."""
