"""The way onto an AWS account and off it: bootstrap, deploy, discard what a failure left, destroy.

The command line of the CDK does the work; here is what it does not ask. `python -m tools.deployment
--help`; the runbook says when.
"""
