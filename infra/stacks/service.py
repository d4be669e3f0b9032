"""What the stack of every service is made of: a key, tables, functions, consumers, schedules.

A service's stack lists its functions with their rights in one table; this file turns that into
resources. Stacks know each other by names only, so none imports a value of another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.constructs import grants, names
from infra.constructs.alarms import Alarms
from infra.constructs.data_key import data_key
from infra.constructs.data_table import DataTable, Index
from infra.constructs.event_consumer import EventConsumer
from infra.constructs.schedule import Schedule
from infra.constructs.service_function import FunctionSpec, ServiceFunction
from infra.constructs.stream_mapping import StreamMapping
from infra.project import Project
from infra.stacks.base import BaseStack
from infra.stages import Stage

RELAY = ("operations", "relay")


@dataclass(frozen=True, kw_only=True)
class Use:
    """Something that functions use: the variables that name it and the rights that open it."""

    environment: Mapping[str, str] = field(default_factory=dict)
    rights: Sequence[iam.PolicyStatement] = ()


class ServiceStack(BaseStack):
    """The resources of one service."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        project: Project,
        service: str,
        about: str,
        name: str | None = None,
    ) -> None:
        super().__init__(scope, stage=stage, project=project, name=name or service, about=about)
        self.service = service
        self.functions: dict[str, ServiceFunction] = {}
        self._tables: dict[str, DataTable] = {}
        self._uses: dict[str, Use] = {
            "checkout": self._checkout("states:StartSyncExecution"),
            "checkout_later": self._checkout("states:StartExecution"),
        }

    @cached_property
    def key(self) -> kms.Key:
        """The service's key, made when the first thing needs it."""
        return data_key(self, "Key", stage=self.stage, subject=self.service)

    @cached_property
    def code(self) -> lambda_.Code:
        """The service's folder, built: one asset for all of its functions."""
        return lambda_.Code.from_asset(self.project.asset(self.stage, "functions", self.service))

    @cached_property
    def layers(self) -> Sequence[lambda_.ILayerVersion]:
        """The service's layers, as the platform stack made them last."""
        found: list[lambda_.ILayerVersion] = []
        for name in [] if self.stage.linked_layers else self.project.layers_of(self.service):
            parameter = names.layer_parameter(self.stage, name)
            arn = ssm.StringParameter.value_for_string_parameter(self, parameter)
            found.append(lambda_.LayerVersion.from_layer_version_arn(self, f"Layer-{name}", arn))
        return found

    def add_table(
        self,
        name: str,
        *,
        indexes: Mapping[str, Index] | None = None,
        streams: bool = True,
        expires: bool = True,
    ) -> DataTable:
        """A table that the functions' specs may name."""
        table = DataTable(
            self,
            f"Table-{name}",
            stage=self.stage,
            name=name,
            key=self.key,
            indexes=indexes or {},
            streams=streams,
            expires=expires,
        )
        self._tables[name] = table
        CfnOutput(self, f"TableName{name.title()}", value=table.table.table_name)
        return table

    def add_use(self, name: str, use: Use) -> None:
        """Something that the functions' specs may name in `uses`."""
        self._uses[name] = use

    def add_functions(self, specs: Sequence[FunctionSpec]) -> None:
        """Make the functions; consumers get their queue, jobs their schedule."""
        for spec in specs:
            if spec.kind == "consumer":
                self._add_consumer(spec)
            elif spec.kind == "job":
                self._add_job(spec)
            else:
                self.add_function(spec)

    def add_function(
        self,
        spec: FunctionSpec,
        *,
        rights: Sequence[iam.PolicyStatement] = (),
        failures_to: lambda_.IDestination | None = None,
    ) -> lambda_.Function:
        """Make one function with the rights of its spec, and `rights`."""
        uses = [self._uses[name] for name in spec.uses]
        environment = self._table_names(spec)
        if self.stage.linked_layers:
            environment["PYTHONPATH"] = self.project.linked_layers(self.stage, self.service)
        for use in uses:
            environment |= use.environment
        used = [statement for use in uses for statement in use.rights]
        made = ServiceFunction(
            self,
            spec.name,
            stage=self.stage,
            service=self.service,
            spec=spec,
            code=self.code,
            layers=self.layers,
            environment=environment,
            rights=[*self._table_rights(spec), *used, *rights],
            failures_to=failures_to,
        )
        self.functions[spec.name] = made
        return made.function

    def watch(self, troubles: Mapping[str, str]) -> None:
        """Tell people when the service counts one of these metrics, and what it means."""
        alarms = Alarms(self, "Troubles", stage=self.stage, subject=self.service)
        for metric, says in troubles.items():
            alarms.counted(metric, service=self.service, says=says)

    def let_audit(self, table: DataTable) -> None:
        """Tell where the table's stream is, so that the auditor can be given the right to it.

        Not as an export: an export that is in use cannot change, and a stream that is made anew
        has a new name.
        """
        ssm.StringParameter(
            self,
            f"Stream-{table.name}",
            parameter_name=names.stream_parameter(self.stage, table.name),
            string_value=table.stream_arn,
        )

    def publish_events_of(self, table: DataTable) -> None:
        """Let the platform's relay publish the events that the table's rows carry.

        The relay belongs to another stack; mapping and rights are made here, so that the platform
        knows no table.
        """
        service, name = RELAY
        role = names.role_name(self.stage, service, name)
        policy = iam.Policy(
            self,
            f"RelayReads-{table.name}",
            statements=list(grants.read_stream(table.stream_arn, self.key)),
            roles=[iam.Role.from_role_name(self, f"RelayRole-{table.name}", role)],
        )
        relay = names.function_arn(self, self.stage, service, name)
        dlq = names.relay_dlq_arn(self, self.stage)
        self.map_stream(f"Outbox-{table.name}", table, relay, dlq, parallel=4).after(policy)

    def map_stream(
        self, id_: str, table: DataTable, function_arn: str, dlq_arn: str, *, parallel: int
    ) -> StreamMapping:
        """Feed a function from a table's stream."""
        return StreamMapping(
            self,
            id_,
            stream_arn=table.stream_arn,
            function_arn=function_arn,
            dlq_arn=dlq_arn,
            parallel=parallel,
            max_age_s=self.stage.stream_max_age_s,
        )

    def _add_consumer(self, spec: FunctionSpec) -> None:
        subject = f"{self.service}-{spec.name}"
        consumer = EventConsumer(
            self,
            f"Events-{spec.name}",
            stage=self.stage,
            subject=subject,
            events_=spec.hears,
            retries=spec.retries,
        )
        function = self.add_function(spec, rights=[grants.receive(consumer.queue.queue_arn)])
        consumer.feed(function)
        CfnOutput(self, f"Queue-{spec.name}".replace("_", ""), value=consumer.queue.queue_url)

    def _add_job(self, spec: FunctionSpec) -> None:
        subject = f"{self.service}-{spec.name}"
        schedule = Schedule(self, f"Schedule-{spec.name}", stage=self.stage, subject=subject)
        function = self.add_function(
            spec,
            rights=[grants.send(schedule.dlq.queue_arn)],
            failures_to=schedule.failures_to,
        )
        schedule.start(function)

    def audited(self, key: kms.IKey, tables: Mapping[str, Sequence[str]]) -> Use:
        """Read these tables of another service, all encrypted by this key, and their streams."""
        environment: dict[str, str] = {}
        rights = [grants.use_table_key(key, write=False)]
        for name, actions in tables.items():
            parameter = names.stream_parameter(self.stage, name)
            stream = ssm.StringParameter.value_for_string_parameter(self, parameter)
            environment[f"TABLE_{name.upper()}"] = self.stage.physical(name)
            environment[f"STREAM_{name.upper()}"] = stream
            rights.append(grants.use_table(names.table_arn(self, self.stage, name), actions))
            if self.stage.streams_have_names:
                rights.append(grants.read_stream_directly(stream))
        if not self.stage.streams_have_names:
            rights.append(grants.read_stream_directly("*"))
        return Use(environment=environment, rights=rights)

    def _table_names(self, spec: FunctionSpec) -> dict[str, str]:
        used = {place.partition("/")[0] for place in spec.tables}
        return {
            f"TABLE_{name.upper()}": self._tables[name].table.table_name for name in sorted(used)
        }

    def _table_rights(self, spec: FunctionSpec) -> list[iam.PolicyStatement]:
        statements = []
        for place, actions in spec.tables.items():
            name, _, index = place.partition("/")
            table = self._tables[name]
            if index and index not in table.indexes:
                raise ValueError(f"{self.service}.{spec.name}: {name} has no index {index}")
            statements.append(grants.use_table(table.arn, actions, index=index or None))
        if statements:
            write = grants.writes(spec.tables)
            statements.append(grants.use_table_key(self.key, write=write))
        return statements

    def _checkout(self, action: str) -> Use:
        """Start the checkout machine: and wait for its answer, or leave it to itself."""
        arn = names.machine_arn(self, self.stage, "checkout")
        return Use(
            environment={"CHECKOUT_MACHINE_ARN": arn}, rights=[grants.allow(action, on=[arn])]
        )
