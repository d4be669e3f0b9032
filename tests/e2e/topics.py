"""What a topic of the platform tells those who subscribed to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from tests.e2e.platform import Platform


@dataclass
class Mailbox:
    """A queue that has subscribed to a topic."""

    sqs: Any
    url: str
    mail: list[str] = field(default_factory=list)

    def read(self) -> list[str]:
        """All messages so far."""
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for each in messages:
                self.mail.append(json.loads(each["Body"])["Message"])
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        return self.mail

    def has(self, *words: str) -> bool:
        """Whether a message has all these words."""
        return any(all(word in text for word in words) for text in self.read())


@contextmanager
def subscribed(platform: Platform, topic: str, *, name: str) -> Iterator[Mailbox]:
    """Somebody hears the topic `cartwright-local-<topic>`, by a queue of this name."""
    make: Any = boto3.client
    sns, sqs = (
        make(service, endpoint_url=platform.endpoint_url, region_name=platform.region)
        for service in ("sns", "sqs")
    )
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    endpoint = arn["Attributes"]["QueueArn"]
    topics = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    (heard,) = [each for each in topics if each.endswith(f"-{topic}")]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": endpoint,
        "Condition": {"ArnEquals": {"aws:SourceArn": heard}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    made = sns.subscribe(TopicArn=heard, Protocol="sqs", Endpoint=endpoint)
    try:
        yield Mailbox(sqs, url)
    finally:
        sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])
        sqs.delete_queue(QueueUrl=url)
