"""Use cases: what the steps do (charging), what the routes and the janitor do (requesting), what a
provider's webhook starts (listening).
"""
