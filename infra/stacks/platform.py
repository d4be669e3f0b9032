"""Platform: the event bus, the layers, the topics of alarms, and the relay of all outboxes."""

from collections.abc import Sequence
from functools import cached_property

from aws_cdk import Annotations, CfnOutput, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.constructs import grants, names
from infra.constructs.account_watch import AccountWatch
from infra.constructs.alarm_topics import AlarmTopics
from infra.constructs.queues import DeadLetterQueue
from infra.constructs.removal import kept
from infra.project import Project
from infra.stacks.functions import Capability, FunctionStack
from infra.stages import NO_ACCOUNT, Stage
from shop.deploy import Function

UNBOUND = (
    "The stage {0} is bound to no account and cannot be deployed. "
    "Bind it: make bootstrap STAGE={0} ACCOUNT=<12 digits>"
)


class PlatformStack(FunctionStack):
    """What all services stand on. It knows none of them but the one that has the relay."""

    def __init__(self, scope: Construct, *, stage: Stage, project: Project) -> None:
        platform = project.platform()
        super().__init__(
            scope,
            stage=stage,
            project=project,
            service=platform.services[platform.relay.service],
            name="platform",
            description="Event bus, layers, alarms and the outbox relay",
        )
        if stage.bootstrapped and stage.account == NO_ACCOUNT:
            Annotations.of(self).add_warning_v2("cartwright:unbound", UNBOUND.format(stage.name))
        self._publish_layers()
        self._add_request_id_key()
        self._add_wrapping_key()
        self._add_bus()
        if stage.alarms:
            self._tell_people()
        # The function only: each service's stack connects its own streams to it.
        self._add_relay(platform.relay)

    def _add_relay(self, relay: Function) -> None:
        """With the queue where it parks what comes in vain."""
        subject = f"{relay.service}-{relay.name}"
        dlq = DeadLetterQueue(self, "RelayDeadLetters", stage=self.stage, subject=subject).queue
        CfnOutput(self, "RelayDlqUrl", value=dlq.queue_url)
        self.add_function(
            relay,
            rights=[grants.send(dlq.queue_arn)],
            environment={relay.parks: dlq.queue_url} if relay.parks else None,
        )

    @cached_property
    def layers(self) -> Sequence[lambda_.ILayerVersion]:
        """The service's layers themselves: their parameters do not exist before this stack does."""
        return [
            self._layers[name]
            for name in self.project.layers_of(self.service.name)
            if name in self._layers
        ]

    def _publish_layers(self) -> None:
        """Make the layers and publish their versions as parameters.

        Not as exports: an export that is in use cannot change, and every version is a new ARN.
        """
        self._layers: dict[str, lambda_.LayerVersion] = {}
        for name in [] if self.stage.linked_layers else self.project.layer_names():
            layer = lambda_.LayerVersion(
                self,
                f"Layer-{name}",
                layer_version_name=self.stage.physical(name),
                code=lambda_.Code.from_asset(self.project.asset(self.stage, "layers", name)),
                compatible_runtimes=[
                    lambda_.Runtime(self.stage.runtime, lambda_.RuntimeFamily.PYTHON)
                ],
                # A service that rolls back goes to the version before, which must still be there.
                removal_policy=RemovalPolicy.RETAIN,
            )
            ssm.StringParameter(
                self,
                f"LayerVersion-{name}",
                parameter_name=names.layer_parameter(self.stage, name),
                string_value=layer.layer_version_arn,
            )
            self._layers[name] = layer

    def _add_request_id_key(self) -> None:
        """The secret in the ids of orders and payments. Never replaced: a repeat of a request would
        not find what it made before.
        """
        key = kms.Key(
            self,
            "RequestIdKey",
            alias=f"alias/{self.stage.physical('request-ids')}",
            key_spec=kms.KeySpec.HMAC_256,
            key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
            multi_region=True,  # Cannot be changed later, and costs nothing.
            removal_policy=kept(self.stage),
        )
        parameter = names.request_id_key_parameter(self.stage)
        ssm.StringParameter(
            self, "RequestIdKeyArn", parameter_name=parameter, string_value=key.key_arn
        )

    def _add_wrapping_key(self) -> None:
        """Wraps the data key of each user. It is no service's data key: those open through DynamoDB
        for every row, this one by the name of one user, and in every region that has its replica.
        """
        key = kms.Key(
            self,
            "WrappingKey",
            alias=f"alias/{self.stage.physical('user-keys')}",
            key_spec=kms.KeySpec.SYMMETRIC_DEFAULT,
            key_usage=kms.KeyUsage.ENCRYPT_DECRYPT,
            enable_key_rotation=True,
            multi_region=True,
            removal_policy=kept(self.stage),
        )
        parameter = names.wrapping_key_parameter(self.stage)
        ssm.StringParameter(
            self, "WrappingKeyArn", parameter_name=parameter, string_value=key.key_arn
        )

    def _add_bus(self) -> None:
        bus = events.EventBus(self, "Bus", event_bus_name=self.stage.physical())
        self._bus = bus
        self.add_use(
            "bus",
            Capability(
                environment={"BUS_NAME": bus.event_bus_name},
                rights=[grants.allow("events:PutEvents", on=[bus.event_bus_arn])],
            ),
        )
        CfnOutput(self, "BusName", value=bus.event_bus_name)

    def _tell_people(self) -> None:
        """Topics of the alarms, and what goes to the pages beside them: an alarm cannot say which
        order it is."""
        subject = "operations-notify-of-violations"
        topics = AlarmTopics(self, "AlarmTopics", stage=self.stage)
        dlq = DeadLetterQueue(self, "TellDeadLetters", stage=self.stage, subject=subject).queue
        told = events.EventField.from_path
        rule = events.Rule(
            self,
            "NotifyOfViolations",
            rule_name=self.stage.physical(subject),
            event_bus=self._bus,
            event_pattern=events.EventPattern(
                source=[f"shop.{self.service.name}"],
                detail_type=["invariant.violated", "invariant.resolved"],
            ),
        )
        topics.page_at(
            rule,
            f"{told('$.detail-type')} {told('$.detail.data.invariant')} "
            f"{told('$.detail.data.subject_id')}: {told('$.detail.data.detail')} "
            f"(since {told('$.detail.data.first_seen_at')})",
            dlq=dlq,
        )
        if self.stage.watches_account:
            AccountWatch(self, "AccountWatch", stage=self.stage, topics=topics, dlq=dlq)
