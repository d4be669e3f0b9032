"""Storage: streams.py and evidence.py read the tables of others, notes.py is the auditor's own."""
