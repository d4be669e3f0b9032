"""The name by which clients know the API: with its certificate, and its DNS where we keep it."""

from aws_cdk import CfnOutput
from aws_cdk import aws_apigateway as apigw
from aws_cdk import aws_route53 as route53
from constructs import Construct

from infra.stages import Domain


class ApiDomain(Construct):
    """A domain name of API Gateway, mapped to one stage of the API."""

    def __init__(
        self, scope: Construct, id_: str, *, domain: Domain, api_id: str, stage: apigw.CfnStage
    ) -> None:
        super().__init__(scope, id_)
        made = apigw.CfnDomainName(
            self,
            "Name",
            domain_name=domain.name,
            regional_certificate_arn=domain.certificate_arn,
            endpoint_configuration=apigw.CfnDomainName.EndpointConfigurationProperty(
                types=["REGIONAL"]
            ),
            security_policy="TLS_1_2",
        )
        apigw.CfnBasePathMapping(
            self, "Mapping", domain_name=made.ref, rest_api_id=api_id, stage=stage.ref
        )
        # Where DNS must point: by the record below, or by whoever keeps it.
        output = CfnOutput(self, "DomainTarget", value=made.attr_regional_domain_name)
        output.override_logical_id("DomainTarget")
        if domain.hosted_zone_id is not None:
            route53.CfnRecordSet(
                self,
                "Record",
                hosted_zone_id=domain.hosted_zone_id,
                name=domain.name,
                type="A",
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=made.attr_regional_domain_name,
                    hosted_zone_id=made.attr_regional_hosted_zone_id,
                ),
            )
