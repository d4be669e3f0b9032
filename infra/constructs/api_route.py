"""One method and path of the gateway, served by one function."""

from aws_cdk import aws_apigateway as apigw
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.contract import RouteContract

IDEMPOTENCY_KEY = "method.request.header.Idempotency-Key"


class ApiRoute(Construct):
    """A route. The function is known by its ARN; the permission to invoke it is made here."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        resource: apigw.IResource,
        route: RouteContract,
        function_arn: str,
        authorizer: apigw.IAuthorizer,
        validator: apigw.IRequestValidator,
        model: apigw.IModel | None,
    ) -> None:
        super().__init__(scope, id_)
        function = lambda_.Function.from_function_attributes(
            self, "Function", function_arn=function_arn, same_environment=True
        )
        parameters = {f"method.request.path.{name}": True for name in route.path_parameters}
        if route.idempotent:
            parameters[IDEMPOTENCY_KEY] = True
        self.method = resource.add_method(
            route.method,
            apigw.LambdaIntegration(function, allow_test_invoke=False),
            authorizer=authorizer if route.needs_token else None,
            authorization_type=apigw.AuthorizationType.CUSTOM
            if route.needs_token
            else apigw.AuthorizationType.NONE,
            request_parameters=parameters,
            request_models={"application/json": model} if model else None,
            request_validator=validator,
            operation_name=route.name,
        )
        reasons = {"AwsSolutions-COG4": "Tokens are our own, checked by a Lambda authorizer."}
        if not route.needs_token:
            reasons["AwsSolutions-APIG4"] = (
                "Its function checks the sender's signature over the body."
                if route.auth == "signature"
                else "Public by its contract: see docs/openapi.json."
            )
        acknowledge(self.method, reasons)
