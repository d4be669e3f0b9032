"""What an e-mail address is, and the one form by which its account is stored and found.

- The `@` may be typed as a full-width or a small one: keyboards for Japanese make them.
- The part before the `@` is a dot-atom of RFC 5322, or of RFC 6531 in other scripts: no quotes, no
  comments, no display name. It is compared in NFKC and small letters. RFC 5321 (2.4) would let a
  host tell `Ada` from `ada`, and none that is in use does; people do not. Aliases that a provider
  has (`ada+shop`, `a.da`) are other addresses here: their rules are the provider's to change.
- The domain is stored as its A-labels (IDNA 2008 with the mapping of UTS 46): `bücher` and
  `xn--bcher-kva` are one name. Names that no mail can reach (`localhost`, `.test`) are refused;
  the DNS is not asked.
"""

import unicodedata

MAX_LENGTH = 254  # octets (RFC 5321, 4.5.3.1.3 with errata 1690)
AT_SIGNS = "@\uff20\ufe6b"  # what NFKC makes an @ of
_ONE_AT_SIGN = str.maketrans(dict.fromkeys(AT_SIGNS, "@"))


def masked(email: str) -> str:
    """`a•••@example.com`: enough for its owner to know which it is."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def canonical(text: str) -> str | None:
    """The one form of an address, at most 254 octets; None for what is no address.

    Its own one form is itself.
    """
    # Here, because it takes longer to import than a password to be hashed, and few need it.
    from email_validator import EmailNotValidError, validate_email

    local, at, domain = _parts(text)
    try:
        found = validate_email(
            f"{_unified(local)}{at}{domain}", check_deliverability=False, strict=True
        )
    except EmailNotValidError:
        return None
    return f"{found.local_part}@{found.ascii_domain}"


def lookup_form(text: str) -> str:
    """The form by which a sign-in looks for an account: `canonical`, wherever there is one.

    What is no address has a form too, which is nobody's canonical one. So an address that was
    taken once, and would be refused today, still finds its account.
    """
    local, at, domain = _parts(text)
    if domain.isascii():  # All that the validator changes here is the case.
        return f"{_unified(local)}{at}{domain.lower()}"
    return canonical(text) or f"{_unified(local)}{at}{domain}"


def _parts(text: str) -> tuple[str, str, str]:
    return text.translate(_ONE_AT_SIGN).rpartition("@")


def _unified(text: str) -> str:
    """People type capitals and full-width characters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
