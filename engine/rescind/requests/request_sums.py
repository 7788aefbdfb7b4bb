"""The sums that reviews of a whole request read, so that splitting a large cancellation does not avoid its review.

A figure is summed over the resources that the request gives back, each amount converted by the exact rates of its
own case. A figure of the refund counts where there is a refund, a value where the version of the case has it.

INVARIANT: another resource never lowers a sum. A resource without the amount adds nothing, and neither does one whose
amount is below zero, such as the refund of a resource for which the customer owes: a debt is not paid out of refunds,
and must not make the review of the others unnecessary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from rescind.book.model import Version
from rescind.deciding.decide_case import CaseDecider
from rescind.deciding.explain_unknown import value_of
from rescind.matching.request_wide_reviews import ANYWHERE, summed_names
from rescind.problems.exceptions import FactsError
from rescind.problems.problem import Problem
from rescind.requests.rows_to_cases import RequestCase, at_row, row_problems
from rescind.values.money import Money, exchange
from rescind.values.types import ABSENT, RATES, Kind

__all__ = ["with_sums"]


def with_sums(
    decider: CaseDecider, cases: Sequence[RequestCase], at: int, problems: list[Problem]
) -> list[RequestCase]:
    """The cases; those with a review of the whole request are decided again with the sums of the request."""
    whole = {id(version): bool(_summed(version)) for version in _versions(cases)}
    if len(cases) == 1 or not any(whole.values()):
        return list(cases)
    sums = _Sums(decider, cases)
    decided, found = [], dict.fromkeys(problems)
    for case in cases:
        try:
            if whole[id(case.decision.version)]:
                case = replace(case, decision=decider.decide_again(case.decision, case.values, at, sums))  # noqa: PLW2901
        except FactsError as error:
            found |= dict.fromkeys(row_problems(case.row, error.problems))
        decided.append(case)
    problems[:] = found
    return decided


def _versions(cases: Sequence[RequestCase]) -> list[Version]:
    versions = {id(case.decision.version): case.decision.version for case in cases}
    return [version for version in versions.values() if version]


def _summed(version: Version) -> set[str]:
    return {name for review in version.reviews for name in summed_names(review)}


class _Sums:
    """The sums of a request, each computed when a review first asks for it."""

    def __init__(self, decider: CaseDecider, cases: Sequence[RequestCase]) -> None:
        self._decider = decider
        self._cases = cases
        self._figures: dict[str, tuple[list[tuple[RequestCase, Money]], list[Problem]]] = {}
        self._known: dict[tuple[str, str], tuple[Money, list[Problem]]] = {}

    def of(self, name: str, currency: str) -> Any:
        """The sum of a figure in a currency; if none is given, in the currency of the first resource with the figure.

        `ABSENT` if no resource has the figure, None if the sum is unknown: see `why`. For `ANYWHERE` it is any one of
        the amounts.
        """
        figures, unknown = self._present(name)
        if unknown:
            return None
        if not figures:
            return ABSENT
        first = figures[0][1]
        if currency == ANYWHERE:
            return first
        total, rateless = self._sum(name, currency or first.currency)
        return None if rateless else total

    def why(self, name: str, currency: str) -> Sequence[Problem]:
        """Why a sum is unknown: the problems of each resource, placed in its row."""
        figures, unknown = self._present(name)
        if unknown or not figures or currency == ANYWHERE:
            return unknown
        return self._sum(name, currency or figures[0][1].currency)[1]

    def _present(self, name: str) -> tuple[list[tuple[RequestCase, Money]], list[Problem]]:
        """The cases that have a figure, and the figure of each; what is wrong with those of which it is unknown."""
        if name not in self._figures:
            found: list[tuple[RequestCase, Money]] = []
            problems: list[Problem] = []
            for case in self._cases:
                try:
                    figure = self._figure(case, name)
                except FactsError as error:
                    problems += row_problems(case.row, error.problems)
                else:
                    found += [] if figure is ABSENT else [(case, figure)]
            self._figures[name] = found, problems
        return self._figures[name]

    def _sum(self, name: str, currency: str) -> tuple[Money, list[Problem]]:
        """The sum of a figure, and what is wrong with the resources that have no rate."""
        if (name, currency) not in self._known:
            total: int | Fraction = 0
            problems: list[Problem] = []
            for case, figure in self._present(name)[0]:
                try:
                    total += self._converted(case, figure, currency) if figure.minor >= 0 else 0
                except KeyError as error:
                    problems.append(_no_rate(case, name, str(error.args[0]), currency))
            self._known[name, currency] = Money(total, currency), problems
        return self._known[name, currency]

    def _converted(self, case: RequestCase, figure: Money, currency: str) -> int | Fraction:
        """What one case adds to a sum. Raises `KeyError` with its currency where there is no rate."""
        if figure.currency == currency:
            return figure.minor
        rates = self._decider.fact(case.values, RATES)
        converted = None if rates is ABSENT else exchange(figure, currency, rates)
        if converted is None:
            raise KeyError(figure.currency)
        return converted.minor

    def _figure(self, case: RequestCase, name: str) -> Any:
        run, version = case.decision.run, case.decision.version
        if run is None or version is None:
            return ABSENT
        if name.startswith("refund."):
            return value_of(run, name) if version.refund else ABSENT
        if self._decider.vocabulary.fact_of(name):
            return value_of(run, name)
        known = any(value.name == name and value.type.kind is Kind.MONEY for value in version.values)
        return value_of(run, name) if known else ABSENT


def _no_rate(case: RequestCase, name: str, source: str, currency: str) -> Problem:
    return Problem(
        "R0907",
        f"`{name}` is summed over the request in {currency}, here it is in {source}, and there is no rate",
        at_row(case.row, RATES),
        f'send `{{"rates": {{"{source}/{currency}": "…"}}}}`',
    )
