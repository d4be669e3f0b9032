"""cdk-nag on every synth of a stage that has it on: a finding without a reason fails the synth."""

from aws_cdk import App, Validations


def check_policies(app: App) -> None:
    """Check the whole app against the AWS Solutions and Serverless rules."""
    # Half a second that only stages with checks pay.
    from cdk_nag import AwsSolutionsChecks, ServerlessChecks

    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
