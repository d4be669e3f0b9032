"""What can go wrong on a developer's machine, said in one sentence a person can act on."""


class LocalError(Exception):
    """The message is the whole answer: what happened, and what to do about it."""
