"""The fields of an access log line. No query, no body, no address: nothing personal is kept.

Nor the texts of errors (`error.message`, `integration.error`): they quote what a client sent,
tokens among it, and what a function said.
"""

import json

ACCESS_LOG = json.dumps(
    {
        "time": "$context.requestTime",
        "request_id": "$context.requestId",
        "trace": "$context.xrayTraceId",
        "method": "$context.httpMethod",
        "route": "$context.resourcePath",
        "status": "$context.status",
        "bytes": "$context.responseLength",
        "latency_ms": "$context.responseLatency",
        "integration_ms": "$context.integrationLatency",
        "integration_status": "$context.integration.status",
        # `function_request_id` of the function's own lines.
        "integration_request_id": "$context.integration.requestId",
        "authorizer_status": "$context.authorizer.status",
        "subject": "$context.authorizer.sub",
        "error": "$context.error.responseType",
        "firewall": "$context.wafResponseCode",
    }
)
