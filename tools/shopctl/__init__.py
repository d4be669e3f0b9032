"""shopctl: what an operator looks at and tries out, on this machine or in an AWS account.

It reads tables and queues with the operator's own AWS rights and calls the API as any client does.
Nothing here is shipped, and it changes nothing but by the API (`demo`).
"""
