"""Use cases of operations: the relay, the check of invariants, the documents."""
