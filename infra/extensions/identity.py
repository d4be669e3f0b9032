"""Identity: the keys that sign tokens, the one that hides addresses, who mails are from, and the
machines that erase users and export what is held of them."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from aws_cdk import CfnOutput, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ssm as ssm

from infra.constructs import names
from infra.constructs.grants import allow
from infra.constructs.removal import kept
from infra.constructs.state_machine import StandardMachine
from infra.stacks.functions import Capability, FunctionStack

# As identity.clients.key_maker tags the keys that it makes; a test compares.
PURPOSE = "cartwright:purpose"


def extend(stack: FunctionStack) -> None:
    """Offer `sign_tokens`, `verify_tokens`, `rotate_token_keys`, `token_issuer`, `email_mac`,
    `send_mail` and `erasure_grace`."""
    _add_token_keys(stack)
    _add_email_mac_key(stack)
    _add_mail(stack)
    _add_machines(stack)


def _add_token_keys(stack: FunctionStack) -> None:
    """ES256: private halves never leave KMS. The first key is the stack's; a schedule makes those
    that take over. IAM knows them all by their tag, since no template has their names."""
    stage = stack.stage
    key = _key(stack, "TokenKey", "tokens", kms.KeySpec.ECC_NIST_P256, kms.KeyUsage.SIGN_VERIFY)
    purpose = stage.physical("identity", "tokens")
    Tags.of(key).add(PURPOSE, purpose)
    environment = {
        "TOKEN_KEY_ARN": key.key_arn,
        "TOKEN_ISSUER": names.public_url(stack, stage),
        "TOKEN_AUDIENCE": stage.token_audience,
    }
    # KMS takes up to five minutes to heed a new tag, so the first key is named by its ARN, too.
    own = [key.key_arn]
    tagged = {"StringEquals": {f"aws:ResourceTag/{PURPOSE}": purpose}}
    made_with = {"StringEquals": {f"aws:RequestTag/{PURPOSE}": purpose}}
    # A key for something else cannot be made, or be tagged to become one of these.
    p256 = {"kms:KeySpec": "ECC_NIST_P256", "kms:KeyUsage": "SIGN_VERIFY"}

    def in_region(region: str, name: str) -> str:
        return stack.format_arn(service="kms", region=region, resource="key", resource_name=name)

    def on_token_keys(
        *actions: str,
        region: str = stage.region,
        conditions: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            actions=list(actions),
            resources=[in_region(region, "*")],
            conditions={**tagged, **conditions},
        )

    # IfExists: the emulator does not say.
    es256 = {"StringEqualsIfExists": {"kms:SigningAlgorithm": "ECDSA_SHA_256"}}
    # Of those that come later, the row that names them has the public half.
    verify = [allow("kms:GetPublicKey", on=own)]
    sign = [
        *verify,
        iam.PolicyStatement(actions=["kms:Sign"], resources=own, conditions=es256),
        on_token_keys("kms:Sign", conditions=es256),
    ]
    rotate = [
        *verify,
        iam.PolicyStatement(
            actions=["kms:CreateKey", "kms:TagResource"],
            resources=["*"],
            conditions={**made_with, "StringEqualsIfExists": p256},
        ),
        allow("kms:ListKeys", on=["*"]),
        on_token_keys("kms:GetPublicKey", "kms:ListResourceTags", "kms:ScheduleKeyDeletion"),
        # It goes with its stack, and with nothing else.
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=["kms:ScheduleKeyDeletion"],
            resources=[in_region(region, key.key_id) for region in stage.regions],
        ),
    ]
    for region in stage.regions[1:]:
        rotate += [
            # Of a key of this stage; KMS asks for the right to make a key there as well.
            on_token_keys(
                "kms:ReplicateKey",
                conditions={
                    "StringEquals": {**tagged["StringEquals"], "kms:ReplicaRegion": region}
                },
            ),
            iam.PolicyStatement(
                actions=["kms:CreateKey"],
                resources=["*"],
                conditions={
                    "StringEquals": {"aws:RequestedRegion": region},
                    # IfExists: its documentation does not say what it knows of a replica then.
                    "StringEqualsIfExists": {**made_with["StringEquals"], **p256},
                },
            ),
            on_token_keys("kms:ScheduleKeyDeletion", region=region),
        ]
    of_rotation = {
        **environment,
        "TOKEN_KEYS_PURPOSE": purpose,
        "TOKEN_KEYS_REPLICAS": " ".join(stage.regions[1:]),
    }
    stack.add_use("sign_tokens", Capability(environment=environment, rights=sign))
    issuer = {"TOKEN_ISSUER": environment["TOKEN_ISSUER"]}
    stack.add_use("token_issuer", Capability(environment=issuer, rights=[]))
    stack.add_use("verify_tokens", Capability(environment=environment, rights=verify))
    stack.add_use("rotate_token_keys", Capability(environment=of_rotation, rights=rotate))


def _add_email_mac_key(stack: FunctionStack) -> None:
    """Addresses are looked up by their HMAC, so the table can be read without knowing them."""
    arn = _email_mac_key_arn(stack)
    stack.add_use(
        "email_mac",
        Capability(
            environment={"EMAIL_MAC_KEY_ARN": arn}, rights=[allow("kms:GenerateMac", on=[arn])]
        ),
    )


def _add_mail(stack: FunctionStack) -> None:
    """SES sends for the whole domain, once its DKIM records are in the DNS; the function sends as
    one address of it. The domain is the company's: it was there before the stage and stays when
    that goes (docs/runbook.md), and two stages may send for it."""
    stage = stack.stage
    url = stage.account_url or f"{names.public_url(stack, stage)}/account"
    environment, rights = {"ACCOUNT_URL": url}, []
    if stage.mail_from is not None:
        domain = stage.mail_from.rpartition("@")[2]
        if stage.proves_mail_domain:
            ses.EmailIdentity(stack, "Mail", identity=ses.Identity.domain(domain))
        environment["MAIL_FROM"] = stage.mail_from
        rights.append(_send_as(stack, domain))
    stack.add_use("send_mail", Capability(environment=environment, rights=rights))


def _add_machines(stack: FunctionStack) -> None:
    """They visit functions of other services by their names: they are made with the service that
    asks for them, and run when all are there."""
    stage = stack.stage
    waits = {"Settle": stage.erasure_settle_s, "Pause": stage.erasure_pause_s}
    for name, its_waits in (("erasure", waits), ("export", {})):
        definition = stack.project.machine(name)
        made = StandardMachine(
            stack,
            name.title(),
            stage=stage,
            name=name,
            definition=definition,
            functions={
                f"{service}Steps": names.function_arn(stack, stage, service.lower(), "steps")
                for service in sorted(set(re.findall(r"\$\{(\w+)Steps\}", definition)))
            },
            waits=its_waits,
        )
        CfnOutput(stack, f"{name.title()}MachineArn", value=made.machine.state_machine_arn)
    grace = {"ERASURE_GRACE_S": str(stage.erasure_grace_s)}
    stack.add_use("erasure_grace", Capability(environment=grace))


def _send_as(stack: FunctionStack, domain: str) -> iam.PolicyStatement:
    if not stack.stage.mail_rights_have_names:
        return allow("ses:SendEmail", on=["*"])
    arn = stack.format_arn(service="ses", resource="identity", resource_name=domain)
    statement = allow("ses:SendEmail", on=[arn])
    statement.add_conditions({"StringEquals": {"ses:FromAddress": stack.stage.mail_from}})
    return statement


def _email_mac_key_arn(stack: FunctionStack) -> str:
    if stack.stage.own_keys:
        usage = kms.KeyUsage.GENERATE_VERIFY_MAC
        return _key(stack, "EmailMacKey", "email-mac", kms.KeySpec.HMAC_256, usage).key_arn
    # One key for all MACs: none of the ids is made of what is an address.
    parameter = names.request_id_key_parameter(stack.stage)
    arn = ssm.StringParameter.value_for_string_parameter(stack, parameter)
    shared = kms.Key.from_key_arn(stack, "EmailMacKey", arn)
    kms.Alias(stack, "EmailMacAlias", alias_name=_alias(stack, "email-mac"), target_key=shared)
    return arn


def _key(
    stack: FunctionStack, id_: str, name: str, spec: kms.KeySpec, usage: kms.KeyUsage
) -> kms.Key:
    return kms.Key(
        stack,
        id_,
        alias=_alias(stack, name),
        key_spec=spec,
        key_usage=usage,
        # Cannot be changed later. In another region a replica must make the same MACs, by which
        # users are found, and sign tokens that are already known.
        multi_region=True,
        removal_policy=kept(stack.stage),
    )


def _alias(stack: FunctionStack, name: str) -> str:
    """By which the operators' commands know the key."""
    return f"alias/{stack.stage.physical('identity', name)}"
