"""Conditions to branches: negation normal form, then disjunctive normal form.

durable-rules is sound only for rules that are one flat AND of comparisons, so a condition becomes a list of branches
and each branch a rule. Where multiplying out would exceed `MAX_BRANCHES`, a part becomes a flag: a separate
condition that is decided in an earlier stage, and whose outcome the branch then reads as one more column.
"""

from __future__ import annotations

from collections.abc import Callable

from rescind.book.model import AllOf, AnyOf, Condition, Leaf, Not
from rescind.matching.ruleset_limits import MAX_ATOMS_PER_RULE, MAX_FIELDS
from rescind.problems.frozen_records import frozen

__all__ = ["MAX_BRANCHES", "Branch", "Flag", "FlagMaker", "Literal", "branches_of"]

# The most rules that multiplying out one condition may make; beyond that, a flag costs less than the rules.
MAX_BRANCHES = 16

# The most literals in one branch. Each may need two comparisons, each with its own column, and one shard holds a rule
# with all of its columns.
MAX_LITERALS = min(MAX_ATOMS_PER_RULE, MAX_FIELDS) // 2


@frozen
class Flag:
    """The outcome of a condition that an earlier stage decides."""

    name: str


@frozen
class Literal:
    """A leaf or a flag, plain or negated."""

    atom: Leaf | Flag
    positive: bool = True


Branch = tuple[Literal, ...]
FlagMaker = Callable[[Condition], Flag]


def branches_of(condition: Condition, flag: FlagMaker) -> list[Branch]:
    """The branches whose OR is the condition; `flag` turns a part into a flag. [()] is always true, [] never."""
    return _expand(_normal(condition, positive=True), flag)


def _normal(condition: Condition | Literal, *, positive: bool) -> Condition | Literal:
    """Negations pushed down to the leaves; `Literal` stands for a leaf."""
    match condition:
        case Not(item):
            return _normal(item, positive=not positive)
        case AllOf(items) | AnyOf(items):
            joined = AllOf if isinstance(condition, AllOf) is positive else AnyOf
            parts = [_normal(item, positive=positive) for item in items]
            # Literals stand in for leaves until `_expand`.
            return joined(tuple(parts))  # type: ignore[arg-type]
        case Literal(atom, as_is):
            return Literal(atom, as_is is positive)
        case _:
            return Literal(condition, positive)


def _expand(condition: Condition | Literal, flag: FlagMaker) -> list[Branch]:
    match condition:
        case AnyOf(items):
            branches = dict.fromkeys(branch for item in items for branch in _expand(item, flag))
            return [()] if () in branches else list(branches)  # then the whole always holds
        case AllOf(items):
            return _product([_expand(item, flag) for item in items], list(items), flag)
        case Literal():
            return [(condition,)]
        case _:
            raise TypeError(condition)


def _product(parts: list[list[Branch]], items: list[Condition], flag: FlagMaker) -> list[Branch]:
    """Every way to take one branch of each part. The widest parts become flags until there are few enough."""
    while _size(parts) > MAX_BRANCHES:
        widest = max(range(len(parts)), key=lambda index: len(parts[index]))
        parts[widest] = [(Literal(flag(items[widest])),)]
    branches: list[Branch] = [()]
    for part in parts:
        branches = [_joined(left, right) for left in branches for right in part]
    return [_narrowed(branch, flag) for branch in dict.fromkeys(branches)]


def _size(parts: list[list[Branch]]) -> int:
    """How many branches the product has; a single part, however wide, is not a product."""
    if sum(len(part) > 1 for part in parts) < 2:
        return 0
    size = 1
    for part in parts:
        size *= len(part)
    return size


def _joined(left: Branch, right: Branch) -> Branch:
    return tuple(dict.fromkeys((*left, *right)))


def _narrowed(branch: Branch, flag: FlagMaker) -> Branch:
    """A branch with few enough literals for one rule; the surplus becomes flags."""
    while len(branch) > MAX_LITERALS:
        chunks = [branch[i : i + MAX_LITERALS] for i in range(0, len(branch), MAX_LITERALS)]
        branch = tuple(
            Literal(flag(AllOf(chunk))) if len(chunk) > 1 else chunk[0]  # type: ignore[arg-type]
            for chunk in chunks
        )
    return branch
