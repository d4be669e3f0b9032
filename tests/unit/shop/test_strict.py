"""What crosses a boundary is exactly what its type says."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from shop import checkout, strict
from shop.strict import ContractError, Message, dump, parse


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Leaf:
    name: str
    size: int | None


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    colour: Colour
    at: datetime
    tall: bool
    kind: Literal["oak", "fir"]


class Yes(Message):
    """A default is for who builds one."""

    STEP: ClassVar[str] = "not a field"
    outcome: Literal["yes"] = "yes"
    value: int


class No(Message):
    outcome: Literal["no", "never"]


TREE = Tree(
    leaves=(Leaf("a", 1), Leaf("b", None)),
    colour=Colour.RED,
    at=datetime(2026, 1, 2, tzinfo=UTC),
    tall=True,
    kind="oak",
)
DATA: dict[str, Any] = {
    "leaves": [{"name": "a", "size": 1}, {"name": "b", "size": None}],
    "colour": "red",
    "at": "2026-01-02T00:00:00.000Z",
    "tall": True,
    "kind": "oak",
}


def test_data_comes_back_as_it_was() -> None:
    assert dump(TREE) == DATA
    assert parse(Tree, DATA) == TREE


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"more": 1}, "more: unknown field"),
        ({"leaves": [{"name": "a"}]}, "leaves.0.size: missing"),
        ({"leaves": [{"name": "a", "size": 1, "x": 1}]}, "leaves.0.x: unknown field"),
        ({"leaves": [{"name": "a", "size": True}]}, "leaves.0.size: no int"),
        ({"leaves": [{"name": "a", "size": "1"}]}, "leaves.0.size: no int"),
        ({"leaves": [{"name": "a", "size": 1.0}]}, "leaves.0.size: no int"),
        ({"leaves": {}}, "leaves: no list"),
        ({"leaves": [None]}, "leaves.0: no object"),
        ({"colour": "blue"}, "colour: no Colour"),
        ({"at": "yesterday"}, "at: no datetime"),
        ({"at": None}, "at: no datetime"),
        ({"tall": 1}, "tall: no bool"),
        ({"kind": "elm"}, "kind: unknown value"),
    ],
)
def test_nothing_is_guessed_and_the_place_is_named_not_the_value(
    change: dict[str, Any], says: str
) -> None:
    with pytest.raises(ContractError) as caught:
        parse(Tree, {**DATA, **change})
    assert str(caught.value) == says


@pytest.mark.parametrize("name", DATA)
def test_every_field_is_needed(name: str) -> None:
    with pytest.raises(ContractError, match=f"^{name}: missing$"):
        parse(Tree, {key: value for key, value in DATA.items() if key != name})


def test_a_default_is_for_who_builds_not_for_who_reads() -> None:
    with pytest.raises(ContractError, match=r"^outcome: missing$"):
        parse(Yes, {"value": 1})


def test_a_message_is_frozen_and_equal_by_type_and_value() -> None:
    yes = Yes(value=1)
    assert (yes, hash(yes), repr(yes)) == (
        Yes(value=1),
        hash(Yes(value=1)),
        "Yes(outcome='yes', value=1)",
    )
    assert yes.but(value=2) == Yes(value=2) != yes
    assert yes != No(outcome="no")
    with pytest.raises(AttributeError, match="frozen"):
        yes.value = 2  # type: ignore[misc]


def test_a_message_has_all_its_fields_and_no_other() -> None:
    anything: Any = Yes
    with pytest.raises(TypeError, match="needs value"):
        anything()
    with pytest.raises(TypeError, match="has no"):
        anything(value=1, more=1)


def test_one_of_several_types_is_told_by_its_outcome() -> None:
    either: Any = Yes | No
    assert parse(either, {"outcome": "yes", "value": 1}) == Yes(value=1)
    assert parse(either, {"outcome": "never"}) == No(outcome="never")
    wrong: Any
    for wrong in ({"outcome": "maybe"}, {"value": 1}, None, [], "yes"):
        with pytest.raises(ContractError, match="none of the types"):
            parse(either, wrong)
    with pytest.raises(ContractError, match="value: unknown field"):
        parse(either, {"outcome": "no", "value": 1})


def test_the_types_of_every_union_of_the_contract_can_be_told_apart() -> None:
    unions = [checkout.ExecutionInput, checkout.Rejection, checkout.FinalPayment]
    unions += [*checkout.STEPS.values(), strict.fields_of(checkout.FinalizeTask)["attached"]]
    for union in unions:
        seen: set[str] = set()
        for kind in strict.members(union):
            tag = "mode" if union is checkout.ExecutionInput else "outcome"
            values = set(strict.tags_of(kind)[tag])
            assert not values & seen, (union, values)
            seen |= values


def test_the_contract_is_light_to_import() -> None:
    """It is on the way of every cold start of four functions."""
    code = """
import sys
import shop.checkout, shop.strict
print(sorted({"pydantic", "botocore", "pynamodb", "aws_lambda_powertools"} & set(sys.modules)))
"""
    layer = Path(checkout.__file__).parents[1]
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(layer)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "[]"
