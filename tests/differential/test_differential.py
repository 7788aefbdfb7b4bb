"""Whatever an author writes and a caller sends, the compiled rulesets say what the author's words say.

Books and facts are random and seeded. A failure prints its seed, how to run it again, and the smallest book and facts
that still fail. The mutants below break the compiler on purpose: the comparison must notice each.
"""

from __future__ import annotations

import os
import random
import time

import pytest
from rescind import load
from rescind.book.model import AllOf, AnyOf, Not, Op
from rescind.book.read_conditions import ConditionReader
from rescind.deciding import verdict
from rescind.deciding import version_program as program
from rescind.matching import columns
from rescind.matching import compile_version as ruleset
from rescind.matching import encode_case as record
from rescind.matching import normal_form as normal
from rescind.matching.compile_version import GATES
from rescind.values.types import Kind
from rescind.values.units import currencies

from tests.differential.harness import ENGINE_HAS_THREE_VALUES, check, report, yaml_of
from tests.differential.kleene_check import check_kleene

BOOKS, CASES = 16, 70

of_two_values = pytest.mark.skipif(
    ENGINE_HAS_THREE_VALUES, reason="`test_kleene` compares the engine with three truth values"
)


def answers_wrongly():
    """Whether a comparison of 40 books with all operators finds an answer that is not the author's."""
    if ENGINE_HAS_THREE_VALUES:
        return any(check_kleene([seed], 10).kinds for seed in range(0, 120, 3))
    return any(found.kind == "answer" for seed in range(40) for found in check([seed], 10).disagreements)


@of_two_values
@pytest.mark.parametrize("block", range(2))
def test_rulesets_answer_as_the_words_of_the_author(block):
    tally = check(range(block * BOOKS, (block + 1) * BOOKS), CASES)
    assert not tally.disagreements, report(tally.disagreements[0])
    # What is compared must be worth comparing: both answers, every outcome, few books that do not load.
    assert tally.units > 2_000
    assert 0.1 < tally.held / tally.units < 0.9
    assert tally.reasons > 500
    assert len({"blocked", "not_applicable", "review_required", "allowed"} & tally.outcomes.keys()) > 2
    assert tally.refused <= BOOKS // 3


@of_two_values
@pytest.mark.soak
def test_rulesets_answer_as_the_words_of_the_author_for_minutes():
    first = int(os.environ.get("RESCIND_SEED", random.SystemRandom().randrange(10**9)))
    end = time.monotonic() + 60 * float(os.environ.get("RESCIND_SOAK_MINUTES", "10"))
    seed = first
    while time.monotonic() < end:
        tally = check(range(seed, seed + 20), 200)
        assert not tally.disagreements, report(tally.disagreements[0])
        seed += 20
    print(f"seeds {first} to {seed - 1}: no disagreement")  # noqa: T201 - the figure for the record


def negation_keeps_all_and_any(monkeypatch):
    """De Morgan forgotten: under `not`, `all` stays `all`."""
    normalise = normal._normal

    def wrong(condition, *, positive):
        if isinstance(condition, (AllOf, AnyOf)) and not positive:
            return type(condition)(tuple(wrong(item, positive=False) for item in condition.items))
        if isinstance(condition, Not):
            return wrong(condition.item, positive=not positive)
        return normalise(condition, positive=positive)

    monkeypatch.setattr(normal, "_normal", wrong)


def negation_turns_under_into_over(monkeypatch):
    monkeypatch.setitem(columns.NEGATED, Op.UNDER, Op.OVER)


def absence_goes_unnoticed(monkeypatch):
    """Optional facts lose the guard that they are present."""
    monkeypatch.setattr(ConditionReader, "_guarded", lambda _self, condition, _names, _place: condition)


def disjunction_drops_its_last_branch(monkeypatch):
    expand = normal._expand

    def wrong(condition, flag):
        if isinstance(condition, AnyOf) and len(condition.items) > 1:
            condition = AnyOf(condition.items[:-1])
        return expand(condition, flag)

    monkeypatch.setattr(normal, "_expand", wrong)


def money_literals_in_main_units(monkeypatch):
    """A literal of 1000 USD becomes 1000 cents."""
    code = columns.Columns._code

    def wrong(self, column, type_, operand):
        if type_.kind is Kind.MONEY:
            return 2 * int(operand.minor / 10 ** currencies()[operand.currency])
        return code(self, column, type_, operand)

    monkeypatch.setattr(columns.Columns, "_code", wrong)


def fractions_are_cut_off(monkeypatch):
    """What lies between two representable numbers is taken for the lower one: the odd bit is lost."""
    doubled = record._doubled
    monkeypatch.setattr(record, "_doubled", lambda value: doubled(value) & ~1)


def a_shard_is_lost(monkeypatch):
    shards = ruleset._sharded

    def wrong(rules):
        parts = list(shards(rules))
        return parts[:1] if len(parts) > 1 else parts

    monkeypatch.setattr(ruleset, "_sharded", wrong)


def flags_are_read_the_wrong_way_round(monkeypatch):
    positive = columns.Columns._positive

    def wrong(self, atom):
        column, op, value = positive(self, atom)
        return column, op, 1 - value if isinstance(atom, normal.Flag) else value

    monkeypatch.setattr(columns.Columns, "_positive", wrong)


def a_shared_rule_speaks_for_one_condition(monkeypatch):
    """Identical branches share a rule; all but the first condition are forgotten."""
    compile_version = load.compile_version

    def wrong(version, problems):
        definition = compile_version(version, problems)
        return definition | {"rules": {rule: meanings[:1] for rule, meanings in definition["rules"].items()}}

    monkeypatch.setattr(load, "compile_version", wrong)


def what_a_shared_rule_says_of_a_blocker_is_forgotten(monkeypatch):
    """Where a value has none, whole rules are left out, those that blockers share with reviews among them."""

    def wrong(self, rules):
        return self(
            tuple(
                rule
                for rule in rules
                if all(unit.startswith((*GATES, "flags/")) for unit, _ in self._units[rule])
            )
        )

    monkeypatch.setattr(verdict.Judge, "gates", wrong)


MUTANTS = (
    negation_keeps_all_and_any,
    negation_turns_under_into_over,
    absence_goes_unnoticed,
    disjunction_drops_its_last_branch,
    money_literals_in_main_units,
    fractions_are_cut_off,
    a_shard_is_lost,
    flags_are_read_the_wrong_way_round,
    a_shared_rule_speaks_for_one_condition,
    what_a_shared_rule_says_of_a_blocker_is_forgotten,
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_broken_compiler_is_noticed(mutant, monkeypatch):
    mutant(monkeypatch)
    assert answers_wrongly()


@of_two_values
def test_an_error_that_does_not_wait_is_noticed(monkeypatch):
    """Conditions that a case does not come to must not fail it."""
    compile_record = program.compile_record

    def wrong(columns, *rest):
        return compile_record([{**column, "waits": False} for column in columns], *rest)

    monkeypatch.setattr(program, "compile_record", wrong)
    found = [each for seed in range(40) for each in check([seed], 10).disagreements]
    assert any("though the case is blocked or the policy does not apply" in each.what for each in found)


@of_two_values
def test_a_disagreement_is_reported_with_its_seed_and_at_its_smallest(monkeypatch):
    disjunction_drops_its_last_branch(monkeypatch)
    every = check(range(8), 10, stop_at=8).disagreements
    found = min(every, key=lambda each: len(yaml_of(each.book.version)))
    words = report(found)
    assert f"python -m tests.differential {found.book.seed}" in words
    assert words.count("message:") + words.count("within:") <= 3
    assert check([found.book.seed], 10).disagreements[0].what == found.what
