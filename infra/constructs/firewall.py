"""The web ACL in front of the API: what one caller may send, and what AWS knows to be bad.

API Gateway limits routes, for all callers together; without API keys it knows no callers. So the
firewall counts by address and by token: docs/adr/0026-the-firewall-counts-callers.md.
"""

from collections.abc import Iterator, Mapping

from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra import problems
from infra.constructs import names
from infra.problems import GatewayProblem
from infra.stages import Stage

_Acl = waf.CfnWebACL
_Rate = _Acl.RateBasedStatementProperty
_Statement = _Acl.StatementProperty
# Content-Length above 262144. WAF reads no more than 64 KB of a body, so it cannot measure a larger
# limit itself; a body without the header is measured by the function, unless Lambda takes no such.
TOO_LONG = (
    r"^0*([1-9]\d{6,}|[3-9]\d{5}|2[7-9]\d{4}|26[3-9]\d{3}|262[2-9]\d{2}|2621[5-9]\d|26214[5-9])$"
)
# WAF counts over five minutes: a second later nothing has changed.
WINDOW_S, LATER_S = 300, 60
_ANSWERS = (problems.PAYLOAD_TOO_LARGE, problems.RATE_LIMITED)
# Groups of AWS: who asks (botnets, scanners), and what exploits of other software look like. Not
# the common rules: what they refuse by chance (a long body, a word of SQL in a name) is an order.
MANAGED = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")


class Firewall(Construct):
    """A web ACL bound to a stage of the API.

    It keeps no log: each line would hold the token and the address of a caller. Its metrics say
    how much each rule refuses, and the access log which request was.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, stage_arn: str) -> None:
        super().__init__(scope, id_)
        errors_url = names.errors_url(self, stage)
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=stage.prefix,
            scope="REGIONAL",
            default_action=_Acl.DefaultActionProperty(allow={}),
            # "All" and "Default_Action" are WAF's own.
            visibility_config=_visibility(stage.prefix),
            custom_response_bodies={
                answer.code: _Acl.CustomResponseBodyProperty(
                    content_type="APPLICATION_JSON",  # WAF gives no other type of this kind.
                    # No variables here: the id of the request is in X-Amzn-RequestId.
                    content=answer.document(errors_url, request_id=None, instance="/"),
                )
                for answer in _ANSWERS
            },
            rules=[
                *_managed(first=0, besides=_signed(stage)),
                _refusing("too-large", problems.PAYLOAD_TOO_LARGE, _too_large(), priority=2),
                _limited("sign-ins", priority=3, rate=_sign_ins(stage)),
                _limited("token", priority=4, rate=_token(stage)),
                _limited("address", priority=5, rate=_address(stage)),
            ],
        )
        self.association = waf.CfnWebACLAssociation(
            self, "Association", resource_arn=stage_arn, web_acl_arn=acl.attr_arn
        )


def _managed(*, first: int, besides: _Statement) -> Iterator[waf.CfnWebACL.RuleProperty]:
    """What they block gets the gateway's own answer, WAF_FILTERED."""
    for priority, name in enumerate(MANAGED, start=first):
        group = _Acl.ManagedRuleGroupStatementProperty(
            vendor_name="AWS", name=name, scope_down_statement=_not(besides)
        )
        yield _Acl.RuleProperty(
            name=name,
            priority=priority,
            statement=_Statement(managed_rule_group_statement=group),
            override_action=_Acl.OverrideActionProperty(none={}),
            visibility_config=_visibility(name),
        )


def _limited(name: str, *, priority: int, rate: _Rate) -> waf.CfnWebACL.RuleProperty:
    statement = _Statement(rate_based_statement=rate)
    later = {
        "Retry-After": str(LATER_S),
        "RateLimit": f'"{name}";r=0;t={LATER_S}',
        "RateLimit-Policy": f'"{name}";q={int(rate.limit)};w={WINDOW_S}',
    }
    return _refusing(name, problems.RATE_LIMITED, statement, priority=priority, headers=later)


def _refusing(
    name: str,
    problem: GatewayProblem,
    statement: _Statement,
    *,
    priority: int,
    headers: Mapping[str, str] | None = None,
) -> waf.CfnWebACL.RuleProperty:
    answer = _Acl.CustomResponseProperty(
        response_code=problem.status,
        custom_response_body_key=problem.code,
        response_headers=[
            _Acl.CustomHTTPHeaderProperty(name=header, value=value)
            for header, value in {**problems.HEADERS, **(headers or {})}.items()
        ],
    )
    return _Acl.RuleProperty(
        name=name,
        priority=priority,
        statement=statement,
        action=_Acl.RuleActionProperty(block=_Acl.BlockActionProperty(custom_response=answer)),
        visibility_config=_visibility(name),
    )


def _too_large() -> _Statement:
    return _Statement(
        regex_match_statement=_Acl.RegexMatchStatementProperty(
            regex_string=TOO_LONG,
            field_to_match=_Acl.FieldToMatchProperty(single_header={"Name": "content-length"}),
            text_transformations=[_transformed("NONE")],
        )
    )


def _sign_ins(stage: Stage) -> _Rate:
    """Guesses of passwords, and accounts and mails by the hundred."""
    return _Rate(
        limit=stage.callers.sign_ins,
        aggregate_key_type="IP",
        scope_down_statement=_path(
            stage, "(sessions|users|users/verify(/resend)?|password/(forgot|reset))/?"
        ),
    )


def _token(stage: Stage) -> _Rate:
    """One session, from wherever it comes. Requests without a token are not counted."""
    header = _Acl.RateLimitHeaderProperty(
        name="authorization", text_transformations=[_transformed("NONE")]
    )
    return _Rate(
        limit=stage.callers.token,
        aggregate_key_type="CUSTOM_KEYS",
        custom_keys=[_Acl.RateBasedStatementCustomKeyProperty(header=header)],
    )


def _address(stage: Stage) -> _Rate:
    """A provider sends all its webhooks from a few addresses."""
    return _Rate(
        limit=stage.callers.address,
        aggregate_key_type="IP",
        scope_down_statement=_not(_signed(stage)),
    )


def _signed(stage: Stage) -> _Statement:
    return _path(stage, "webhooks/psp/[^/]+")


def _path(stage: Stage, expression: str) -> _Statement:
    """The path as the API reads it, whatever way it is written; its own domain leaves the stage
    out."""
    order = ("URL_DECODE", "NORMALIZE_PATH", "LOWERCASE")
    return _Statement(
        regex_match_statement=_Acl.RegexMatchStatementProperty(
            regex_string=f"^(/{stage.name})?/{expression}$",
            field_to_match=_Acl.FieldToMatchProperty(uri_path={}),
            text_transformations=[_transformed(name, n) for n, name in enumerate(order)],
        )
    )


def _not(statement: _Statement) -> _Statement:
    return _Statement(not_statement=_Acl.NotStatementProperty(statement=statement))


def _transformed(name: str, priority: int = 0) -> waf.CfnWebACL.TextTransformationProperty:
    return _Acl.TextTransformationProperty(priority=priority, type=name)


def _visibility(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return _Acl.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        metric_name=name,
        sampled_requests_enabled=False,  # Samples hold the headers, tokens among them.
    )
