"""What ends a command early."""


class Unusable(Exception):
    """The message is one sentence that says what is missing and what to do. Exit code 2."""


class Failed(Exception):
    """The platform answered, but not as it should. Exit code 1."""
