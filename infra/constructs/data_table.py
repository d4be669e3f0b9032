"""A DynamoDB table as all of ours are: keys pk and sk, on demand, own key, point-in-time copies."""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.removal import kept
from infra.stages import Stage
from shop.deploy import Index, Table

TTL_ATTRIBUTE = "expires_at"
# All that changes or removes an item. A put over an existing one is refused by its condition.
CHANGES = (
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
)


REPLICATION_ROLE = (
    "aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"
)


class DataTable(Construct):
    """A table as its service declares it, and its physical name."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        declared: Table,
        key: kms.IKey | None,
        replica_keys: Mapping[str, str] | None = None,
        streams: bool,
    ) -> None:
        """`replica_keys`: the ARNs of the keys of replicas by region, if the table has a key."""
        super().__init__(scope, id_)
        self.name = declared.name
        self.indexes = frozenset(declared.indexes)
        copies = dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=stage.point_in_time_recovery,
            recovery_period_in_days=declared.backup_days if stage.point_in_time_recovery else None,
        )
        replicas = stage.regions[1:] if declared.replicated else ()
        self.table = dynamodb.TableV2(
            self,
            "Table",
            table_name=stage.physical(declared.name),
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.customer_managed_key(key, replica_keys)
            if key
            else dynamodb.TableEncryptionV2.dynamo_owned_key(),
            global_secondary_indexes=[
                _index(name, index) for name, index in declared.indexes.items()
            ],
            # The relay reads the new image; of a row that is gone, the auditor the old one.
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES
            if streams or replicas
            else None,
            time_to_live_attribute=TTL_ATTRIBUTE if declared.expires else None,
            point_in_time_recovery_specification=copies,
            deletion_protection=stage.deletion_protection,
            removal_policy=kept(stage),
            replicas=[
                dynamodb.ReplicaTableProps(
                    region=region,
                    point_in_time_recovery_specification=copies,
                    deletion_protection=stage.deletion_protection,
                )
                for region in replicas
            ],
        )
        if declared.append_only:
            self._refuse_changes()

    @property
    def arn(self) -> str:
        """The table's ARN."""
        return self.table.table_arn

    @property
    def stream_arn(self) -> str:
        """The stream's ARN; a table without one has no publisher."""
        arn = self.table.table_stream_arn
        if arn is None:
            raise ValueError(f"table {self.name} has no stream")
        return arn

    def _refuse_changes(self) -> None:
        """In the table's own policy, which outranks what any role may.

        Only a replica is filled in another way: by the service's own role, which nobody can take.
        """
        replication = Stack.of(self).format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name=REPLICATION_ROLE,
        )
        self.table.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AppendOnly",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=list(CHANGES),
                resources=["*"],  # In a table's own policy this is the table.
                conditions={"ArnNotEquals": {"aws:PrincipalArn": replication}},
            )
        )


def _index(name: str, index: Index) -> dynamodb.GlobalSecondaryIndexPropsV2:
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_key=_text(index.partition),
        sort_key=_text(index.sort),
        projection_type=dynamodb.ProjectionType.INCLUDE
        if index.project
        else dynamodb.ProjectionType.KEYS_ONLY,
        non_key_attributes=list(index.project) or None,
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
