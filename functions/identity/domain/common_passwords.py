"""The passwords that guessing starts with: known from leaks, of eight characters and more.

`common_passwords.gz`, 16,000 of them, one a line in small letters: those of Django's list (Royce
Williams; BSD 3-clause) and of zxcvbn's (Dan Wheeler, from Mark Burnett's; MIT) that are long enough
to be passwords here. The limits on failures (sign_in_attempts.py) keep a guesser from getting far
in a longer one (NIST SP 800-63B, 3.1.1.2, asks for a list of about that reach).
"""

import functools
import gzip
from pathlib import Path

FILE = Path(__file__).parents[1].joinpath("common_passwords.gz")


@functools.cache
def common() -> frozenset[str]:
    """All of them: read once, when the first password is chosen."""
    return frozenset(gzip.decompress(FILE.read_bytes()).decode().splitlines())
