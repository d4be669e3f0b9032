"""A table's stream -> function. A record that cannot be processed never blocks those behind it."""

import json

from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IDependable

BATCH = 25
# The most that Lambda counts, so that it is `max_age` that ends an outage, not its pace of retries.
ATTEMPTS = 10_000


# `exists` works on leaves only: on the type of a string attribute, not within a list.
TELLING = {"dynamodb": {"NewImage": {"outbox": {"S": [{"exists": True}]}}}}


class StreamMapping(Construct):
    """Changes of rows that carry an event, in order per partition, to one function.

    A batch that fails is halved and tried again; after `max_age` its position in the stream goes to
    the dead-letter queue. Functions park by themselves what can never succeed.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stream_arn: str,
        function_arn: str,
        dlq_arn: str,
        parallel: int,
        max_age_s: int,
    ) -> None:
        super().__init__(scope, id_)
        mapping = lambda_.CfnEventSourceMapping
        self.mapping = mapping(
            self,
            "Mapping",
            function_name=function_arn,
            event_source_arn=stream_arn,
            starting_position="TRIM_HORIZON",
            filter_criteria=mapping.FilterCriteriaProperty(
                filters=[mapping.FilterProperty(pattern=json.dumps(TELLING))]
            ),
            batch_size=BATCH,
            parallelization_factor=parallel,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=ATTEMPTS,
            maximum_record_age_in_seconds=max_age_s,
            destination_config=mapping.DestinationConfigProperty(
                on_failure=mapping.OnFailureProperty(destination=dlq_arn)
            ),
        )

    def after(self, resource: IDependable) -> None:
        """AWS checks the function's rights when it makes the mapping: they must be there."""
        self.mapping.node.add_dependency(resource)
