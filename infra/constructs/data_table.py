"""A DynamoDB table as all of ours are: keys pk and sk, on demand, own key, point-in-time copies."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.stages import Stage

TTL_ATTRIBUTE = "expires_at"


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index by two keys. It holds those, and of other attributes `project`: what its readers
    read. Each more is written once more with every change of it.
    """

    partition: str
    sort: str
    project: tuple[str, ...] = ()


def due(*project: str) -> Mapping[str, Index]:
    """Sparse: only rows in a non-final state carry both attributes."""
    return {"due": Index(partition="due_shard", sort="due_at", project=project)}


class DataTable(Construct):
    """A table and its physical name. Rows with `expires_at` go by themselves if `expires`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        name: str,
        key: kms.IKey,
        indexes: Mapping[str, Index],
        streams: bool,
        expires: bool,
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        self.indexes = frozenset(indexes)
        self.table = dynamodb.TableV2(
            self,
            "Table",
            table_name=stage.physical(name),
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.customer_managed_key(key),
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=index,
                    partition_key=_text(each.partition),
                    sort_key=_text(each.sort),
                    projection_type=dynamodb.ProjectionType.INCLUDE
                    if each.project
                    else dynamodb.ProjectionType.KEYS_ONLY,
                    non_key_attributes=list(each.project) or None,
                )
                for index, each in indexes.items()
            ],
            # The relay reads the new image; of a row that is gone, the auditor the old one.
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if streams else None,
            time_to_live_attribute=TTL_ATTRIBUTE if expires else None,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=stage.point_in_time_recovery
            ),
            deletion_protection=stage.deletion_protection,
            removal_policy=RemovalPolicy.RETAIN if stage.retain else RemovalPolicy.DESTROY,
        )

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


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
