"""The mails that are sent. Nothing in them was written by whoever asked for one: a stranger could
send their own words by our name.

A link carries its token behind `#`, which no browser sends to a server; the token stands below as
well, to be pasted where the link does not lead.
"""

from dataclasses import dataclass, field
from datetime import datetime
from html import escape

SHOP = "Cartwright"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one address, in both forms of its text."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def prove_address(to: str, token: str, *, account_url: str) -> Mail:
    """To who wants an account."""
    return _mail(
        to,
        f"Confirm your e-mail address for {SHOP}",
        "Somebody, we hope you, wants an account with this address. Confirm it and choose your "
        "password here:",
        link=f"{account_url}/verify#token={token}",
        code=token,
        rest="The link works once, for 24 hours. If it was not you, do nothing: there will be no "
        "account.",
    )


def address_is_taken(to: str, *, account_url: str) -> Mail:
    """To who has an account already."""
    return _mail(
        to,
        f"You have an account at {SHOP}",
        "Somebody, perhaps you, asked for an account with this address. You have one already. If "
        "you have forgotten your password, set another here:",
        link=f"{account_url}/forgot",
        rest="If it was not you, do nothing: nothing has changed.",
    )


def set_password(to: str, token: str, *, account_url: str) -> Mail:
    """To who has forgotten theirs."""
    return _mail(
        to,
        f"Set a new password for {SHOP}",
        "Somebody, we hope you, has forgotten the password of this account. Set another here:",
        link=f"{account_url}/reset#token={token}",
        code=token,
        rest="The link works once, for 15 minutes, and ends all sessions. If it was not you, do "
        "nothing: your password stays as it is.",
    )


def erasure_requested(to: str, due: datetime, *, account_url: str) -> Mail:
    """To who wants to be erased, or whose account somebody else got hold of."""
    return _mail(
        to,
        f"Your account at {SHOP} will be erased",
        "Somebody, we hope you, asked us to erase this account and all that we know of you. All "
        f"sessions have ended. It begins at {due:%Y-%m-%d %H:%M} UTC and cannot be undone then.",
        link=f"{account_url}/erasure",
        rest="Until then you can sign in and take it back. If it was not you, do so now and choose "
        "another password. An order that is open is finished first.",
    )


def erasure_done(to: str, receipt_url: str) -> Mail:
    """The last mail to who is erased."""
    return _mail(
        to,
        f"Your account at {SHOP} is erased",
        "This is the last mail that we can send you: your address, and all else that we know of "
        "you, is destroyed now. Of orders and payments the law has us keep ids and amounts. Our "
        "signed receipt will be here, for who has this link:",
        link=receipt_url,
        rest="If you register again, you begin anew.",
    )


def _mail(
    to: str, subject: str, begins: str, *, link: str, rest: str, code: str | None = None
) -> Mail:
    pasted = f"Or paste this code:\n\n{code}\n\n" if code else ""
    text = f"{begins}\n\n{link}\n\n{pasted}{rest}\n\n{SHOP}\n"
    quoted = escape(link, quote=True)
    parts = [escape(begins), f'<a href="{quoted}">{quoted}</a>']
    if code:
        parts.append(f"Or paste this code: <code>{escape(code)}</code>")
    parts += [escape(rest), SHOP]
    body = "".join(f"<p>{part}</p>" for part in parts)
    return Mail(to, subject, text, f"<!doctype html><html><body>{body}</body></html>")
