"""The web ACL in front of the API: a rate per address and a limit on the body's size."""

from collections.abc import Mapping

from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra import problems
from infra.constructs import names
from infra.problems import GatewayProblem
from infra.stages import Stage

# Content-Length above 262144. WAF reads no more than 64 KB of a body, so it cannot measure a larger
# limit itself; a body without the header is measured by the handler.
TOO_LONG = (
    r"^0*([1-9]\d{6,}|[3-9]\d{5}|2[7-9]\d{4}|26[3-9]\d{3}|262[2-9]\d{2}|2621[5-9]\d|26214[5-9])$"
)
_ANSWERS: Mapping[str, GatewayProblem] = {
    "too_large": problems.PAYLOAD_TOO_LARGE,
    "rate_limited": problems.RATE_LIMITED,
}


class Firewall(Construct):
    """A web ACL bound to a stage of the API."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, stage_arn: str) -> None:
        super().__init__(scope, id_)
        errors_url = names.errors_url(self, stage)
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=stage.prefix,
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility("all"),
            custom_response_bodies={
                key: waf.CfnWebACL.CustomResponseBodyProperty(
                    content_type="APPLICATION_JSON",
                    # No variables here: the id of the request is in X-Amzn-RequestId.
                    content=answer.document(errors_url, request_id=None, instance="/"),
                )
                for key, answer in _ANSWERS.items()
            },
            rules=[
                _rule("too_large", priority=0, statement=_too_large()),
                _rule("rate_limited", priority=1, statement=_rate(stage.requests_per_ip_5min)),
            ],
        )
        self.association = waf.CfnWebACLAssociation(
            self, "Association", resource_arn=stage_arn, web_acl_arn=acl.attr_arn
        )


def _rule(
    key: str, *, priority: int, statement: waf.CfnWebACL.StatementProperty
) -> waf.CfnWebACL.RuleProperty:
    answer = _ANSWERS[key]
    return waf.CfnWebACL.RuleProperty(
        name=key,
        priority=priority,
        statement=statement,
        visibility_config=_visibility(key),
        action=waf.CfnWebACL.RuleActionProperty(
            block=waf.CfnWebACL.BlockActionProperty(
                custom_response=waf.CfnWebACL.CustomResponseProperty(
                    response_code=answer.status,
                    custom_response_body_key=key,
                    response_headers=[
                        waf.CfnWebACL.CustomHTTPHeaderProperty(name=name, value=value)
                        for name, value in answer.headers.items()
                    ]
                    or None,  # the content type follows from the body
                )
            )
        ),
    )


def _too_large() -> waf.CfnWebACL.StatementProperty:
    return waf.CfnWebACL.StatementProperty(
        regex_match_statement=waf.CfnWebACL.RegexMatchStatementProperty(
            regex_string=TOO_LONG,
            field_to_match=waf.CfnWebACL.FieldToMatchProperty(
                single_header={"Name": "content-length"}
            ),
            text_transformations=[
                waf.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")
            ],
        )
    )


def _rate(limit: int) -> waf.CfnWebACL.StatementProperty:
    return waf.CfnWebACL.StatementProperty(
        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
            limit=limit, aggregate_key_type="IP"
        )
    )


def _visibility(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        metric_name=name,
        sampled_requests_enabled=False,  # Samples hold the headers, tokens among them.
    )
