"""Use cases: what the steps do (charging) and what the routes and the janitor do (requesting)."""
