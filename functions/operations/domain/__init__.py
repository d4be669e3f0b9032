"""Rules of operations: publication.py is what the relay puts on the bus; the rest is the auditor's.

Pure Python: no AWS, no clock, no randomness. invariants.py holds I1 to I6 over books.py; changes.py
and evidence.py say which rows a write calls into question, tallies.py what is summed up from the
streams instead of read again, suspects.py when something that looks wrong is told.
"""
