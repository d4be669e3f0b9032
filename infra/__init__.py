"""The CDK app: stages, constructs (our defaults, once) and stacks. Imports no runtime code."""
