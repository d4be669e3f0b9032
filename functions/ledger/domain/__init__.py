"""Ledger rules: which accounts exist, what may be posted, what a balance is.

Pure Python: no AWS, no clock, no randomness. chart.py is data; accounts.py, posting.py and
balances.py are the rules over it.
"""
