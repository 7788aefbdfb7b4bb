"""The hints of the schemas, with names of the present book as examples.

The JSON Schemas serve every book, but their examples are names of one book. A hint to write
`{order.amount: {over: 1000 USD}}` does not help an author whose book has neither the fact nor the currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rescind.book.vocabulary import Fact, Vocabulary
from rescind.problems.problem import Problem
from rescind.values.types import Kind

__all__ = ["in_own_names"]

ANY_CURRENCY = "USD"


def in_own_names(problems: Iterable[Problem], vocabulary: Vocabulary, currency: str) -> Iterator[Problem]:
    """Problems of shape, whose examples are names of the vocabulary; `currency` is that of the book, "" for none."""
    swaps = list(_swaps(vocabulary, currency))
    for problem in problems:
        message, hint = problem.message, problem.hint
        head, found, rest = message.partition(", found ")  # what the author wrote stays as it is
        for example, own in swaps:
            head, hint = head.replace(example, own), hint.replace(example, own)
        yield replace(problem, message=head + found + rest, hint=hint)


def _swaps(vocabulary: Vocabulary, currency: str) -> Iterator[tuple[str, str]]:
    """The examples of the schemas, each with one of the book; the longer ones first."""
    facts = list(vocabulary.facts.values())
    money, paid = _first(facts, Kind.MONEY), _first(facts, Kind.INSTRUMENTS)
    own = next((fact.type.currency for fact in (money, paid) if fact and fact.type.currency), currency)
    condition = _condition(facts, own or ANY_CURRENCY)
    if condition:
        for example in (
            "{order.amount: {over: 1000 USD}}",
            "{order.term: 3y}",
            "{account.legal_freeze: true}",
        ):
            yield example, condition
    if paid:
        part = paid.type.choices[0]
        yield "`order.paid.cash * 10%`", f"`{paid.name}.{part} * 10%`"
        yield "`order.paid`", f"`{paid.name}`"
        yield "paid: order.paid", f"paid: {paid.name}"
        yield "{cash: full, cash_coupon: full, discount_coupon: none}", f"{{{part}: full}}"
        yield "{cash: full}", f"{{{part}: full}}"
        yield "`cash_coupon`", f"`{part}`"
    if named := money or next(iter(facts), None):
        yield "`order.amount`", f"`{named.name}`"
    if text := _first(facts, Kind.TEXT):
        yield "`resource.group_id`", f"`{text.name}`"
    if moment := _first(facts, Kind.TIME, Kind.DATE):
        yield "`order.purchased_at`", f"`{moment.name}`"
    if own:
        yield "1000 USD", f"1000 {own}"


def _first(facts: Iterable[Fact], *kinds: Kind) -> Fact | None:
    return next((fact for fact in facts if fact.type.kind in kinds), None)


def _condition(facts: list[Fact], currency: str) -> str:
    """A condition on a fact of the book; "" where it has none that a short one could be about."""
    for kind, asked in (
        (Kind.MONEY, f"{{over: 1000 {currency}}}"),
        (Kind.FLAG, "true"),
        (Kind.INTEGER, "{over: 1}"),
        (Kind.TIME, "{after: now}"),
    ):
        if fact := _first(facts, kind):
            return f"{{{fact.name}: {asked}}}"
    choice = _first(facts, Kind.CHOICE)
    return f"{{{choice.name}: {choice.type.choices[0]}}}" if choice else ""
