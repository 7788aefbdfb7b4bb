"""A case that would notice a mutant: one of the cases that there are, with one or two facts changed.

The facts are taken from what the changed condition compares: its limits and their neighbours, the other choices, and
absence. What is found has been decided by the policy and by the mutant, with different answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

from rescind.authoring.cases import merged
from rescind.authoring.mutation.version_mutations import Mutation, neighbours
from rescind.authoring.run_cases import Trial
from rescind.book.model import Compare, Condition, Has, Leaf, Name, leaves
from rescind.book.vocabulary import Vocabulary
from rescind.engine import Engine
from rescind.problems.exceptions import RescindError
from rescind.source.yaml_writer import flow
from rescind.values.times import SECOND
from rescind.values.types import ABSENT, Kind
from rescind.values.value_readers import plain
from rescind.values.value_words import money_text

__all__ = ["find_example"]

MAX_BASES = 6
MAX_TRIES = 400

Change = dict[str, Any]


def find_example(policy: Engine, mutant: Engine, mutation: Mutation, trials: Sequence[Trial]) -> str:
    """A case in words; "" where none was found in a few hundred tries."""
    tries = 0
    for trial in trials[:MAX_BASES]:
        for change in _changes(mutation.before, trial, policy):
            tries += 1
            facts = merged(trial.case.facts, _nested(change))
            one, other = _answer(policy, trial, facts), _answer(mutant, trial, facts)
            if one and other and one != other:
                return f"like `{trial.name}`, with `{flow(change)}`: {one}; the mutant says {other}"
            if tries > MAX_TRIES:
                return ""
    return ""


def _changes(condition: Condition | None, trial: Trial, engine: Engine) -> Iterator[Change]:
    """One fact changed, then two."""
    if condition is None:
        return
    values: dict[str, list[Any]] = {}
    for leaf in leaves(condition):
        if leaf.subject.name in engine.book.vocabulary.facts:
            found = values.setdefault(leaf.subject.name, [])
            found += [raw for raw in _raw(leaf, trial, engine) if raw not in found]
    for name, raws in values.items():
        yield from ({name: raw} for raw in raws)
    for one, two in combinations(values, 2):
        yield from ({one: raw, two: other} for raw, other in product(values[one], values[two]))


def _raw(leaf: Leaf, trial: Trial, engine: Engine) -> Iterator[Any]:
    """Values of the fact under a leaf that may make a difference, as an author writes them."""
    type_, zone = leaf.subject.type, engine.book.zone
    if _optional(leaf.subject.name, engine.book.vocabulary):
        yield None
    if type_.kind is Kind.FLAG:
        yield from (True, False)
    elif type_.kind is Kind.CHOICE:
        yield from type_.choices
    elif isinstance(leaf, Has):
        yield from ([leaf.member], [])
    elif isinstance(leaf, Compare):
        yield from (plain(value, type_, zone) for value in _near(leaf, trial, engine))


def _near(leaf: Compare, trial: Trial, engine: Engine) -> Iterator[Any]:
    if not isinstance(leaf.operand, Name):
        yield leaf.operand
        yield from neighbours(leaf)
        return
    other = _value(leaf.operand, trial, engine)
    if other is not ABSENT:
        yield other
        if leaf.subject.type.kind is Kind.TIME:
            yield from (other - SECOND, other + SECOND)


def _value(name: Name, trial: Trial, engine: Engine) -> Any:
    """The value of a fact, or the clock, in a case."""
    if name.name == "now":
        return trial.case.at
    try:
        values = engine.typed(trial.case.facts, at=trial.case.at)
    except RescindError:
        return ABSENT
    facts = list(engine.book.vocabulary.facts)
    return values[facts.index(name.name)] if name.name in facts else ABSENT


def _optional(name: str, vocabulary: Vocabulary) -> bool:
    fact = vocabulary.facts.get(name)
    return bool(fact and fact.optional)


def _nested(change: Change) -> Change:
    result: Change = {}
    for name, raw in change.items():
        *groups, leaf = name.split(".")
        below = result
        for group in groups:
            below = below.setdefault(group, {})
        below[leaf] = raw
    return result


def _answer(engine: Engine, trial: Trial, facts: Change) -> str:
    """A decision in a few words; "" for facts that are refused."""
    target = trial.target
    try:
        decision = engine.decide(
            facts, at=trial.case.at, policy=target.policy or None, version=target.version or None
        ).to_dict()
    except RescindError:
        return ""
    rules = [rule["id"] for rule in (*decision["blockers"], *decision["reviews"])]
    refund = [f"refund {money_text(decision['refund']['total'])}"] if decision["refund"] else []
    return ", ".join([decision["outcome"], *rules, *refund])
