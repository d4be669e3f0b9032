"""Use cases: submit (HTTP), steps (state machine), upkeep (events and janitor)."""
