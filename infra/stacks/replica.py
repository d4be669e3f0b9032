"""Replica: what replicas of tables need in a stage's second region before they are made."""

from constructs import Construct

from infra.constructs.data_key import data_key
from infra.project import Project
from infra.stacks.base import BaseStack
from infra.stages import Stage


class ReplicaStack(BaseStack):
    """A data key for each service whose tables are replicated and have a key of their own.

    Keys of several regions (those that sign, make MACs or wrap the keys of users) are not made
    here: CloudFormation makes a replica by the ARN of its key, which no template of another region
    can know. tools/deployment/replication.py puts them there after the deployment.
    """

    def __init__(self, scope: Construct, *, stage: Stage, project: Project, region: str) -> None:
        super().__init__(
            scope,
            stage=stage,
            project=project,
            name="replica",
            description="Keys of the tables that are replicated here",
            region=region,
        )
        for service in replicated(stage, project):
            data_key(self, f"Key-{service}", stage=stage, subject=service)


def replicated(stage: Stage, project: Project) -> list[str]:
    """The services that need such a key."""
    return [
        name
        for name, service in project.platform().services.items()
        if stage.own_keys and service.own_key and any(each.replicated for each in service.tables)
    ]
