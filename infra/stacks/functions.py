"""A stack with functions of a service, each with the rights that it declares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.constructs import grants, names
from infra.constructs.data_key import data_key
from infra.constructs.data_table import DataTable
from infra.constructs.service_function import ServiceFunction
from infra.project import Project
from infra.stacks.base import BaseStack
from infra.stages import Stage
from shop.deploy import Foreign, Function, Service


@dataclass(frozen=True, kw_only=True)
class Capability:
    """Something that functions use: the variables that name it and the rights that open it."""

    environment: Mapping[str, str] = field(default_factory=dict)
    rights: Sequence[iam.PolicyStatement] = ()


class FunctionStack(BaseStack):
    """A stack with functions of a service."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        project: Project,
        service: Service,
        name: str,
        description: str,
    ) -> None:
        super().__init__(scope, stage=stage, project=project, name=name, description=description)
        self.service = service
        self.platform = project.platform()
        self.functions: dict[str, ServiceFunction] = {}
        self.tables: dict[str, DataTable] = {}
        self._uses: dict[str, Capability] = {}
        self._lent: dict[str, kms.IKey] = {}

    @cached_property
    def key(self) -> kms.Key | None:
        """The service's key, made when the first thing needs it, if it and the stage have such."""
        if not (self.stage.own_keys and self.service.own_key):
            return None
        return data_key(self, "Key", stage=self.stage, subject=self.service.name)

    @cached_property
    def code(self) -> lambda_.Code:
        """The service's folder, built: one asset for all of its functions."""
        name = self.service.name
        return lambda_.Code.from_asset(self.project.asset(self.stage, "functions", name))

    @cached_property
    def layers(self) -> Sequence[lambda_.ILayerVersion]:
        """The service's layers, as the platform stack made them last."""
        linked = self.stage.linked_layers
        found: list[lambda_.ILayerVersion] = []
        for name in [] if linked else self.project.layers_of(self.service.name):
            parameter = names.layer_parameter(self.stage, name)
            arn = ssm.StringParameter.value_for_string_parameter(self, parameter)
            found.append(lambda_.LayerVersion.from_layer_version_arn(self, f"Layer-{name}", arn))
        return found

    def add_use(self, name: str, use: Capability) -> None:
        """Something that the functions may name in `uses`."""
        self._uses[name] = use

    def add_function(
        self,
        spec: Function,
        *,
        rights: Sequence[iam.PolicyStatement] = (),
        environment: Mapping[str, str] | None = None,
        failures_to: lambda_.IDestination | None = None,
    ) -> lambda_.Function:
        """Make one function with the rights that it declares, and `rights`."""
        uses = [
            Capability(environment=self._table_names(spec), rights=self._table_rights(spec)),
            self._foreign(spec),
            self._objects(spec),
            *(self._uses[name] for name in spec.uses),
            *(self._machine(name, "states:StartSyncExecution") for name in spec.runs),
            *(self._machine(name, "states:StartExecution") for name in spec.starts),
        ]
        variables = dict(environment or {})
        if self.stage.linked_layers:
            variables["PYTHONPATH"] = self.project.linked_layers(self.stage, spec.service)
        for use in uses:
            variables |= use.environment
        made = ServiceFunction(
            self,
            spec.name,
            stage=self.stage,
            spec=spec,
            code=self.code,
            layers=self.layers,
            environment=variables,
            rights=[*(right for use in uses for right in use.rights), *rights],
            failures_to=failures_to,
        )
        self.functions[spec.name] = made
        return made.function

    def _table_names(self, spec: Function) -> dict[str, str]:
        used = {place.partition("/")[0] for place in spec.tables}
        return {
            f"TABLE_{name.upper()}": self.tables[name].table.table_name for name in sorted(used)
        }

    def _table_rights(self, spec: Function) -> list[iam.PolicyStatement]:
        statements = []
        for place, actions in spec.tables.items():
            name, _, index = place.partition("/")
            table = self.tables[name]
            if index and index not in table.indexes:
                raise ValueError(f"{spec.id}: {name} has no index {index}")
            statements.append(grants.use_table(table.arn, actions, index=index or None))
        if statements and self.key:
            write = grants.writes(spec.tables)
            statements.append(grants.use_table_key(self.key, write=write))
        return statements

    def _foreign(self, spec: Function) -> Capability:
        """Tables of other services, and their streams."""
        environment: dict[str, str] = {}
        rights: list[iam.PolicyStatement] = []
        for name, foreign in spec.foreign.items():
            environment[f"TABLE_{name.upper()}"] = self.stage.physical(name)
            rights.append(self._use_foreign(name, foreign))
            if foreign.stream:
                parameter = names.stream_parameter(self.stage, name)
                stream = ssm.StringParameter.value_for_string_parameter(self, parameter)
                environment[f"STREAM_{name.upper()}"] = stream
                on = stream if self.stage.streams_have_names else "*"
                rights.append(grants.read_stream_directly(on))
        owners: dict[str, dict[str, Sequence[str]]] = {}
        for name, foreign in spec.foreign.items():
            owners.setdefault(self.platform.owner(name), {})[name] = foreign.actions
        if self.stage.own_keys:
            rights += [
                grants.use_table_key(self._key_of(owner), write=grants.writes(actions))
                for owner, actions in sorted(owners.items())
                if self.platform.services[owner].own_key
            ]
        return Capability(environment=environment, rights=rights)

    def _objects(self, spec: Function) -> Capability:
        """Objects of buckets, below prefixes."""
        environment: dict[str, str] = {}
        rights: list[iam.PolicyStatement] = []
        for place, actions in spec.objects.items():
            bucket, _, prefix = place.partition("/")
            environment[f"BUCKET_{bucket.upper()}"] = names.bucket_name(self, self.stage, bucket)
            arn = names.objects_arn(self, self.stage, bucket, prefix)
            rights.append(grants.use_objects(arn, actions))
        for bucket in sorted({place.partition("/")[0] for place in spec.objects}):
            if key := self._key_of_bucket(bucket):
                all_ = [
                    a
                    for p, each in spec.objects.items()
                    if p.startswith(f"{bucket}/")
                    for a in each
                ]
                if asked := grants.use_objects_key(key, all_):
                    rights.append(asked)
        return Capability(environment=environment, rights=rights)

    def _key_of_bucket(self, bucket: str) -> kms.IKey | None:
        """The key of the service that it belongs to, where the stage has such keys."""
        owner = self.platform.owner_of_bucket(bucket)
        if not (self.stage.own_keys and self.platform.services[owner].own_key):
            return None
        return self.key if owner == self.service.name else self._key_of(owner)

    def _use_foreign(self, table: str, foreign: Foreign) -> iam.PolicyStatement:
        ask = grants.use_table(names.table_arn(self, self.stage, table), foreign.actions)
        if foreign.only_key:
            only = {"dynamodb:LeadingKeys": [foreign.only_key]}
            ask.add_conditions({"ForAllValues:StringEquals": only})
        return ask

    def _key_of(self, service: str) -> kms.IKey:
        """The key of another service, by its parameter."""
        if service not in self._lent:
            parameter = names.key_parameter(self.stage, service)
            arn = ssm.StringParameter.value_for_string_parameter(self, parameter)
            self._lent[service] = kms.Key.from_key_arn(self, f"Key-{service}", arn)
        return self._lent[service]

    def _machine(self, name: str, action: str) -> Capability:
        """Start a state machine: and wait for its answer, or leave it to itself."""
        arn = names.machine_arn(self, self.stage, name)
        return Capability(
            environment={f"{name.upper()}_MACHINE_ARN": arn},
            rights=[grants.allow(action, on=[arn])],
        )
