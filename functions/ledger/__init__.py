"""The ledger: double-entry, append-only; balances are folded from it."""
