"""The rules of a version: each with its name, condition, place, and the version with another in its stead."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import rescind
from rescind.book.model import ALWAYS, NEVER
from rescind.book.rules_of_version import DOES_NOT_APPLY, rules_of
from rescind.engine import Engine

PACKAGE = Path(rescind.__file__).parent
CORPUS = Path(__file__).parents[2] / "corpus"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
HOME = Path("book", "rules_of_version.py")
# What a rule's name begins with or has in it, as code would write it to build or to parse one.
PART_OF_A_NAME = re.compile(r"(?:applies_to|blockers|review|values|terms)/|/(?:deduct|instruments|to)/")


def versions() -> list[object]:
    engine = Engine.load(CORPUS / "base", drafts=True)
    return [version for policy in engine.book.policies for version in policy.versions]


each_version = pytest.mark.parametrize(
    "version", versions(), ids=lambda version: f"{version.policy}@{version.version}"
)


@each_version
def test_names_are_unique_and_rules_come_in_the_order_of_a_decision(version):
    rules = rules_of(version)
    names = [rule.name for rule in rules]
    assert len(set(names)) == len(names)
    order = ("applies_to", "blockers", "review", "values", "terms")
    assert [order.index(name.split("/")[0]) for name in names] == sorted(
        order.index(name.split("/")[0]) for name in names
    )
    assert [*rules.gates(), *rules.behind_gates()] == [*rules]
    assert DOES_NOT_APPLY not in names


@each_version
def test_another_condition_in_the_place_of_a_rules_changes_nothing_else(version):
    for number, rule in enumerate(rules_of(version)):
        for condition in (NEVER, ALWAYS):
            changed = [(each.name, each.condition) for each in rules_of(rule.replaced(condition))]
            expected = [(each.name, each.condition) for each in rules_of(version)]
            expected[number] = (rule.name, condition)
            assert changed == expected
        assert rule.replaced(rule.condition) == version
        assert rule.put(rule.part) == version
        assert rule.conditional is (rule.condition is not ALWAYS)


@each_version
def test_a_rule_knows_what_it_belongs_to(version):
    terms = version.refund.terms if version.refund else ()
    listed = (version, *version.blockers, *version.reviews, *version.values, *terms)
    for rule in rules_of(version):
        assert any(rule.owner is each for each in listed)
    for value in rules_of(version).values:
        assert value.put(replace(value.value, name="other")).values != version.values
        assert all(row.owner is value.value for row in value.rows)


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """The texts of a module that are not documentation."""
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nobody_else_builds_or_parses_the_name_of_a_rule(path):
    tree = ast.parse((PACKAGE / path).read_text("utf-8"))
    found = [f"line {each.lineno}: {each.value}" for each in texts(tree) if PART_OF_A_NAME.search(each.value)]
    assert bool(found) is (path == HOME), found
