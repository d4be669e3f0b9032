"""Tasks of the checkout machine: one function, a file per step."""

from inventory.steps import commit, release, reserve
from shop.checkout import CommitTask, ReleaseTask, ReserveTask
from shop.steps import Step, entrypoint

handler = entrypoint(
    Step(ReserveTask, reserve.handle),
    Step(CommitTask, commit.handle),
    Step(ReleaseTask, release.handle),
)
