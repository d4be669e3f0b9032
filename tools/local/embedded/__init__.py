"""The emulator as `make up` starts it: unchanged, in a process of ours that adds three things.

gate.py lets in who may, saving.py keeps the state on disk while it runs, and `tools.local.workers`
forks what functions run in.
"""
