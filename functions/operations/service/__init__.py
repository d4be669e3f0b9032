"""Use cases: relaying.py (outbox to bus), auditing.py (I1 to I6 from the tables' streams)."""
