"""Each closed set of words stands once: a new member makes these tests name every place that does not know it yet."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from itertools import permutations
from pathlib import Path

import pytest
import rescind
from rescind.authoring.diff.change_records import Side
from rescind.authoring.diff.version_changes import Differ
from rescind.authoring.mutation.version_mutations import mutations_of
from rescind.authoring.version_in_words import describe
from rescind.book import words
from rescind.book.read_conditions import OPERATORS
from rescind.book.rules_of_version import rules_of
from rescind.book.words import (
    BeforeFirst,
    BelowZero,
    CountsAs,
    Destination,
    LineColumn,
    OnTimeout,
    OrderKind,
    OrderRefund,
    OrderState,
    Outcome,
    RequestState,
    ReviewerAnswer,
    ReviewScope,
    RoundingPlace,
    Share,
    Split,
    WhyLeftOut,
)
from rescind.deciding.settle import SettlementLine
from rescind.engine import Engine
from rescind.requests.order_totals import Amounts
from rescind.shape.shipped_schemas import KINDS, base_schema
from rescind.terminal.version_text import sheet
from rescind.values.rounding_modes import RoundingMode
from rescind.values.types import Kind

PACKAGE = Path(rescind.__file__).parent
CORPUS = Path(__file__).parents[2] / "corpus"
DOCS = Path(__file__).parents[3] / "docs"
SETS = [
    RoundingMode,
    *(each for _, each in inspect.getmembers(words, inspect.isclass) if each.__module__ == words.__name__),
]
MODULES = sorted(path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py"))
HOMES = {"rescind/book/words.py", "rescind/values/rounding_modes.py"}
# A request in which something is blocked has no order, so no line of one is.
OF_LINES = [state for state in RequestState if state is not RequestState.BLOCKED]

# Every `enum` of the shipped schemas by kind and path, and the words that it must list in this order.
SCHEMA_WORDS = {
    "book/$defs/policy/properties/before_first": BeforeFirst,
    "cases/$defs/outcome": Outcome,
    "cases/$defs/state": RequestState,
    "cases/$defs/review/properties/on_timeout": OnTimeout,
    "cases/$defs/instrument/properties/to": Destination,
    "decision/properties/outcome": Outcome,
    "decision/properties/reviews/items/properties/on_timeout": OnTimeout,
    "decision/properties/reviews/items/properties/scope": ReviewScope,
    "decision/properties/refund/properties/instruments/items/properties/to": Destination,
    "decision/properties/refund/properties/deductions/items/properties/counts_as": CountsAs,
    "decision/properties/request/properties/state": RequestState,
    "decision/properties/request/properties/refused/items/properties/outcome": ReviewerAnswer,
    "decision/$defs/kind": Kind,
    "decision/$defs/cause/properties/operator": OPERATORS,
    "facts/$defs/fact/properties/type": Kind,
    "lock/$defs/policy/properties/before_first": BeforeFirst,
    "lock/$defs/meaning/properties/type": Kind,
    "lock/$defs/meaning/properties/of": [Kind.CHOICE, Kind.TEXT],
    "order/properties/kind": OrderKind,
    "order/properties/lines/items/properties/state": OF_LINES,
    "order/properties/left_out/items/properties/why": WhyLeftOut,
    "order/$defs/word/properties/outcome": ReviewerAnswer,
    "policy/$defs/review/properties/on_timeout": OnTimeout,
    "policy/$defs/review/properties/scope": ReviewScope,
    "policy/$defs/refund/properties/rounding/properties/mode": RoundingMode,
    "policy/$defs/refund/properties/rounding/properties/place": RoundingPlace,
    "policy/$defs/refund/properties/below_zero": BelowZero,
    "policy/$defs/refund/properties/split": Split,
    "policy/$defs/deduction/properties/as": CountsAs,
    "policy/$defs/share": Share,
    "policy/$defs/destination": Destination,
    "status/properties/state": OrderState,
    "status/properties/lines/items/properties/state": OF_LINES,
}
# The first form of a decision is still made, and has the same words.
SCHEMA_WORDS |= {
    name.replace("decision/", "decision/1/", 1): each
    for name, each in SCHEMA_WORDS.items()
    if name.startswith("decision/properties/")
}
# Kinds of facts that a key goes with; the readers of the vocabulary know them.
OF_KINDS = "facts/$defs/fact/dependentSchemas/"

# Tables and lists with some of the words on purpose.
SOME = {
    "rescind.formula.library.time_functions": "lengths are exact or whole, and nobody rounds their halves",
}


def schema_enums() -> dict[str, dict[str, object]]:
    return {
        f"{kind}/{'/'.join(path)}": node
        for kind in KINDS
        for path, node in enums(base_schema(kind))
        if not (kind == "order" and path[:2] == ["$defs", "decision"])
        and not (kind == "shared" and path[0] == "$defs")
        and not f"{kind}/{'/'.join(path)}".startswith(OF_KINDS)
    }


def enums(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[list[str], dict[str, object]]]:
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield [*path], node
        for key, below in node.items():
            yield from enums(below, (*path, key))
    elif isinstance(node, list):
        for index, below in enumerate(node):
            yield from enums(below, (*path, str(index)))


def test_every_enum_of_a_schema_is_known_here():
    assert sorted(schema_enums()) == sorted(SCHEMA_WORDS)


@pytest.mark.parametrize("name", SCHEMA_WORDS)
def test_an_enum_of_a_schema_lists_the_words(name):
    found = schema_enums()[name]
    assert found["enum"] == list(SCHEMA_WORDS[name])
    assert len(found.get("enumDescriptions", found["enum"])) == len(found["enum"])
    assert found.get("default", found["enum"][0]) == found["enum"][0]


def tables() -> dict[str, Mapping[object, object]]:
    """Every mapping that a module of the package makes and that has a word as a key."""
    found = {}
    for path in MODULES:
        module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
        made = set(re.findall(r"^(\w+)\b.* = ", (PACKAGE.parent / path).read_text("utf-8"), re.MULTILINE))
        for name in made & vars(module).keys():
            value = vars(module)[name]
            if isinstance(value, Mapping) and any(type(key) in SETS for key in value):
                found[f"{module.__name__}.{name}"] = value
    return found


def test_every_table_of_words_has_all_of_its_set():
    lacking = {
        f"{name} has no {word!r}"
        for name, table in tables().items()
        for words in {type(key) for key in table} & set(SETS)
        for word in set(words) - table.keys()
        if name.rpartition(".")[0] not in SOME
    }
    assert not lacking, "\n".join(sorted(lacking))


def test_tables_are_looked_at():
    assert {name.rpartition(".")[2] for name in tables()} >= {
        "STATES",
        "HEADLINES",
        "BACK",
        "SPLITS",
        "ROUNDERS",
    }


def texts(node: ast.AST) -> list[str]:
    """The texts of a list, set or tuple, or of the keys of a mapping; none where other things stand among them."""
    items = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    found = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return found if len(found) == len(items) else []


def second_lists(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        found = texts(node) if isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict)) else []
        if len(found) > 1 and any(set(found) <= set(each) for each in SETS):
            yield f"line {node.lineno}: {', '.join(found)}"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_module_lists_words_a_second_time(path):
    if path.as_posix() not in HOMES:
        tree = ast.parse((PACKAGE.parent / path).read_text("utf-8"))
        assert list(second_lists(tree)) == []


def test_a_second_list_is_seen():
    assert list(second_lists(ast.parse("MODES = ('up', 'down')")))
    assert list(second_lists(ast.parse("{'zero': 1, 'charge': 2}")))
    assert not list(second_lists(ast.parse("('zero', 'one')")))


def test_the_columns_of_a_refund_are_those_of_its_records():
    assert list(Amounts._fields) == [*LineColumn, "owed"]
    assert [name for name in SettlementLine._fields if name in set(LineColumn)] == list(LineColumn)
    assert set(CountsAs) < set(LineColumn)
    refunds = base_schema("status")["properties"]["refunds"]["items"]
    assert refunds["required"] == list(refunds["properties"]) == ["currency", *OrderRefund]
    owed = base_schema("status")["properties"]["owed"]["items"]
    assert owed["required"] == list(owed["properties"]) == ["currency", *OrderRefund]


# What each word of a policy means stands in `show`, makes mutants, and is told by `diff`.


@pytest.fixture(scope="module")
def engine():
    return Engine.load(CORPUS / "base", drafts=True)


@pytest.fixture(scope="module")
def version(engine):
    """A version in which every word counts: two instruments share what deductions leave, and one has a destination."""
    policy = next(each for each in engine.book.policies if each.id == "hire")
    found = next(
        each
        for each in policy.versions
        if each.reviews and any(term.deductions for term in each.refund.terms)
    )
    for term in rules_of(found).terms:
        if term.own.part.deductions:
            parts = tuple(replace(part, back=Share.REMAINDER) for part in term.own.part.instruments)
            return term.own.put(replace(term.own.part, instruments=parts))
    raise AssertionError


def with_setting(field):
    return lambda version, word: replace(version, refund=replace(version.refund, **{field: word}))


def with_review(field):
    def changed(version, word):
        rule = rules_of(version).reviews[0]
        return rule.put(replace(rule.part, **{field: word}))

    return changed


def with_deduction(version, word):
    rule = next(term for term in rules_of(version).terms if term.deductions).deductions[0]
    return rule.put(replace(rule.part, column=word))


def with_share(version, word):
    rule = next(term for term in rules_of(version).terms if term.deductions).instruments[0].own
    return rule.put(replace(rule.part, back=word))


def with_destination(version, word):
    rule = next(
        each.routes[0] for term in rules_of(version).terms for each in term.instruments if each.routes
    )
    return rule.put(replace(rule.part, to=word))


PLACES = {
    RoundingMode: with_setting("mode"),
    RoundingPlace: with_setting("place"),
    BelowZero: with_setting("below_zero"),
    Split: with_setting("split"),
    OnTimeout: with_review("on_timeout"),
    ReviewScope: with_review("scope"),
    CountsAs: with_deduction,
    Share: with_share,
    Destination: with_destination,
}
# What a request asks of its reviews together is tried by requests, not by the cases of one version.
NO_MUTANTS = {ReviewScope}
# A destination has one mutant: the next.
NEXT_ONLY = {Destination}
# What the book says of a policy is not in its versions; `show`, mutants and the cases are about these.
OF_BOOKS = {BeforeFirst}
OF_ANSWERS = {
    ReviewerAnswer,
    Outcome,
    LineColumn,
    RequestState,
    OrderKind,
    OrderRefund,
    OrderState,
    WhyLeftOut,
}


@pytest.mark.parametrize("words", [*PLACES, *OF_BOOKS])
def test_the_page_of_the_language_has_each_word(words):
    page = (DOCS / "language.md").read_text("utf-8")
    assert [word for word in words if not re.search(rf"`(?:\w+: )?{word}`", page)] == []


def test_the_page_of_formulas_has_each_way_to_round():
    page = (DOCS / "formulas.md").read_text("utf-8")
    assert [mode for mode in RoundingMode if f"`'{mode}'`" not in page] == []


def test_every_set_that_a_policy_may_use_is_tried_here():
    assert set(SETS) == PLACES.keys() | OF_BOOKS | OF_ANSWERS


@pytest.mark.parametrize("words", PLACES)
def test_show_says_each_word_in_its_own_way(words, engine, version):
    policy = next(each for each in engine.book.policies if each.id == version.policy)
    definition = engine.definition(version.policy, version.version)
    pages = [sheet(describe(policy, PLACES[words](version, word), engine.book, definition)) for word in words]
    assert len(set(pages)) == len(words)


@pytest.mark.parametrize("words", sorted(PLACES.keys() - NO_MUTANTS, key=str))
def test_each_word_has_a_mutant_that_says_another(words, engine, version):
    for word in words:
        keys = [each.key for each in mutations_of(PLACES[words](version, word), engine.book)]
        others = [other for other in words if other is not word]
        made = [other for other in others if any(key.endswith(f"{word} to {other}") for key in keys)] or [
            other for other in others if any(key.endswith(f" to {other}") for key in keys)
        ]
        assert made == others or (words in NEXT_ONLY and len(made) == 1)


@pytest.mark.parametrize("words", PLACES)
def test_diff_tells_one_word_from_another(words, engine, version):
    said: dict[StrEnum, set[str]] = {}
    side = Side(engine.book, version, str)
    for old, new in permutations(words, 2):
        one, two = (replace(PLACES[words](version, word), digest=word) for word in (old, new))
        found = [change.text for change in Differ(side, side, one, two).changes()]
        assert len(found) == 1, (old, new)
        said.setdefault(new, set()).update(found)
    assert len(set().union(*said.values())) == len(words) * (len(words) - 1)
