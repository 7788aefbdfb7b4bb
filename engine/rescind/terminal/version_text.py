"""The description of a version (see `describe`) as text, for people who sign policies."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from rescind.authoring.condition_text import ALWAYS_WORDS, NEVER_WORDS
from rescind.book.words import UNSPECIFIED, BelowZero, CountsAs, OnTimeout, ReviewScope, Split
from rescind.terminal.verb_options import clean

__all__ = ["sheet"]

Data = Mapping[str, Any]

WIDTH = 100
GROUPS = {"all": "all of these hold:", "any": "at least one of these holds:", "none": "none of these holds:"}
IN_WORDS = {ALWAYS_WORDS: "none, it always holds", NEVER_WORDS: "none can meet it, it never holds"}
TIMEOUTS = {
    OnTimeout.APPROVE: "the request is approved automatically",
    OnTimeout.REJECT: "the request is rejected automatically",
    OnTimeout.UNSPECIFIED: "the policy does not say what follows",
}
# What a policy says of the end of a time that it does not limit.
NO_LIMIT = {
    OnTimeout.APPROVE: "so that its `on_timeout: approve` never comes to pass",
    OnTimeout.REJECT: "so that its `on_timeout: reject` never comes to pass",
    OnTimeout.UNSPECIFIED: "and does not say what follows without an answer",
}
SCOPES = {
    ReviewScope.ORDER: "",
    ReviewScope.REQUEST: "Amounts are those of the whole request, over all of its orders.",
}
# The refund is what is filled in order, so that deductions fall on the instruments that come last.
SPLITS = {
    Split.PROPORTIONAL: "Deductions are taken in proportion to what was paid with each instrument",
    Split.IN_ORDER: "What is left after the deductions goes back to one instrument after the other, in the order of "
    "the terms: each gets all of its own before the next gets anything, and the deductions fall on the last",
}
BELOW_ZERO = {
    BelowZero.ZERO: "what is left is never less than nothing",
    BelowZero.CHARGE: "where they come to more than was paid, the customer owes the rest",
}
COUNTED = {CountsAs.CONSUMED: "what was used", CountsAs.FEES: "fees"}


def sheet(words: Data) -> str:
    """The whole page."""
    sections = (_head, _applies, _blockers, _reviews, _refund, _values, _reasons, _notes)
    parts = ["\n".join(section(words)) for section in sections]
    return "\n\n".join(part for part in parts if part)


def _title(text: str, at: str = "") -> str:
    return click.style(clean(text), bold=True) + _place(at)


def _place(at: str) -> str:
    return click.style(f"  {at}", dim=True) if at else ""


def _wrapped(text: str, indent: int, first: str = "") -> str:
    space = " " * indent
    return textwrap.fill(
        clean(text),
        WIDTH,
        initial_indent=first or space,
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _head(words: Data) -> Iterator[str]:
    draft = click.style("  DRAFT: not frozen yet", fg="yellow", bold=True) if words["draft"] else ""
    yield _title(words["title"]) + draft
    yield f"  policy      {words['policy']}, version {words['version']}"
    if source := ", ".join(f"{clean(text)}" for text in words["source"].values()):
        yield f"  source      {source}"
    until = f" until {words['in_force_until']} (not included)" if words["in_force_until"] else ", no end set"
    yield f"  in force    from {words['in_force_from']}{until}"
    yield f"  digest      {words['digest']}"
    yield f"  file        {words['file']}"


def _applies(words: Data) -> Iterator[str]:
    yield _title("When it applies")
    yield from _phrase(words["applies_when"], 2, "Condition: ")


def _phrase(phrase: Any, indent: int, lead: str, unless: str = "") -> Iterator[str]:
    """A condition after the words `lead`, or after `unless` where it says only what must not hold."""
    if isinstance(phrase, str):
        yield _wrapped(f"{lead}{IN_WORDS.get(phrase, phrase)}", indent + 2, " " * indent)
        return
    how, items = next(iter(phrase.items()))
    if how == "none" and len(items) == 1 and isinstance(items[0], str) and unless:
        yield _wrapped(f"{unless}{items[0]}", indent + 2, " " * indent)
        return
    yield _wrapped(f"{lead}{_group(how, items)}", indent)
    yield from _items(items, indent + 2)


def _group(how: str, items: Sequence[Any]) -> str:
    return "this does not hold:" if how == "none" and len(items) == 1 else GROUPS[how]


def _items(items: Sequence[Any], indent: int) -> Iterator[str]:
    for item in items:
        if isinstance(item, str):
            yield _wrapped(item, indent + 2, f"{' ' * indent}- ")
        else:
            how, inner = next(iter(item.items()))
            yield f"{' ' * indent}- {_group(how, inner)}"
            yield from _items(inner, indent + 2)


def _blockers(words: Data) -> Iterator[str]:
    yield _title("What forbids it")
    if not words["blockers"]:
        yield "  Nothing."
    for number, blocker in enumerate(words["blockers"], 1):
        yield f"  {number}. {clean(blocker['message'])}"
        yield from _phrase(blocker["when"], 5, "Condition: ")
        if "remedy" in blocker:
            yield _wrapped(f"What to do: {blocker['remedy']}", 5)
        yield click.style(f"     {blocker['id']}, {blocker['at']}", dim=True)


def _reviews(words: Data) -> Iterator[str]:
    yield _title("When it is reviewed first")
    if not words["reviews"]:
        yield "  Never."
    for number, review in enumerate(words["reviews"], 1):
        who = "someone" if review["by"] == UNSPECIFIED else f"the {review['by'].replace('_', ' ')}"
        yield f"  {number}. By {who}" + (f": {clean(review['reason'])}" if "reason" in review else "")
        yield from _phrase(review["when"], 5, "Condition: ")
        yield _wrapped(_deadline(review), 5)
        if scope := SCOPES[review["scope"]]:
            yield _wrapped(scope, 5)
        yield click.style(f"     {review['id']}, {review['at']}", dim=True)


def _deadline(review: Data) -> str:
    if review["within"] == UNSPECIFIED:
        return f"The policy sets no time limit, {NO_LIMIT[review['on_timeout']]}."
    return (
        f"An answer counts within {review['within']} of the request, the last instant included. "
        f"Without one, {TIMEOUTS[review['on_timeout']]}."
    )


def _refund(words: Data) -> Iterator[str]:
    refund = words["refund"]
    yield _title("What is paid back", refund["at"] if refund else "")
    if not refund:
        yield "  The policy does not say."
        return
    yield _wrapped(f"The refund is worked out from {refund['paid_words']} [{refund['paid']}].", 2)
    for number, term in enumerate(refund["terms"]):
        yield from _term(term, first=number == 0, only=len(refund["terms"]) == 1)
    yield _wrapped(f"Amounts are rounded to the currency's smallest unit, {refund['rounded']}.", 2)
    if any(term["deductions"] for term in refund["terms"]):
        yield _wrapped(_deducted(refund), 2)


def _deducted(refund: Data) -> str:
    return f"{SPLITS[refund['split']]}; {BELOW_ZERO[refund['below_zero']]}."


def _term(term: Data, *, first: bool, only: bool) -> Iterator[str]:
    name = f"Under the terms `{term['id']}`"
    if "when" in term:
        lead = f"{name}, which are used" + ("" if first else " otherwise") + " on this condition: "
        yield from _phrase(term["when"], 2, lead)
    else:
        yield f"  {name}" + (":" if only else ", in every other case:") + _place(term["at"])
    for deduction in term["deductions"]:
        yield from _deduction(deduction)
    for instrument in term["instruments"]:
        yield from _instrument(instrument)


def _deduction(deduction: Data) -> Iterator[str]:
    limits = [
        f"{words} {deduction[key]}"
        for key, words in (("at_least", "at least"), ("at_most", "at most"))
        if key in deduction
    ]
    extent = f", {' and '.join(limits)}" if limits else ""
    counted = COUNTED[deduction["counts_as"]]
    text = f"less `{deduction['name']}` = {deduction['amount']}{extent} (counted as {counted})"
    yield _wrapped(text, 6, "    - ") + _place(deduction["at"])
    if "when" in deduction:
        yield from _phrase(deduction["when"], 6, "only if ", "unless ")


def _instrument(instrument: Data) -> Iterator[str]:
    yield f"    - {instrument['label']}: {instrument['words']}" + _place(instrument["at"])
    if "when" in instrument:
        yield from _phrase(instrument["when"], 6, "only if ", "unless ")
        yield "      Otherwise none of it is paid back."
    for number, way in enumerate(instrument.get("to", ())):
        where = f"to the {way['to'].replace('_', ' ')}"
        if "when" in way:
            yield from _phrase(way["when"], 6, f"{where} if ", f"{where} unless ")
        else:
            yield f"      {where}" + (" otherwise" if number else "")


def _values(words: Data) -> Iterator[str]:
    if not words["values"]:
        return
    yield _title("Figures that it uses")
    for value in words["values"]:
        if "formula" in value:
            yield _wrapped(f"{value['name']} = {value['formula']}", 6, "  - ") + _place(value["at"])
        else:
            yield f"  - {value['name']}, the first that holds:" + _place(value["at"])
            yield from _rows(value["rows"])


def _rows(rows: Sequence[Data]) -> Iterator[str]:
    for row in rows:
        if "when" in row:
            yield from _phrase(row["when"], 6, f"{row['is']} if ", f"{row['is']} unless ")
        else:
            yield f"      {row['is']} otherwise"


def _reasons(words: Data) -> Iterator[str]:
    if words["reasons"]:
        yield _title("Reasons that a request may give")
    for reason, label in words["reasons"].items():
        yield f"  - {clean(label)} [{reason}]"


def _notes(words: Data) -> Iterator[str]:
    yield _title("How to read this")
    yield _wrapped(
        "“Now” is the instant at which the request was submitted; before there is a request, the time of asking. Names"
        " in brackets are those of the facts.",
        2,
    )
    if words["chosen_by"] != "now":
        yield _wrapped(f"Which version governs a case is told by [{words['chosen_by']}], not by now.", 2)
    if words["together"]:
        yield _wrapped(
            f"Resources with the same [{words['together']}] are given back together or not at all.", 2
        )
    engine = words["engine"]
    passes = "one pass" if engine["passes"] == 1 else f"{engine['passes']} passes"
    yield _wrapped(f"The rules engine decides it in {passes} over {engine['rules']} rules.", 2)
