"""A bucket as all of ours are: private, encrypted, over TLS, and what is in it goes by itself."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs import names
from infra.constructs.acknowledge import acknowledge
from infra.constructs.removal import kept
from infra.stages import Stage
from shop.deploy import Bucket


class DataBucket(Construct):
    """A bucket as its service declares it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        declared: Bucket,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=names.bucket_name(self, stage, declared.name),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            enforce_ssl=stage.enforce_tls,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(declared.days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=kept(stage),
        )
        gone = f"What is in it goes after {declared.days} days; who fetched what is in our own log."
        acknowledge(self.bucket, {"AwsSolutions-S1": gone})
