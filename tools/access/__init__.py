"""Who may do what, computed from the synthesized templates: docs/access.md and the tests of it.

`python -m tools.access --write` writes the document, without it the differences are printed.
"""
