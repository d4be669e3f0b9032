"""What stops a command."""


class Refused(Exception):
    """Nothing was changed; the text is one sentence or more for people."""
