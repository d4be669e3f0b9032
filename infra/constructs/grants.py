"""Rights, spelled out: every statement names its actions and its resources.

CDK's own `grant_*` helpers are not used: grant_read_write_data, for one, allows Scan and Delete.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from infra.stages import Stage

READS = frozenset({"GetItem", "BatchGetItem", "Query", "ConditionCheckItem"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})


def allow(*actions: str, on: Sequence[str]) -> iam.PolicyStatement:
    """Allow these actions on these resources."""
    return iam.PolicyStatement(actions=list(actions), resources=list(on))


def use_table_key(key: kms.IKey, *, write: bool) -> iam.PolicyStatement:
    """What DynamoDB asks of a key for whoever reads, or writes, a table that it encrypts."""
    writing = ("kms:Encrypt", "kms:GenerateDataKey") if write else ()
    return through("dynamodb", key, "kms:Decrypt", "kms:DescribeKey", *writing)


def through(service: str, key: kms.IKey, *actions: str) -> iam.PolicyStatement:
    """Allow actions on a key, when that AWS service asks for them on the caller's behalf."""
    region = Stack.of(key).region
    return iam.PolicyStatement(
        actions=list(actions),
        resources=[key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}},
    )


def for_named_user(key_arn: str, *actions: str, stage: Stage) -> iam.PolicyStatement:
    """Allow actions on the key that wraps those of users, each time for one user, by name."""
    conditions = {
        "StringLike": {"kms:EncryptionContext:user_id": "usr_*"},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["user_id"]},
    }
    return iam.PolicyStatement(
        actions=list(actions),
        resources=[key_arn],
        conditions=conditions if stage.knows_encryption_contexts else None,
    )


def use_table(
    table_arn: str, actions: Sequence[str], *, index: str | None = None
) -> iam.PolicyStatement:
    """DynamoDB actions by their short names. A transaction needs those of its parts."""
    unknown = set(actions) - READS - WRITES
    if unknown:
        raise ValueError(f"not an item action: {', '.join(sorted(unknown))}")
    resource = f"{table_arn}/index/{index}" if index else table_arn
    return allow(*[f"dynamodb:{action}" for action in actions], on=[resource])


OBJECT_ACTIONS = frozenset({"GetObject", "PutObject", "DeleteObject"})


def use_objects(arn: str, actions: Sequence[str]) -> iam.PolicyStatement:
    """Object actions by their short names, below one prefix."""
    unknown = set(actions) - OBJECT_ACTIONS
    if unknown:
        raise ValueError(f"not an object action: {', '.join(sorted(unknown))}")
    return allow(*[f"s3:{action}" for action in actions], on=[arn])


def use_objects_key(key: kms.IKey, actions: Sequence[str]) -> iam.PolicyStatement | None:
    """What S3 asks of a key for whoever reads or writes an object that it encrypts."""
    wanted = [
        f"kms:{name}"
        for action, name in (("GetObject", "Decrypt"), ("PutObject", "GenerateDataKey"))
        if action in actions
    ]
    return through("s3", key, *wanted) if wanted else None


def read_secret(secret_arn: str, key: kms.IKey | None) -> Sequence[iam.PolicyStatement]:
    """Read the value of one secret."""
    read = allow("secretsmanager:GetSecretValue", on=[secret_arn])
    return (read, through("secretsmanager", key, "kms:Decrypt")) if key else (read,)


def receive(queue_arn: str) -> iam.PolicyStatement:
    """What an event source mapping does on its queue, with the function's rights."""
    return allow(
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", on=[queue_arn]
    )


def send(queue_arn: str) -> iam.PolicyStatement:
    """Send to one queue."""
    return allow("sqs:SendMessage", on=[queue_arn])


def read_stream(stream_arn: str, key: kms.IKey | None) -> Sequence[iam.PolicyStatement]:
    """Read a table's stream."""
    read = allow(
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        on=[stream_arn],
    )
    return (read, use_table_key(key, write=False)) if key else (read,)


def read_stream_directly(stream_arn: str) -> iam.PolicyStatement:
    """Read a stream by its ARN, shard by shard, without a mapping."""
    return allow(
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        on=[stream_arn],
    )


def writes(tables: Mapping[str, Sequence[str]]) -> bool:
    """Whether these table actions change anything."""
    return any(WRITES & set(actions) for actions in tables.values())
