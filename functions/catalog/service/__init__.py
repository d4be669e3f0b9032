"""Use cases of the catalogue, one module each."""
