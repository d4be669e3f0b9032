"""The pages of authorization: sign in, agree. No script; labels, and errors that name their fields.

All that is filled in is escaped. What was typed is not shown again.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, StrictUndefined

from identity.domain.authorization import origin_of
from identity.service.authorize_client import Question
from shop import pages
from shop.problems import Problem
from shop.responses import Response

WORDS = {
    "openid": "know you again, by a number that the shop gives you",
    "email": "see your e-mail address",
    "profile": "see your name and language",
    "shop:buy": "order and pay for you, and see your orders",
    "orders:read": "see all orders",
    "orders:write": "change all orders",
    "catalog:write": "change products and prices",
    "inventory:write": "change the stock",
    "payments:write": "change payments",
    "finance:read": "read the books",
    "ops": "see how the platform does",
}

SIGN_IN = """\
<h1>Sign in</h1>
<p>{{ client }} asks for access to your account.</p>
{% if error %}<p id="error" class="error" role="alert">{{ error }}</p>
{% endif %}<form method="post" action="login">
<input type="hidden" name="form" value="{{ form }}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254"
{%- if error %} aria-invalid="true" aria-describedby="error"{% endif %}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
 maxlength="1024"
{%- if error %} aria-invalid="true" aria-describedby="error"{% endif %}>
<button name="decision" value="allow">Sign in</button>
<button class="other" name="decision" value="deny" formnovalidate>Cancel</button>
</form>
"""
CONSENT = """\
<h1>{{ client }} asks for access</h1>
<p id="what">If you agree, it may:</p>
<ul aria-labelledby="what">
{% for each in scopes %}<li>{{ each }}</li>
{% endfor %}</ul>
<p>You can end that where you see your sessions.</p>
<form method="post" action="consent">
<input type="hidden" name="form" value="{{ form }}">
<button name="decision" value="allow">Agree</button>
<button class="other" name="decision" value="deny">Decline</button>
</form>
"""


def sign_in(
    question: Question, refused: Problem | None = None, *, cookie: str | None = None
) -> Response:
    """Who is it? With what is wrong, if something is."""
    main = _main(
        SIGN_IN,
        client=question.client.name,
        form=question.form,
        error=refused.detail if refused else None,
    )
    headers = dict(refused.headers) if refused else {}
    if cookie is not None:
        headers["Set-Cookie"] = cookie
    status = refused.type.status if refused else 200
    return _page("Sign in", main, question, status=status, headers=headers)


def consent(question: Question) -> Response:
    """Do they agree?"""
    scopes = [WORDS[each] for each in question.request.scope.split()]
    main = _main(CONSENT, client=question.client.name, form=question.form, scopes=scopes)
    return _page("Agree", main, question)


def _page(
    title: str,
    main: str,
    question: Question,
    *,
    status: int = 200,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    # A form of it may be answered by a redirect to the client, which policies of browsers stop
    # where it is not named.
    policy = pages.policy("'self'", origin_of(question.request.redirect_uri))
    return Response(
        status,
        pages.document(title, main),
        headers={**headers, "Content-Security-Policy": policy},
        content_type=pages.MEDIA_TYPE,
    )


def _main(template: str, **values: Any) -> str:
    return str(_environment().from_string(template).render(**values))


@cache
def _environment() -> Environment:
    return Environment(autoescape=True, undefined=StrictUndefined)
