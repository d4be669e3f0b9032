"""The planted defects of tests/defects and tests/faults/defects still fit."""

import ast

import pytest

from tests.defects import ROOT, Defect, all_defects
from tests.faults import defects as seeded
from tests.support import patches


@pytest.mark.parametrize("defect", list(all_defects()), ids=lambda defect: defect.name)
def test_a_planted_defect_fits_the_sources_and_names_tests_that_exist(defect: Defect) -> None:
    patches.check(defect.patch, root=ROOT)
    assert defect.says.endswith("."), "the first line says what is wrong"
    assert defect.tests
    for test in defect.tests:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in found, f"no test {name} in {file}"


@pytest.mark.parametrize("defect", list(seeded.all_defects()), ids=lambda defect: defect.name)
def test_a_defect_that_needs_a_fault_fits_the_sources(defect: seeded.Defect) -> None:
    patches.check(defect.patch, root=ROOT)
