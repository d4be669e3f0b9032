"""Rules of operations: publication.py is what the relay puts on the bus; the rest is the auditor's.

Pure Python: no AWS, no clock, no randomness. registry.py has what the services say of their rows
(functions/<service>/invariants.py), invariants.py applies it; changes.py and evidence.py say which
rows a write calls into question, tallies.py what is summed up from the streams instead of read
again, suspects.py when something that looks wrong is told.
"""
