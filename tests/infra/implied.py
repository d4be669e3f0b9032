"""Rights that a function needs although its code never asks: AWS asks in its name.

Read from the templates, each kind with its reason. What is not implied by something that stands
there is not needed.
"""

from collections.abc import Iterable, Iterator

from tests.support.iam import Use
from tools.access.policies import Policies
from tools.access.questions import READS, WRITES

QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
STREAM = tuple(
    f"dynamodb:{name}"
    for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
)
READ_KEY = ("kms:Decrypt", "kms:DescribeKey")
WRITE_KEY = ("kms:Encrypt", "kms:GenerateDataKey")
# AWS's guide to S3, "Using server-side encryption with AWS KMS keys". To delete takes no key.
OBJECT_KEY = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}


def by_the_platform(policies: Policies) -> Iterator[Use]:
    """What Lambda does for a function, with the function's role."""
    names = policies.names
    for made in policies.assembly.all("AWS::Lambda::Function"):
        function = names.function(made.stack, {"Ref": made.id})
        # It writes the function's log, to the group that the function names.
        group = names.arn(made.stack, made.properties["LoggingConfig"]["LogGroup"])
        log = names.short(f"arn:aws:logs:::log-group:{group}:*")
        yield from _all(function, log, "logs:CreateLogStream", "logs:PutLogEvents")
        if made.properties["TracingConfig"]["Mode"] == "Active":
            yield from _all(function, "*", "xray:PutTraceSegments", "xray:PutTelemetryRecords")
    for invoke in policies.assembly.all("AWS::Lambda::EventInvokeConfig"):
        # It sends what failed to the function's destination.
        function = names.function(invoke.stack, invoke.properties["FunctionName"])
        failed = invoke.properties["DestinationConfig"]["OnFailure"]["Destination"]
        yield Use(function, "sqs:SendMessage", names.short(names.arn(invoke.stack, failed)))
    yield from _by_mappings(policies)


def _by_mappings(policies: Policies) -> Iterator[Use]:
    """An event source mapping reads its queue or stream, and parks what a stream cannot deliver."""
    names = policies.names
    keys = table_keys(policies)
    for mapping in policies.assembly.all("AWS::Lambda::EventSourceMapping"):
        given = mapping.properties
        function = names.function(mapping.stack, given["FunctionName"])
        source = names.short(names.arn(mapping.stack, given["EventSourceArn"]))
        if source.startswith("queue/"):
            yield from _all(function, source, *QUEUE)
        else:
            yield from _all(function, source, *STREAM)
            table = source.replace("stream/", "table/")
            if table in keys:
                yield from _all(function, keys[table], *READ_KEY)
            parked = given["DestinationConfig"]["OnFailure"]["Destination"]
            queue = names.short(names.arn(mapping.stack, parked))
            yield Use(function, "sqs:SendMessage", queue)


def by_use(used: Iterable[Use], policies: Policies) -> Iterator[Use]:
    """What a request to one service asks of another: the key that encrypts what it touches."""
    keys = table_keys(policies)
    secrets = secret_keys(policies)
    buckets = bucket_keys(policies)
    for use in used:
        action = use.action.removeprefix("dynamodb:")
        if use.resource in secrets:
            yield Use(use.function, "kms:Decrypt", secrets[use.resource])
        elif use.action in OBJECT_KEY:
            if key := buckets.get(use.resource.split("/")[1]):
                yield Use(use.function, OBJECT_KEY[use.action], key)
        elif action in (*READS, *WRITES):
            key = keys.get("/".join(use.resource.split("/")[:2]))
            if key is None:
                continue
            # DynamoDB's developer guide, "Encryption at rest": for a customer-managed key these.
            yield from _all(use.function, key, *READ_KEY)
            if action in WRITES:
                yield from _all(use.function, key, *WRITE_KEY)


def table_keys(policies: Policies) -> dict[str, str]:
    """The key of each table that has one of ours."""
    names, found = policies.names, {}
    for table in policies.assembly.all("AWS::DynamoDB::GlobalTable"):
        [replica] = table.properties["Replicas"]
        if key := replica.get("SSESpecification", {}).get("KMSMasterKeyId"):
            found[names.short(names.of(table))] = names.short(names.arn(table.stack, key))
    return found


def bucket_keys(policies: Policies) -> dict[str, str]:
    """The key of each bucket that has one of ours, by the name of the bucket in deploy.py."""
    names, found = policies.names, {}
    for bucket in policies.assembly.all("AWS::S3::Bucket"):
        [rule] = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        if key := rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID"):
            name = names.short(names.of(bucket)).removeprefix("bucket/")
            found[name] = names.short(names.arn(bucket.stack, key))
    return found


def secret_keys(policies: Policies) -> dict[str, str]:
    """The key of each secret."""
    names, found = policies.names, {}
    for secret in policies.assembly.all("AWS::SecretsManager::Secret"):
        key = names.arn(secret.stack, secret.properties["KmsKeyId"])
        found[names.short(names.of(secret))] = names.short(key)
    return found


def _all(function: str, resource: str, *actions: str) -> Iterator[Use]:
    for action in actions:
        yield Use(function, action, resource)
