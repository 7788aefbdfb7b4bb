"""What an author may have meant by a literal that does not fit: a hint on how to correct it.

The readers of single values serve callers too, and know neither the names of a book nor its currency. Here both are
known. A hint is "" where nothing better can be said than what the reader said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from rescind.book.names_in_scope import Names
from rescind.problems.frozen_records import frozen
from rescind.problems.suggestions import did_you_mean, without_curly_quotes
from rescind.values.types import Kind, Type
from rescind.values.written_amounts import amount_meant

__all__ = ["Meant", "label_hint"]

DOTTED = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
WORD = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
COMPUTED = re.compile(r"\s[-+*/]\s|[*/(]")
COMPARED = re.compile(r"(>=|<=|==|!=|>|<|=)\s*(\S.*)")
# Signs of other languages, and the operators on amounts and on moments that they stand for.
SIGNS: Mapping[str, tuple[str, str]] = {
    ">": ("over", "after"),
    ">=": ("at_least", "not_before"),
    "<": ("under", "before"),
    "<=": ("at_most", "not_after"),
    "=": ("is", "is"),
    "==": ("is", "is"),
    "!=": ("is_not", "is_not"),
}
ANY_CURRENCY = "USD"  # in a hint, where neither the fact nor the book says one


@frozen
class Meant:
    """The hints of one version: `names` are those that it may use, `currency` is that of the book ("" for none)."""

    names: Names
    currency: str

    def hint(self, name: str, type_: Type, raw: object) -> str:
        """What was probably meant by `raw` beside a name of this type."""
        if isinstance(raw, str):
            return (
                self._named(raw)
                or _quoted(raw)
                or self._compared(type_, raw)
                or self._by_kind(name, type_, raw)
            )
        return self._by_kind(name, type_, raw)

    def _named(self, raw: str) -> str:
        """A name, or a formula over names, where a literal stands."""
        near = (
            did_you_mean(raw, self.names).partition("`")[2].partition("`")[0] if DOTTED.fullmatch(raw) else ""
        )
        if raw in self.names or near:
            return f"did you mean `{{fact: {raw if raw in self.names else near}}}`?"
        if COMPUTED.search(raw) and any(word in self.names for word in WORD.findall(raw)):
            return f"compute it under `values`, such as `limit: {_short(raw)}`, and write `{{fact: limit}}`"
        return ""

    def _compared(self, type_: Type, raw: str) -> str:
        sign = COMPARED.fullmatch(raw.strip())
        if not sign:
            return ""
        operator = SIGNS[sign[1]][type_.kind in {Kind.TIME, Kind.DATE}]
        return f"write `{{{operator}: {_short(sign[2])}}}`"

    def _by_kind(self, name: str, type_: Type, raw: object) -> str:
        if type_.kind is Kind.MONEY:
            return self._money(type_, raw)
        if type_.choices:
            return self._choice(name, type_, raw)
        return _BY_KIND[type_.kind](type_, raw) if type_.kind in _BY_KIND else ""

    def _money(self, type_: Type, raw: object) -> str:
        currency = type_.currency or self.currency or ANY_CURRENCY
        if isinstance(raw, (int, Decimal)) and not isinstance(raw, bool):
            return f"add the currency: `{raw} {currency}`"
        return _amount(raw, currency) if isinstance(raw, str) else ""

    def _choice(self, name: str, type_: Type, raw: object) -> str:
        if not isinstance(raw, str):
            return ""
        parts = re.split(r"\s*(?:,|\||/|\bor\b|\band\b)\s*", raw)
        if len(parts) > 1 and set(parts) <= set(type_.choices):
            return f"write a list: `[{', '.join(parts)}]`"
        fact = self.names.fact(name)
        labelled = label_hint(raw, fact.labels) if fact else ""
        new = f"add it to the `choices` of `{name}` in the vocabulary, if it is new" if fact else ""
        return labelled or did_you_mean(raw, type_.choices) or new


def label_hint(raw: str, labels: Mapping[str, str]) -> str:
    """The choice whose label was written in its place."""
    ids = {label.casefold(): choice for choice, label in labels.items() if label}
    found = ids.get(raw.casefold())
    return f"`{_short(raw)}` is its label: write `{found}`" if found else ""


def _quoted(raw: str) -> str:
    """A text in the quotes of a word processor."""
    plain = without_curly_quotes(raw)
    return f"curly quotes are part of the text: write `{_short(plain)}`" if plain and plain != raw else ""


def _amount(raw: str, currency: str) -> str:
    meant = amount_meant(raw, currency)
    odd = any(char.isspace() and char != " " for char in raw)
    return f"write `{meant}`" + (", with an ordinary space" if odd else "") if meant else ""


def _integer(_: Type, raw: object) -> str:
    if isinstance(raw, Decimal):
        return "write a whole number"
    number = re.fullmatch(r"([+-]?[0-9]+)\s*([A-Za-z]*)", raw) if isinstance(raw, str) else None
    if not number:
        return ""
    return f"write `{number[1]}`: it has no unit" if number[2] else f"write it without quotes: `{number[1]}`"


def _number(_: Type, raw: object) -> str:
    share = re.fullmatch(r"([0-9]+(?:[.,][0-9]+)?)\s+%", raw) if isinstance(raw, str) else None
    return f"write `{share[1].replace(',', '.')}%`" if share else ""


def _duration(type_: Type, raw: object) -> str:
    if not isinstance(raw, int) or isinstance(raw, bool):
        return ""
    units = ("mo", "y") if type_.calendar else ("h", "d")
    return "add the unit: " + " or ".join(f"`{raw}{unit}`" for unit in units)


def _date(_: Type, raw: object) -> str:
    if raw in {"today", "now"}:
        return "give today a name under `values`, such as `today: date_of(now)`, and write `{fact: today}`"
    return "write the year, the month and the day: `2024-10-29`"


def _time(_: Type, raw: object) -> str:
    if raw == "today":
        return "write `now`, or give the start of the day a name under `values`"
    minute = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})", raw) if isinstance(raw, str) else None
    return f"write the seconds: `{minute[1]}T{minute[2]}:00`" if minute else ""


_BY_KIND: Mapping[Kind, Callable[[Type, object], str]] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.DURATION: _duration,
    Kind.DATE: _date,
    Kind.TIME: _time,
}


def _short(text: str) -> str:
    text = text.replace("`", "'")
    return text if len(text) <= 60 else text[:57] + "…"
