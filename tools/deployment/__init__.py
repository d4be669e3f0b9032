"""The way onto an AWS account: bootstrap, deploy, and discard what a failed creation left.

The command line of the CDK does the work; here is what it does not ask. `python -m tools.deployment
--help`; the runbook says when.
"""
