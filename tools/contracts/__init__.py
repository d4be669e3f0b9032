"""Contracts generated from the code: OpenAPI, routes, the catalogue of problems, event schemas.

`python -m tools.contracts` writes them, `--check` compares them with what is committed. infra reads
only these files, never runtime code.
"""
