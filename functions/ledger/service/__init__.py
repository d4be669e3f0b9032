"""Use cases: posting.py (an event becomes a transaction), folding.py, reading.py (the API).

Three files, so that the fold loads no pydantic and a route no posting.
"""
