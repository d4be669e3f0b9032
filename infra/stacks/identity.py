"""Identity: users and sessions, the key that signs tokens, the authorizer of all routes."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.grants import allow
from infra.constructs.service_function import FunctionSpec
from infra.project import Project
from infra.stacks.service import ServiceStack, Use
from infra.stages import Stage

CPU_MB = 1769  # One whole vCPU: hashing a password is all that these functions wait for.

FUNCTIONS = (
    FunctionSpec(
        name="register_user",
        kind="route",
        handler="identity.api.register_user.handler",
        tables={"identity": ("PutItem",)},
        uses=("email_mac",),
        memory_mb=CPU_MB,
    ),
    FunctionSpec(
        name="create_session",
        kind="route",
        handler="identity.api.create_session.handler",
        tables={"identity": ("GetItem", "PutItem", "UpdateItem")},
        uses=("email_mac", "sign_tokens"),
        memory_mb=CPU_MB,
    ),
    FunctionSpec(
        name="refresh_session",
        kind="route",
        handler="identity.api.refresh_session.handler",
        tables={"identity": ("GetItem", "UpdateItem")},
        uses=("sign_tokens",),
    ),
    FunctionSpec(
        name="jwks",
        kind="route",
        handler="identity.api.jwks.handler",
        uses=("verify_tokens",),
    ),
    FunctionSpec(
        name="authorizer",
        kind="authorizer",
        handler="identity.authorizer.handler",
        uses=("verify_tokens",),
    ),
)

TROUBLES = {
    "RefreshReuseDetected": "A refresh token came twice: it may be stolen. Its session is over.",
    "AuthorizerFault": "The authorizer cannot check tokens: every route answers 500.",
}


class IdentityStack(ServiceStack):
    """The service `identity`."""

    def __init__(self, scope: Construct, *, stage: Stage, project: Project) -> None:
        super().__init__(
            scope,
            stage=stage,
            project=project,
            service="identity",
            about="Users, sessions, token keys and the authorizer",
        )
        table = self.add_table("identity")
        self._add_token_key()
        self._add_email_mac_key()
        self.add_functions(FUNCTIONS)
        self.watch(TROUBLES)
        self.publish_events_of(table)

    def _add_token_key(self) -> None:
        """ES256: the private half never leaves KMS."""
        key = self._key("TokenKey", "tokens", kms.KeySpec.ECC_NIST_P256, kms.KeyUsage.SIGN_VERIFY)
        environment = {
            "TOKEN_KEY_ARN": key.key_arn,
            "TOKEN_ISSUER": self.stage.token_issuer,
            "TOKEN_AUDIENCE": self.stage.token_audience,
        }
        sign = iam.PolicyStatement(
            actions=["kms:Sign", "kms:GetPublicKey"],
            resources=[key.key_arn],
            # GetPublicKey names no algorithm, hence IfExists.
            conditions={"StringEqualsIfExists": {"kms:SigningAlgorithm": "ECDSA_SHA_256"}},
        )
        verify = allow("kms:GetPublicKey", on=[key.key_arn])
        self.add_use("sign_tokens", Use(environment=environment, rights=[sign]))
        self.add_use("verify_tokens", Use(environment=environment, rights=[verify]))

    def _add_email_mac_key(self) -> None:
        """Addresses are looked up by their HMAC, so the table can be read without knowing them."""
        key = self._key(
            "EmailMacKey", "email-mac", kms.KeySpec.HMAC_256, kms.KeyUsage.GENERATE_VERIFY_MAC
        )
        self.add_use(
            "email_mac",
            Use(
                environment={"EMAIL_MAC_KEY_ARN": key.key_arn},
                rights=[allow("kms:GenerateMac", on=[key.key_arn])],
            ),
        )

    def _key(self, id_: str, name: str, spec: kms.KeySpec, usage: kms.KeyUsage) -> kms.Key:
        return kms.Key(
            self,
            id_,
            alias=f"alias/{self.stage.physical('identity', name)}",
            key_spec=spec,
            key_usage=usage,
            removal_policy=RemovalPolicy.RETAIN if self.stage.retain else RemovalPolicy.DESTROY,
        )
