"""The stack of a service, made of what the service declares: key, tables, functions, alarms.

It knows no service by name. What is special about one is in infra/extensions. Stacks know each
other by names and parameters only, so none imports a value of another.
"""

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.constructs import grants, names
from infra.constructs.alarms import Alarms
from infra.constructs.data_bucket import DataBucket
from infra.constructs.data_key import replica_arn
from infra.constructs.data_table import DataTable
from infra.constructs.event_consumer import EventConsumer
from infra.constructs.schedule import Schedule
from infra.constructs.stream_mapping import StreamMapping
from infra.extensions import extend
from infra.project import Project
from infra.stacks.functions import Capability, FunctionStack
from infra.stages import Stage
from shop.deploy import Function, Service, Table

REQUEST_IDS = "request_ids"
# Which actions on the key that wraps those of users; the rights on the table of these are foreign.
PERSONAL_DATA = {
    "open_personal_data": ("kms:Decrypt",),
    "seal_personal_data": ("kms:Decrypt", "kms:GenerateDataKey"),
}


class ServiceStack(FunctionStack):
    """All that a service declares."""

    def __init__(
        self, scope: Construct, *, stage: Stage, project: Project, service: Service
    ) -> None:
        super().__init__(
            scope,
            stage=stage,
            project=project,
            service=service,
            name=service.name,
            description=service.description,
        )
        for table in service.tables:
            self._add_table(table)
        for bucket in service.buckets:
            DataBucket(self, f"Bucket-{bucket.name}", stage=stage, declared=bucket, key=self.key)
        self._offer_keys_of_the_platform()
        extend(self)
        for spec in service.functions:
            self._add(spec)
        for table in service.tables:
            if table.publishes:
                self._publish_events_of(self.tables[table.name])
            if self.platform.followed(table):
                self._tell_stream(self.tables[table.name])
        if self.key and self.platform.lends(service):
            parameter = names.key_parameter(stage, service.name)
            self._tell("KeyArn", parameter, self.key.key_arn)
        self._watch()

    def _add_table(self, declared: Table) -> None:
        name = declared.name
        table = DataTable(
            self,
            f"Table-{name}",
            stage=self.stage,
            declared=declared,
            key=self.key,
            replica_keys={
                region: replica_arn(self, self.stage, region, self.service.name)
                for region in self.stage.regions[1:]
                if declared.replicated
            },
            streams=self.platform.streams(declared),
        )
        self.tables[name] = table
        CfnOutput(self, f"TableName{name.title()}", value=table.table.table_name)

    def _offer_keys_of_the_platform(self) -> None:
        used = {name for spec in self.service.functions for name in spec.uses}
        if REQUEST_IDS in used:
            self._offer_request_ids()
        if used & set(PERSONAL_DATA):
            self._offer_personal_data()

    def _offer_request_ids(self) -> None:
        """Offer `request_ids`: the platform's key, for one MAC in a process."""
        parameter = names.request_id_key_parameter(self.stage)
        arn = ssm.StringParameter.value_for_string_parameter(self, parameter)
        rights = [grants.allow("kms:GenerateMac", on=[arn])]
        use = Capability(environment={"REQUEST_ID_KEY_ARN": arn}, rights=rights)
        self.add_use(REQUEST_IDS, use)

    def _offer_personal_data(self) -> None:
        """Offer `open_personal_data` and `seal_personal_data`: keys of users, one at a time."""
        parameter = names.wrapping_key_parameter(self.stage)
        arn = ssm.StringParameter.value_for_string_parameter(self, parameter)
        for name, actions in PERSONAL_DATA.items():
            rights = [grants.for_named_user(arn, *actions, stage=self.stage)]
            self.add_use(name, Capability(environment={"WRAPPING_KEY_ARN": arn}, rights=rights))

    def _add(self, spec: Function) -> None:
        """Make a function; consumers get their queue, jobs their schedule."""
        if spec.kind == "consumer":
            self._add_consumer(spec)
        elif spec.kind == "job":
            self._add_job(spec)
        elif spec.kind != "stream":  # The relay is in the platform stack.
            self.add_function(spec)

    def _add_consumer(self, spec: Function) -> None:
        subject = f"{spec.service}-{spec.name}"
        consumer = EventConsumer(
            self,
            f"Events-{spec.name}",
            stage=self.stage,
            subject=subject,
            events_=spec.event_types,
            retries=spec.retries,
        )
        function = self.add_function(spec, rights=[grants.receive(consumer.queue.queue_arn)])
        consumer.connect(function, most=spec.max_concurrency)
        CfnOutput(self, f"Queue-{spec.name}".replace("_", ""), value=consumer.queue.queue_url)

    def _add_job(self, spec: Function) -> None:
        subject = f"{spec.service}-{spec.name}"
        schedule = Schedule(self, f"Schedule-{spec.name}", stage=self.stage, subject=subject)
        function = self.add_function(
            spec,
            rights=[grants.send(schedule.dlq.queue_arn)],
            failures_to=schedule.failures_to,
        )
        schedule.start(function)

    def _publish_events_of(self, table: DataTable) -> None:
        """Let the relay publish the events that the table's rows carry.

        It belongs to another stack; mapping and rights are made here, so that the platform knows
        no table.
        """
        relay = self.platform.relay
        role = names.role_name(self.stage, relay.service, relay.name)
        policy = iam.Policy(
            self,
            f"RelayReads-{table.name}",
            statements=list(grants.read_stream(table.stream_arn, self.key)),
            roles=[iam.Role.from_role_name(self, f"RelayRole-{table.name}", role)],
        )
        mapping = StreamMapping(
            self,
            f"Outbox-{table.name}",
            stream_arn=table.stream_arn,
            function_arn=names.function_arn(self, self.stage, relay.service, relay.name),
            dlq_arn=names.dlq_arn(self, self.stage, relay.service, relay.name),
            parallel=relay.parallel,
            max_age_s=self.stage.stream_max_age_s,
        )
        mapping.after(policy)

    def _tell_stream(self, table: DataTable) -> None:
        parameter = names.stream_parameter(self.stage, table.name)
        self._tell(f"Stream-{table.name}", parameter, table.stream_arn)

    def _tell(self, id_: str, parameter: str, value: str) -> None:
        """Publish what other stacks need, and AWS names.

        Not as an export: an export that is in use cannot change, and a stream that is made anew
        has a new name.
        """
        ssm.StringParameter(self, id_, parameter_name=parameter, string_value=value)

    def _watch(self) -> None:
        """Tell people when the service counts what it says is trouble."""
        if self.service.alarms:
            alarms = Alarms(self, "Troubles", stage=self.stage, subject=self.service.name)
            for alarm in self.service.alarms:
                alarms.declared(alarm, service=self.service.name)
