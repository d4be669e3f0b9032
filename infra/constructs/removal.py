"""What becomes of data and keys when their stack goes, or they are replaced in it."""

from aws_cdk import RemovalPolicy

from infra.stages import Stage


def kept(stage: Stage) -> RemovalPolicy:
    """They stay, where the stage retains them; but not what a creation that failed has left.

    A name that stays taken would make every further attempt fail.
    """
    if stage.retain:
        return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    return RemovalPolicy.DESTROY
