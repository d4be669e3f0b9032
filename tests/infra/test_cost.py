"""What the cost is computed from is what is synthesized."""

from benchmarks.cost import budgets, idle
from shop.deploy import discover
from tools.access.templates import Assembly


def test_the_resources_that_cost_by_the_month_are_counted(prod: Assembly, dev: Assembly) -> None:
    found = {"prod": idle.count(prod.templates), "dev": idle.count(dev.templates)}
    assert found.keys() == idle.LIMITS.keys()
    assert found == budgets.committed()["resources"], budgets.MEANT


def test_every_function_has_the_memory_that_it_is_priced_with(prod: Assembly) -> None:
    found = {
        each.properties["FunctionName"]: each.properties["MemorySize"]
        for each in prod.all("AWS::Lambda::Function")
        if "FunctionName" in each.properties
    }
    priced = {
        f"cartwright-prod-{id_}".replace(".", "-").replace("_", "-"): spec.memory_mb
        for id_, spec in discover().functions.items()
    }
    assert found == priced
