"""The platform on one machine: emulator, payment provider, deployment, seed, live reload.

`make up` runs bootstrap.py with the system's Python; that prepares the virtual environment and
hands over to `python -m tools.local up`. Nothing here is shipped, and nothing shipped imports it.
"""
