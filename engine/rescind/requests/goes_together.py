"""Resources that are given back together or not at all.

A version that says `together: resource.group` binds its resources to all others of the request with the same value.
If one of them cannot be given back, none is. A resource without a value is only attached; it is given back or kept
independently of the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rescind.book.words import CANCELLABLE
from rescind.deciding.decide_case import CaseDecider
from rescind.problems.problem import Problem
from rescind.requests.rows_to_cases import RequestCase, row_problems
from rescind.values.types import ABSENT

__all__ = ["Bond", "HeldBack", "goes", "held_back", "unknown_bonds"]

# What binds resources: the fact, and the value that they have in common.
Bond = tuple[str, str]


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A resource that is kept because of others: what binds it to them, and which resources they are."""

    fact: str
    value: str
    resources: tuple[str, ...]


def goes(case: RequestCase) -> bool:
    """Whether a resource, taken by itself, can be given back."""
    return case.decision.outcome in CANCELLABLE


def held_back(decider: CaseDecider, cases: Sequence[RequestCase]) -> dict[str, HeldBack]:
    """The resources that only others that they are bound to keep from going. Linear in the number of cases."""
    members = _members(decider, cases)
    bonds: dict[str, list[Bond]] = defaultdict(list)
    for bond, found in members.items():
        for case in found:
            bonds[case.resource].append(bond)
    held: dict[str, HeldBack] = {}
    broken: set[Bond] = set()
    staying = [case for case in cases if case.resource in bonds and not goes(case)]
    while staying:  # one that stays may keep those bound to it, and these may keep others
        for bond in bonds[staying.pop().resource]:
            if bond in broken:
                continue
            broken.add(bond)
            why = HeldBack(*bond, _causes(members[bond], held))
            bound = [case for case in members[bond] if goes(case) and case.resource not in held]
            held |= dict.fromkeys((case.resource for case in bound), why)
            staying += bound
    return held


def unknown_bonds(decider: CaseDecider, cases: Sequence[RequestCase]) -> list[Problem]:
    """The missing facts that would say what goes together: without them, one that stays might hold back any other."""
    problems: list[Problem] = []
    for case in cases if len(cases) > 1 else ():
        version = case.decision.version
        if version is None or not version.together:
            continue
        fact = decider.vocabulary.facts[version.together]
        if fact.required and decider.fact(case.values, fact.name) is ABSENT:
            missing = decider.programs[version.policy, version.version].missing(fact.name)
            problems += row_problems(case.row, [missing])
    return problems


def _causes(members: Sequence[RequestCase], held: Mapping[str, HeldBack]) -> tuple[str, ...]:
    return tuple(case.resource for case in members if not goes(case) or case.resource in held)


def _members(decider: CaseDecider, cases: Sequence[RequestCase]) -> dict[Bond, list[RequestCase]]:
    """The cases of each bond that some version makes, in order."""
    facts = sorted({case.decision.version.together for case in cases if case.decision.version} - {""})
    members: dict[Bond, list[RequestCase]] = defaultdict(list)
    binding: set[Bond] = set()
    for case in cases:
        for fact in facts:
            value = decider.fact(case.values, fact)
            if value is ABSENT or not value:
                continue
            members[fact, value].append(case)
            if case.decision.version and case.decision.version.together == fact:
                binding.add((fact, value))
    return {bond: found for bond, found in members.items() if bond in binding}
