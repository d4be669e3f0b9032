"""What clients have to know of this provider (RFC 8414, OpenID Connect Discovery 1.0)."""

from typing import Any

from identity.domain import client_assertion, user
from identity.domain.authentication import Level
from identity.domain.oauth_client import OF_ANY_USER, AuthMethod, GrantType
from identity.domain.token_keys import ALGORITHM

CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid",
    "email", "email_verified", "name", "locale",
)  # fmt: skip


def provider_metadata(issuer: str) -> dict[str, Any]:
    """The same for both documents: OpenID Connect adds to OAuth and changes nothing of it."""
    proofs = [method.value for method in AuthMethod]
    confidential = [method.value for method in AuthMethod if method is not AuthMethod.NONE]
    algorithms = [*client_assertion.ALGORITHMS]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": token_endpoint(issuer),
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "scopes_supported": [*OF_ANY_USER, *user.ANY_ROLE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [grant.value for grant in GrantType],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": proofs,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": proofs,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "acr_values_supported": [level.value for level in Level],
        "claims_supported": [*CLAIMS],
        "prompt_values_supported": ["none", "login", "consent"],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def token_endpoint(issuer: str) -> str:
    """Where clients get tokens; an assertion of theirs may be for it, or for the issuer."""
    return f"{issuer}/oauth2/token"
