"""What a version takes a fact to mean: the part of the vocabulary that its digest covers.

    type, currency, calendar, of     what a value of it is, and its unit
    at_least, at_most                which integers or numbers it may be
    optional, default                what its absence means; neither: it has to be sent
    names                            the choices or instruments that the version names
    fields                           of a list: those fields of its records that the version reads

Everything else in the vocabulary may change under a frozen version: words for people, other facts, and choices,
instruments and fields that the version does not name. A meaning is plain data: it is hashed, and kept in the lock so
that an error can say what a fact meant before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from rescind.book.model import Compare, Condition, Has, Name, Table, Version, leaves
from rescind.book.rules_of_version import rules_of
from rescind.book.vocabulary import Fact, Vocabulary
from rescind.formula.named_parts import named_choices, named_fields
from rescind.formula.scope import Formula
from rescind.problems.suggestions import one_of
from rescind.values.types import ABSENT, RATES, Kind, Type, a_type
from rescind.values.value_readers import plain

__all__ = ["Meaning", "fact_meanings", "meaning_in_words", "meaning_of"]

Meaning = Mapping[str, object]


def fact_meanings(version: Version, vocabulary: Vocabulary, zone: ZoneInfo) -> dict[str, Meaning]:
    """The meaning that the version relies on for each fact that it uses, by name."""
    formulas = list(_formulas(version))
    named = {*_instruments(version, formulas), *_choices(version, formulas)}
    fields = {field for formula in formulas for field in named_fields(formula.text)}
    used = version.facts | _default_rates(version, vocabulary)
    return {name: _meaning(vocabulary.facts[name], named, fields, zone) for name in sorted(used)}


def meaning_of(fact: Fact, zone: ZoneInfo) -> Meaning:
    """What a fact means to a version that names none of its choices and reads none of its fields."""
    return _meaning(fact, set(), set(), zone)


def _meaning(fact: Fact, named: set[tuple[str, str]], read: set[str], zone: ZoneInfo) -> Meaning:
    kind, type_ = fact.type.kind, fact.type
    names = sorted(choice for name, choice in named if name == fact.name and choice in type_.choices)
    fields = {
        key: _meaning(field, named, read, zone)
        for key, field in sorted(fact.fields.items())
        if field.name in read
    }
    default = {} if fact.default is ABSENT else {"default": plain(fact.default, type_, zone)}
    parts: dict[str, object] = {
        "type": str(kind.value),
        "currency": type_.currency,
        "calendar": type_.calendar,
        "of": ("choice" if type_.choices else "text") if kind is Kind.SET else "",
        "at_least": fact.at_least,
        "at_most": fact.at_most,
        "optional": fact.optional,
        "names": names,
        "fields": fields,
    }
    return {key: part for key, part in parts.items() if _says_something(part)} | default


def _says_something(part: object) -> bool:
    """Whether a part of a meaning is written down: a bound of 0 is one."""
    return type(part) is int or bool(part)


def _formulas(version: Version) -> Iterator[Formula]:
    for value in version.values:
        if isinstance(value.body, Table):
            yield from (row.result for row in value.body.rows)
        else:
            yield value.body
    for term in version.refund.terms if version.refund else ():
        for deduction in term.deductions:
            parts = deduction.amount, deduction.at_least, deduction.at_most
            yield from (part for part in parts if part)


def _conditions(version: Version) -> Iterator[Condition]:
    return (rule.condition for rule in rules_of(version))


def _choices(version: Version, formulas: Iterable[Formula]) -> Iterator[tuple[str, str]]:
    """The names of facts, each with a choice that a condition or formula compares it with."""
    for condition in _conditions(version):
        for leaf in leaves(condition):
            if isinstance(leaf, Compare) and isinstance(leaf.operand, str):
                yield leaf.subject.name, leaf.operand
            elif isinstance(leaf, Has):
                yield leaf.subject.name, leaf.member
    for formula in formulas:
        yield from named_choices(formula.text)
    yield from _matrix_rows(version)


def _matrix_rows(version: Version) -> Iterator[tuple[str, str]]:
    """The choices that have a row in a matrix, as the file has them: the last of all choices has no condition."""
    sections = version.meaning.get("values")
    for section in sections if isinstance(sections, list) else ():
        for body in section.values():
            rows = body.get("rows") if isinstance(body, Mapping) else None
            for row in rows if isinstance(rows, Mapping) else ():
                yield str(body.get("matrix")), str(row)


def _instruments(version: Version, formulas: Iterable[Formula]) -> Iterator[tuple[str, str]]:
    """The instruments that the terms name, and those whose amounts are read (`order.paid.cash`)."""
    if version.refund:
        for terms in _terms(version):
            yield from ((version.refund.paid.name, str(name)) for name in terms)
    read = {name for formula in formulas for name in formula.names}
    for condition in _conditions(version):
        for leaf in leaves(condition):
            operand = getattr(leaf, "operand", None)
            read |= {leaf.subject.name, *([operand.name] if isinstance(operand, Name) else [])}
    for name in read:
        whole, _, part = name.rpartition(".")
        yield whole, part


def _terms(version: Version) -> Iterator[Iterable[object]]:
    """The names under `instruments` of each of the terms, as the file has them: those that it leaves out are none."""
    refund = version.meaning.get("refund")
    terms = refund.get("terms") if isinstance(refund, Mapping) else None
    for term in terms if isinstance(terms, list) else ():
        yield term["instruments"]


def _default_rates(version: Version, vocabulary: Vocabulary) -> set[str]:
    """The fact `rates` where it has a default, and the version compares money in currencies that may differ.

    Without a default a case has the rates that were sent with it, whatever the vocabulary says of them.
    """
    rates = vocabulary.facts.get(RATES)
    if rates is None or rates.default is ABSENT:
        return set()
    compared = (leaf for rule in _conditions(version) for leaf in leaves(rule) if isinstance(leaf, Compare))
    return {RATES} if any(map(_may_convert, compared)) else set()


def _may_convert(leaf: Compare) -> bool:
    if leaf.subject.type.kind is not Kind.MONEY:
        return False
    operand = leaf.operand.type.currency if isinstance(leaf.operand, Name) else leaf.operand.currency
    return not operand or leaf.subject.type.currency != operand


def meaning_in_words(meaning: Meaning) -> str:
    """A meaning for messages: `a required flag`, `money in EUR, optional`, `an integer of at least 0, by default 1`."""
    type_ = Type(
        Kind(str(meaning["type"])),
        currency=str(meaning.get("currency", "")),
        calendar=bool(meaning.get("calendar")),
    )
    words = a_type(type_)
    if type_.kind is Kind.INSTRUMENTS and type_.currency:
        words += f" in {type_.currency}"
    if meaning.get("of"):
        words += f" of {meaning['of']}s"
    bounds = [f"{key.replace('_', ' ')} {meaning[key]}" for key in ("at_least", "at_most") if key in meaning]
    if bounds:
        words += f" of {' and '.join(bounds)}"
    fields = meaning.get("fields")
    if isinstance(fields, Mapping):
        held = [f"{name} ({meaning_in_words(field)})" for name, field in fields.items()]
        words += f" of records with {one_of(held, 4).replace('`', '').replace(' or ', ' and ')}"
    return f"{words}, {_absence(meaning)}"


def _absence(meaning: Meaning) -> str:
    if "default" in meaning:
        default = meaning["default"]
        text = str(default).lower() if isinstance(default, bool) else str(default)
        return f"by default `{text}`"
    return "optional" if meaning.get("optional") else "required"
