"""The engine beside the answers: what is wrong with a decision or an order, in words, or ""."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from rescind.problems.exceptions import FactsError

from tests.attack.meaning import DIGITS, UNKNOWN, Money

__all__ = ["decided", "minor", "wrong_answer", "wrong_error", "wrong_filling", "wrong_lines", "wrong_refund"]


def decided(engine, facts, now):
    """The decision and None, or None and the error of the facts. Whatever else is raised is a fault."""
    try:
        return engine.decide(facts, at=now), None
    except FactsError as error:
        return None, error


def wrong_answer(expected, decision, error):
    """The kind of what is wrong, or ""."""
    if error is not None:
        if expected.outcome != "error":
            return f"needless error {error.problems[0].code}"
        return ""
    answer = decision.to_dict(schema="rescind/decision/1")
    if expected.outcome == "error":
        return f"{answer['outcome']}, though {expected.step} are unknown"
    if answer["outcome"] != expected.outcome:
        return f"{answer['outcome']} instead of {expected.outcome}"
    for part in ("blockers", "undetermined", "reviews"):
        if {row["id"] for row in answer.get(part, ())} != set(getattr(expected, part)):
            return f"other {part}"
    if expected.outcome == "not_applicable":
        return ""
    if answer["policy"]["id"] != expected.case.version.policy:
        return "other policy"
    return wrong_refund(expected, answer["refund"]) or wrong_values(expected.case, answer["values"])


def wrong_refund(expected, refund):
    settled = expected.refund
    if settled is None or refund is None:
        return "" if settled is refund else "a refund, or none, against the contract"
    if (refund["terms"], minor(refund["total"])) != (settled.term, settled.total):
        return "other terms or total"
    return wrong_lines(settled, refund) or wrong_deductions(settled, refund)


def wrong_lines(settled, refund):
    found = {}
    for line in refund["instruments"]:
        paid, *parts = (minor(line[key]) for key in ("paid", "returned", "consumed", "fees", "forfeited"))
        if paid != sum(parts) or any(part < 0 for part in parts[1:]):
            return "an instrument that does not add up"
        found[line["instrument"]] = parts
        if line.get("to", "") != settled.to.get(line["instrument"], "") and paid:
            return "other destination"
    names = {*found, *settled.returned}
    if any(found.get(name, [0])[0] != settled.returned.get(name, 0) for name in names):
        return "another amount returned"
    if any(found.get(name, [0])[-1] != settled.forfeited.get(name, 0) for name in names):
        return "another amount forfeited"
    for place, column in ((1, "consumed"), (2, "fees")):
        if sum(parts[place] for parts in found.values()) != sum(
            each.minor for each in settled.taken if each.column == column
        ):
            return "other columns"
    return ""


def wrong_deductions(settled, refund):
    found = [(row["name"], minor(row["amount"]), row["counts_as"]) for row in refund["deductions"]]
    if found != [(each.name, each.minor, each.column) for each in settled.taken]:
        return "other deductions"
    exact = [minor(row["exact"]) for row in refund["deductions"]]
    return "" if exact == [each.exact for each in settled.taken] else "another exact deduction"


def minor(text):
    amount, currency = text.rsplit(" ", 1)
    return Fraction(amount) * 10 ** DIGITS[currency]


def wrong_values(case, values):
    for name, raw in values.items():
        value = case.read(name)
        if value is UNKNOWN:
            return "a value shown, though it is unknown"
        if value != typed(raw, case.version.kinds[name]):
            return f"another {case.version.kinds[name]} shown"
    return ""


def typed(raw, kind):
    match kind:
        case "money":
            amount, currency = raw.rsplit(" ", 1)
            return Money(Fraction(amount), currency)
        case "date":
            return dt.date.fromisoformat(raw)
        case "flag":
            return raw
    return Fraction(raw)


def wrong_error(book, facts, error):
    """An error names as missing only what is."""
    for problem in error.problems:
        name = problem.location.path
        if problem.code == "R0901" and (
            name not in book.facts or name in facts or book.facts[name].absence is not UNKNOWN
        ):
            return "an error that names a fact that is there"
    return ""


def wrong_filling(fewer, more):
    """Whether an answer on fewer facts is another one on more."""
    if fewer.outcome != more.outcome:
        return "another outcome, with more facts"
    if not set(fewer.blockers) <= set(more.blockers):
        return "a blocker less, with more facts"
    if (fewer.reviews, fewer.refund) != (more.reviews, more.refund):
        return "another review or refund, with more facts"
    return ""
