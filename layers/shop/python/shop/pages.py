"""Pages for people: one small document that loads nothing, runs nothing and is nobody's frame.

`main` is HTML that its maker has escaped; all else is escaped here.
"""

import base64
import hashlib
from html import escape

MEDIA_TYPE = "text/html; charset=utf-8"
STYLE = """\
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;padding:1rem}
main{max-width:26rem;margin:2rem auto}
h1{font-size:1.5rem;line-height:1.2}
label{display:block;margin-top:1rem;font-weight:600}
input{box-sizing:border-box;width:100%;padding:.6rem;font:inherit;border:1px solid #767676;\
border-radius:.25rem}
button{margin:1.5rem .75rem 0 0;padding:.6rem 1.25rem;font:inherit;border:1px solid #1d4ed8;\
border-radius:.25rem;background:#1d4ed8;color:#fff}
button.other{background:#fff;color:#1d4ed8}
:focus-visible{outline:3px solid #f59e0b;outline-offset:2px}
.error{padding:.6rem;border-left:.3rem solid #b91c1c;background:#fef2f2;color:#7f1d1d}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def policy(*form_targets: str) -> str:
    """The content policy of a page whose forms go there; none: it has no form. Browsers hold
    redirects that follow a form to it, too, so they are named."""
    targets = " ".join(form_targets) or "'none'"
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def document(title: str, main: str) -> str:
    """The whole page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{main}\n</main>\n</body>\n</html>\n"
    )


def of_error(title: str, detail: str, *, request_id: str) -> str:
    """A page that says what went wrong and leads nowhere."""
    main = (
        f'<h1>{escape(title)}</h1>\n<p role="alert">{escape(detail)}</p>\n'
        f"<p>Request {escape(request_id)}</p>"
    )
    return document(title, main)
