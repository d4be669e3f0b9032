"""What all stacks share: name, environment, and how they are deployed."""

from aws_cdk import CliCredentialsStackSynthesizer, DefaultStackSynthesizer, Environment, Stack
from constructs import Construct

from infra.project import Project
from infra.stages import Stage


class BaseStack(Stack):
    """A stack of one stage, called `cartwright-<stage>-<name>`."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        project: Project,
        name: str,
        description: str,
        region: str | None = None,
    ) -> None:
        """`region`: another one than the stage's own."""
        super().__init__(
            scope,
            name,
            stack_name=stage.physical(name),
            description=description,
            env=Environment(account=stage.account, region=region or stage.region),
            synthesizer=_synthesizer(stage),
            termination_protection=stage.deletion_protection,
            tags={"application": "cartwright", "stage": stage.name},
        )
        self.stage = stage
        self.project = project


def _synthesizer(stage: Stage) -> DefaultStackSynthesizer | CliCredentialsStackSynthesizer:
    if stage.bootstrapped:
        return DefaultStackSynthesizer()
    # The caller's own credentials and one bucket: nothing has to be bootstrapped.
    return CliCredentialsStackSynthesizer(file_assets_bucket_name=stage.assets_bucket)
