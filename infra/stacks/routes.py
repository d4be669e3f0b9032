"""Routes: the methods of one service on the API, with their models and preflights.

The API and its paths are in the gateway's stack; what they are called there comes by parameters.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Fn
from aws_cdk import aws_apigateway as apigw
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.constructs import names
from infra.constructs.api_route import Api, add_preflight, add_route
from infra.constructs.invoke_role import invoke_role
from infra.contract import RouteContract, draft4, paths_of
from infra.project import Project
from infra.stacks.base import BaseStack
from infra.stages import Stage

# Whose answers the gateway keeps for a while, and whose it does not.
AUTHORIZERS = {False: "authorizer", True: "authorizer-each-time"}


class RoutesStack(BaseStack):
    """The routes of one service."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        project: Project,
        service: str,
        found: Sequence[RouteContract],
    ) -> None:
        super().__init__(
            scope,
            stage=stage,
            project=project,
            name=f"routes-{service}",
            description=f"The routes of {service}",
        )
        self._service = service
        self._mine = [route for route in found if route.service == service]
        self._api = Api(
            id=self._parameter("api"),
            authorizers={
                each_time: self._parameter(AUTHORIZERS[each_time])
                for each_time in sorted(
                    {route.asks_each_time for route in self._mine if route.needs_token}
                )
            },
            validator=self._parameter("validator"),
        )
        ids = ssm.StringListParameter.value_for_typed_list_parameter(
            self, names.gateway_parameter(stage, f"paths/{service}")
        )
        self._paths = {
            path: Fn.select(index, ids) for index, path in enumerate(paths_of(found, service))
        }
        self._add_routes(self._models(project.contract()))
        self._add_preflights()

    def _parameter(self, name: str) -> str:
        parameter = names.gateway_parameter(self.stage, name)
        return ssm.StringParameter.value_for_string_parameter(self, parameter)

    def _add_routes(self, models: Mapping[str, apigw.CfnModel]) -> None:
        functions = {
            route: names.function_arn(self, self.stage, route.service, route.name)
            for route in self._mine
        }
        role = invoke_role(
            self,
            stage=self.stage,
            subject=self._service,
            functions=list(dict.fromkeys(functions.values())),
        )
        scope = Construct(self, "Routes")
        for route, function_arn in functions.items():
            add_route(
                scope,
                route,
                api=self._api,
                resource_id=self._paths[route.path],
                function_arn=function_arn,
                role_arn=role.role_arn,
                model=models[route.body].ref if route.body else None,
            )

    def _models(self, document: Mapping[str, Any]) -> dict[str, apigw.CfnModel]:
        """Named by service too: a schema that two of them share is a model in each stack."""
        return {
            name: apigw.CfnModel(
                self,
                f"Model-{name}",
                rest_api_id=self._api.id,
                name=re.sub(r"[^0-9A-Za-z]", "", f"{self._service.title()}{name}"),
                content_type="application/json",
                schema=draft4(document, name),
            )
            for name in sorted({route.body for route in self._mine if route.body})
        }

    def _add_preflights(self) -> None:
        scope = Construct(self, "Preflights")
        for path, resource_id in self._paths.items():
            methods = [route.method for route in self._mine if route.path == path]
            add_preflight(scope, path, methods, api=self._api, resource_id=resource_id)
