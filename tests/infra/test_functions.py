"""What every function has."""

import os
import re
from pathlib import Path

from infra.project import ROOT, Project
from infra.stages import LOCAL, PROD
from shop import aws
from shop.deploy import discover
from tools.access.templates import Assembly, Resource, text

GATEWAY_TIMEOUT_S = 29
FUNCTIONS = discover().functions


def functions(stage: Assembly) -> list[Resource]:
    return stage.all("AWS::Lambda::Function")


def names(stage: Assembly) -> set[str]:
    return {
        re.sub("^cartwright-[a-z]+-", "", function.properties["FunctionName"])
        for function in functions(stage)
    }


def test_all_stages_run_the_same_functions(local: Assembly, prod: Assembly) -> None:
    declared = {each.id.replace(".", "-").replace("_", "-") for each in FUNCTIONS.values()}
    assert names(local) == names(prod) == declared


def test_each_function_has_a_role_of_its_own(stage: Assembly) -> None:
    roles = [(made.stack, text(made.properties["Role"])) for made in functions(stage)]
    assert len(set(roles)) == len(roles)


def test_each_function_has_a_log_group_that_forgets(stage: Assembly) -> None:
    groups = {
        group.properties["LogGroupName"]: group.properties["RetentionInDays"]
        for group in stage.all("AWS::Logs::LogGroup")
    }
    for function in functions(stage):
        assert groups[f"/aws/lambda/{function.properties['FunctionName']}"] > 0


def test_lambda_logs_only_invocations_that_fail_where_log_lines_are_many(
    local: Assembly, prod: Assembly
) -> None:
    """The price of an order counts on it. Lines without a level, as metrics are, pass as INFO."""
    for assembly, level in ((local, "INFO"), (prod, "WARN")):
        for function in functions(assembly):
            found = function.properties["LoggingConfig"]
            assert (found["LogFormat"], found["SystemLogLevel"]) == ("JSON", level), str(function)
            assert found["ApplicationLogLevel"] == "INFO", str(function)


def test_each_function_is_traced(stage: Assembly) -> None:
    for function in functions(stage):
        assert function.properties["TracingConfig"] == {"Mode": "Active"}, str(function)


def test_functions_run_on_what_their_assets_are_built_for(local: Assembly, prod: Assembly) -> None:
    for assembly, stage in ((local, LOCAL), (prod, PROD)):
        for function in functions(assembly):
            assert function.properties["Runtime"] == stage.runtime
            assert function.properties["Architectures"] == [stage.architecture]
    assert (PROD.runtime, PROD.architecture) == ("python3.13", "arm64")


def test_a_caller_never_waits_longer_than_the_gateway(stage: Assembly) -> None:
    for function in functions(stage):
        if ".api." in function.properties["Handler"]:
            assert function.properties["Timeout"] < GATEWAY_TIMEOUT_S, str(function)


def test_each_function_knows_where_it_runs(stage: Assembly) -> None:
    wanted = {"STAGE", "HOME_REGION", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
    wanted |= {"LOG_LEVEL", "ERRORS_URL"}
    for function in functions(stage):
        assert wanted <= set(function.properties["Environment"]["Variables"]), str(function)


def layers_of(function: Resource) -> list[str]:
    return Project().layers_of(function.properties["Handler"].partition(".")[0])


def test_each_function_has_the_layers_of_its_service(prod: Assembly, unlinked: Assembly) -> None:
    assert len(unlinked.all("AWS::Lambda::LayerVersion")) == len(Project().layer_names())
    for function in [*functions(prod), *unlinked.all("AWS::Lambda::Function")]:
        assert len(function.properties["Layers"]) == len(layers_of(function)), str(function)
        assert "PYTHONPATH" not in function.properties["Environment"]["Variables"]


def test_functions_on_this_machine_read_exactly_their_layers_where_they_were_built(
    local: Assembly,
) -> None:
    assert local.all("AWS::Lambda::LayerVersion") == []
    for function in functions(local):
        path = function.properties["Environment"]["Variables"]["PYTHONPATH"]
        found = [Path(part) for part in path.split(os.pathsep)]
        assert [part.parent.name for part in found] == layers_of(function), str(function)
        assert {(part.name, part.parents[1].name, part.parents[2].name) for part in found} == {
            ("python", "layers", "host")
        }
        assert "Layers" not in function.properties


def test_a_step_outlasts_an_aws_call_that_nobody_answers(stage: Assembly) -> None:
    steps = [made for made in functions(stage) if ".steps." in made.properties["Handler"]]
    assert len(steps) == len(discover().of_kind("steps"))
    for function in steps:
        assert function.properties["Timeout"] > aws.longest_call_s(), str(function)


def test_each_handler_is_a_file(prod: Assembly) -> None:
    for function in functions(prod):
        module, _, attribute = function.properties["Handler"].rpartition(".")
        place = ROOT / "functions" / Path(*module.split("."))
        assert place.with_suffix(".py").exists() or (place / "__init__.py").exists(), module
        assert attribute == "handler"
