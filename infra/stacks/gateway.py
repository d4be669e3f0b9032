"""Gateway: the REST API and its paths, made from docs/openapi.json alone.

It names functions and needs none, so that services may come after it: they tell clients the address
of the API, which API Gateway chooses where there is no domain.
The methods on the paths are in a stack per service (routes.py), the deployment and its stage in the
last one (edge.py): together they would be more than CloudFormation takes in one stack. Ids that API
Gateway chose are published as parameters.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

from aws_cdk import CfnOutput, CfnTag
from aws_cdk import aws_apigateway as apigw
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra import problems
from infra.constructs import names
from infra.constructs.api_route import invocation_uri
from infra.constructs.invoke_role import invoke_role
from infra.contract import RouteContract, paths_of
from infra.project import Project
from infra.stacks.base import BaseStack
from infra.stages import TOKEN_KEPT_S, Stage

AUTHORIZER = ("identity", "authorizer")
# RFC 6750 (2.1) with the scheme in any case (RFC 9110, 11.1), as the authorizer takes it. Dialects
# of patterns differ in what `\w` is.
BEARER = r"^[Bb][Ee][Aa][Rr][Ee][Rr] +[A-Za-z0-9._~+/-]+=*$"


class GatewayStack(BaseStack):
    """The API without its methods."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        project: Project,
        found: Sequence[RouteContract],
    ) -> None:
        super().__init__(
            scope, stage=stage, project=project, name="gateway", description="The REST API"
        )
        self._api = self._rest_api()
        self._publish("api", self._api.ref)
        # Two that ask one function: the gateway keeps the answers of the first.
        self._publish("authorizer", self._authorizer("Authorizer", "tokens", TOKEN_KEPT_S).ref)
        each_time = self._authorizer("AuthorizerEachTime", "tokens-each-time", 0)
        self._publish("authorizer-each-time", each_time.ref)
        self._publish("validator", self._validator().ref)
        self._add_paths(found)
        self._answer_errors()
        CfnOutput(self, "ApiId", value=self._api.ref)
        CfnOutput(self, "ApiUrl", value=names.public_url(self, stage, api_id=self._api.ref))

    def _rest_api(self) -> apigw.CfnRestApi:
        fixed = self.stage.api_custom_id
        return apigw.CfnRestApi(
            self,
            "Api",
            name=self.stage.prefix,
            description="Cartwright",
            endpoint_configuration=apigw.CfnRestApi.EndpointConfigurationProperty(
                types=["REGIONAL"]
            ),
            # All answers are text, so there are no binary media types. The reference page (1.7 MB)
            # and long lists are compressed here, for whoever takes gzip.
            minimum_compression_size=8192,
            # Clients that came by another name would get tokens of an issuer they do not know.
            disable_execute_api_endpoint=self.stage.domain is not None,
            tags=[CfnTag(key=key, value=fixed) for key in ("ms-custom-id", "_custom_id_")]
            if fixed
            else None,
        )

    def _publish(self, name: str, value: str) -> None:
        ssm.StringParameter(
            self,
            f"Id-{name}",
            parameter_name=names.gateway_parameter(self.stage, name),
            string_value=value,
        )

    @cached_property
    def _authorizer_role(self) -> iam.Role:
        return invoke_role(
            self, stage=self.stage, subject="authorizer", functions=[self._authorizer_arn]
        )

    @property
    def _authorizer_arn(self) -> str:
        return names.function_arn(self, self.stage, *AUTHORIZER)

    def _authorizer(self, id_: str, name: str, kept_s: int) -> apigw.CfnAuthorizer:
        return apigw.CfnAuthorizer(
            self,
            id_,
            rest_api_id=self._api.ref,
            name=name,
            type="TOKEN",
            identity_source="method.request.header.Authorization",
            identity_validation_expression=BEARER,
            authorizer_uri=invocation_uri(self, self._authorizer_arn),
            authorizer_credentials=self._authorizer_role.role_arn,
            authorizer_result_ttl_in_seconds=kept_s,
        )

    def _validator(self) -> apigw.CfnRequestValidator:
        return apigw.CfnRequestValidator(
            self,
            "BodyAndParameters",
            rest_api_id=self._api.ref,
            validate_request_body=True,
            validate_request_parameters=True,
        )

    def _add_paths(self, found: Sequence[RouteContract]) -> None:
        """All of them here: services share their beginnings, and their owner must never change."""
        scope = Construct(self, "Paths")
        made: dict[str, apigw.CfnResource] = {}
        for path in nodes(route.path for route in found):
            parent, _, part = path.rpartition("/")
            made[path] = apigw.CfnResource(
                scope,
                path.replace("/", "|"),
                rest_api_id=self._api.ref,
                parent_id=made[parent].ref if parent else self._api.attr_root_resource_id,
                path_part=part,
            )
        for service in sorted({route.service for route in found}):
            ssm.StringListParameter(
                self,
                f"Paths-{service}",
                parameter_name=names.gateway_parameter(self.stage, f"paths/{service}"),
                string_list_value=[made[path].ref for path in paths_of(found, service)],
            )

    def _answer_errors(self) -> None:
        """Problem documents for all that never reaches a function."""
        errors_url = names.errors_url(self, self.stage, api_id=self._api.ref)
        for kind, problem in problems.GATEWAY_RESPONSES.items():
            fixed = {**problems.HEADERS, "Content-Type": problems.MEDIA_TYPE, **problem.headers}
            headers = {
                "X-Request-Id": "context.requestId",
                **{name: f"'{value}'" for name, value in fixed.items()},
            }
            apigw.CfnGatewayResponse(
                self,
                f"Answer-{kind}",
                rest_api_id=self._api.ref,
                response_type=kind,
                status_code=str(problem.status),
                response_parameters={
                    f"gatewayresponse.header.{name}": value for name, value in headers.items()
                },
                response_templates={"application/json": problem.template(errors_url)},
            )


def nodes(paths: Iterable[str]) -> list[str]:
    """Every path and every beginning of one, parents first: one resource of API Gateway each."""
    found = set()
    for path in paths:
        parts = path.split("/")
        found |= {"/".join(parts[:end]) for end in range(2, len(parts) + 1)}
    return sorted(found)
