"""A decision as text for people, made from its plain data, so that a stored decision reads the same.

The data may be `rescind/decision/2` or, in what was stored before and in orders, `rescind/decision/1`.
`decision_text` is a page, `decision_line` one line of many, `OutcomeTally` their sums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from rescind.book.words import UNSPECIFIED, LineColumn, OnTimeout, Outcome, RequestState
from rescind.deciding.working_tree import in_order
from rescind.terminal.verb_options import clean
from rescind.values.duration_words import counted, duration_words
from rescind.values.money import format_money, parse_figure
from rescind.values.types import Kind
from rescind.values.value_words import exact_words, money_text, value_words

__all__ = ["OutcomeTally", "decision_line", "decision_text", "table", "working_text"]

Data = Mapping[str, Any]

# What may be an exact fraction.
FRACTIONS = frozenset({Kind.MONEY, Kind.NUMBER, Kind.INTEGER})
COLOURS = {
    Outcome.ALLOWED: "green",
    Outcome.REVIEW_REQUIRED: "yellow",
    Outcome.BLOCKED: "red",
    Outcome.NOT_APPLICABLE: "blue",
}
PASSED_OVER = "was passed over: no version of it is in force at that time"
HEADLINES = {
    Outcome.ALLOWED: "ALLOWED",
    Outcome.REVIEW_REQUIRED: "REVIEW REQUIRED",
    Outcome.BLOCKED: "BLOCKED",
    Outcome.NOT_APPLICABLE: "NOT APPLICABLE",
}
STATES = {
    RequestState.APPROVED: "approved",
    RequestState.PENDING_REVIEW: "waiting for review",
    RequestState.AUTO_APPROVED: "approved automatically, as nobody reviewed it in time",
    RequestState.REJECTED: "rejected",
    RequestState.BLOCKED: "blocked",
    RequestState.OVERDUE: "overdue: nobody reviewed it in time, and the policy does not say what follows",
}
TIMEOUTS = {
    OnTimeout.APPROVE: "approved if nobody answers in time",
    OnTimeout.REJECT: "rejected if nobody answers in time",
    OnTimeout.UNSPECIFIED: "the policy does not say what follows if nobody answers",
}


def decision_text(decision: Data, clock: str = "") -> str:
    """A decision as a page. `clock` is added to its time."""
    return "\n".join(_lines(decision, clock))


def _lines(decision: Data, clock: str) -> Iterator[str]:
    yield _headline(decision)
    yield from _about(decision, clock)
    for blocker in decision["blockers"]:
        yield from _rule(f"blocked: {blocker['message']}", blocker, _remedy(blocker))
    for blocker in decision.get("undetermined", ()):
        yield from _unknown(f"may block as well: {blocker['id']}", blocker["why"], f"at {blocker['at']}")
    for review in decision["reviews"]:
        yield from _rule(_review(review), review, _review_more(review))
    if decision["refund"]:
        yield from _refund(decision["refund"])
    if "request" in decision:
        yield from _request(decision["request"])
    for tried in decision.get("failed", ()):
        yield from _not_applied(tried)
    for name, why in decision.get("unknown_values", {}).items():
        yield from _unknown(f"{name} is not known", why, "the decision does not depend on it")


def working_text(decision: Data) -> str:
    """How each figure of a decision came about, as one writes it on paper: formula, what went in, result, line."""
    return "\n".join(line for step in _steps(decision) for line in _step(step))


def _steps(decision: Data) -> Iterable[Data]:
    """The figures in their order: a tree in the second form, a list in the first."""
    working: Sequence[Data] = decision.get("working", ())
    return working if decision["schema"] == "rescind/decision/1" else in_order(working)


def _step(step: Data) -> Iterator[str]:
    yield ""
    yield f"{click.style(step['name'], bold=True)} = {step['formula']}"
    inputs = _inputs(step)
    width = max((len(name) for name, _ in inputs), default=0)
    for name, words in inputs:
        yield f"    {name.ljust(width)}  {words}"
    value = _words(step)
    rounded = money_text(step["rounded"]) if "rounded" in step else value
    if rounded != value:
        value += f", rounded {rounded}"
    yield f"  = {value}    {click.style(step['at'], dim=True)}"


def _inputs(step: Data) -> list[tuple[str, str]]:
    inputs = step["inputs"]
    if isinstance(inputs, Mapping):
        return [(name, clean(value_words(value))) for name, value in inputs.items()]
    return [(given["name"], _words(given)) for given in inputs]


def _words(figure: Data) -> str:
    """The value of a figure. The first form does not say what is a text that only looks like a fraction."""
    exact = figure["type"] in FRACTIONS if "type" in figure else "rounded" in figure
    return clean((exact_words if exact else value_words)(figure["value"]))


def _headline(decision: Data) -> str:
    outcome = decision["outcome"]
    subject = ", ".join(f"{kind} {clean(name)}" for kind, name in decision["subject"].items())
    money = _money(decision)
    headline = click.style(HEADLINES[outcome], fg=COLOURS[outcome], bold=True)
    return f"{headline}{money}" + (f"  ({subject})" if subject else "")


def _money(decision: Data) -> str:
    """What is to be paid back, as things stand."""
    state = decision.get("request", {}).get("state", RequestState.APPROVED)
    if not decision["refund"]:
        return ""
    if state == RequestState.REJECTED:
        return ": nothing to pay back, the request was rejected"
    waits = decision["outcome"] == Outcome.REVIEW_REQUIRED and (
        "request" not in decision or state in (RequestState.PENDING_REVIEW, RequestState.OVERDUE)
    )
    total = money_text(decision["refund"]["total"])
    # With `below_zero: charge` the customer may owe something.
    words = f"{total[1:]} to be paid by the customer" if total.startswith("-") else f"{total} to pay back"
    return f": {words}" + (" once it is approved" if waits else "")


def _about(decision: Data, clock: str) -> Iterator[str]:
    policy = decision.get("policy")
    if policy:
        draft = click.style(" (a draft: not frozen yet)", fg="yellow") if policy["draft"] else ""
        yield f"policy   {policy['id']}, version {policy['version']}{draft}"
    for tried in decision.get("path", ()):
        yield f"         {tried['policy']} {_why_not(tried)}"
    yield f"as of    {decision['decided_at']}{clock}"


def _why_not(tried: Data) -> str:
    if tried["version"] is None:
        return PASSED_OVER
    return f"was tried first and does not apply{_in_short(tried['because'])}"


def _rule(title: str, rule: Data, more: Iterable[str]) -> Iterator[str]:
    yield ""
    yield click.style(clean(title), bold=True)
    for line in more:
        yield f"  {clean(line)}"
    yield from _because(rule["because"])
    yield click.style(f"  {rule['id']} at {rule['at']}", dim=True)


def _unknown(title: str, causes: Iterable[Data], end: str) -> Iterator[str]:
    """What could not be determined, and why."""
    yield ""
    yield click.style(clean(title), bold=True)
    for cause in causes:
        yield f"  as {clean(cause['message'])}"
    yield click.style(f"  {end}", dim=True)


def _remedy(blocker: Data) -> Iterator[str]:
    if "remedy" in blocker:
        yield f"what to do: {blocker['remedy']}"


def _review(review: Data) -> str:
    who = "someone" if review["by"] == UNSPECIFIED else f"the {review['by'].replace('_', ' ')}"
    return f"to be reviewed by {who}" + (f": {review['reason']}" if "reason" in review else "")


def _review_more(review: Data) -> Iterator[str]:
    within = review["within"]
    limit = "no time limit" if within == UNSPECIFIED else f"within {duration_words(within)}"
    until = f", until and at {review['deadline']}" if "deadline" in review else ""
    yield f"{limit}{until}; {TIMEOUTS[review['on_timeout']]}"


def _because(reasons: Sequence[Data]) -> Iterator[str]:
    for sentence in dict.fromkeys(map(_reason, reasons)):
        yield f"  because {sentence}"


def _unmet(reasons: Sequence[Data]) -> list[Data]:
    """Comparisons that failed, turned round to say what is the case."""
    return [
        {**reason, "needs": needs.removeprefix("not: ") if needs.startswith("not: ") else f"not: {needs}"}
        for reason in reasons
        for needs in (reason["needs"],)
    ]


def _reason(reason: Data) -> str:
    """A comparison as a sentence: the fact, its value, and what the policy asked about it."""
    value = reason.get("value", reason["is"])
    found, asked = clean(value_words(value)), clean(reason["needs"])
    sentence = f"{reason['fact']} is {found}"
    if "decided_by" in reason:
        return sentence + _decided_by(reason["decided_by"], found)
    if asked == "present" and value is not None:
        return f"{reason['fact']} is present"
    if isinstance(value, bool) or value is None or asked in (found, f"not: {found}"):
        return sentence
    return f"{sentence}, which {_verb(asked)}{asked.replace('not: ', 'not ', 1)}"


def _decided_by(step: Data, found: str) -> str:
    """What a flag stands on: the formula and what it read, or the row of a table that held."""
    formula, inputs = clean(step["formula"]), _inputs(step)
    if formula.startswith(f"{found}, "):
        return formula.removeprefix(found)
    return f": {formula}" + (f", with {', '.join(map(' '.join, inputs))}" if inputs else "")


def _verb(asked: str) -> str:
    return "" if asked.removeprefix("not: ").startswith("has ") else "is "


def _in_short(reasons: Sequence[Data]) -> str:
    return f": {_reason(_unmet(reasons)[0])}" if reasons else ""


def _refund(refund: Data) -> Iterator[str]:
    yield ""
    title = click.style(f"refund {money_text(refund['total'])}", bold=True)
    yield f"{title} under the terms `{refund['terms']}` " + click.style(f"at {refund['at']}", dim=True)
    lines = refund["instruments"]
    rows = [
        [line["instrument"], *(money_text(line[column]) for column in LineColumn), _to(line)]
        for line in lines
    ]
    if len(lines) > 1:
        rows.append(["total", *(_sum(line[column] for line in lines) for column in LineColumn), ""])
    yield from table(["instrument", *LineColumn, ""], rows)
    for deduction in refund["deductions"]:
        amount, exact = money_text(deduction["amount"]), money_text(deduction["exact"])
        more = f" (exactly {exact})" if exact != amount else ""
        where = click.style(f"at {deduction['at']}", dim=True)
        yield f"  less {deduction['name']}: {amount}{more}, counted as {deduction['counts_as']} {where}"


def _to(line: Data) -> str:
    return f"to {line['to'].replace('_', ' ')}" if "to" in line else ""


def _sum(amounts: Iterable[str | Data]) -> str:
    money = [parse_figure(money_text(amount)) for amount in amounts]
    return format_money(sum(part.minor for part in money), money[0].currency)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table, indented by two: the first and last column to the left, the others to the right."""
    widths = [max(len(row[index]) for row in (head, *rows)) for index in range(len(head))]
    for number, row in enumerate((head, *rows)):
        cells = [
            cell.ljust(width) if index in (0, len(head) - 1) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  " + "  ".join(cells).rstrip()
        yield click.style(line, dim=True) if number == 0 else line


def _request(request: Data) -> Iterator[str]:
    yield ""
    until = ""
    if "deadline" in request and request["state"] == RequestState.PENDING_REVIEW:
        until = f" until and at {request['deadline']}"
    yield f"{click.style('request', bold=True)} {STATES[request['state']]}{until}"
    for word in request.get("refused", ()):
        said = f"{clean(word['by'])}'s `{word['outcome']}` of {word['decided_at']}"
        yield f"  {said} does not count: {clean(word['why'])}"


def _not_applied(tried: Data) -> Iterator[str]:
    yield ""
    if tried["version"] is None:
        yield click.style(f"{tried['policy']} {PASSED_OVER}", bold=True)
        return
    yield click.style(f"{tried['policy']} {tried['version']} does not apply", bold=True)
    yield from _because(_unmet(tried["because"]))


def decision_line(decision: Data, line: int) -> str:
    """A decision as one line of many: where it stood, the outcome, the money, the subject, and why."""
    outcome = decision["outcome"]
    money = money_text(decision["refund"]["total"]) if decision["refund"] else ""
    subject = " ".join(clean(name) for name in decision["subject"].values())
    draft = " (draft)" if decision.get("policy", {}).get("draft") else ""
    head = click.style(f"{outcome:<15}", fg=COLOURS[outcome])
    return f"{line:>7}  {head}  {money:>16}  {subject}  {_why(decision)}".rstrip() + draft


def _why(decision: Data) -> str:
    if decision["blockers"]:
        return ", ".join(blocker["id"] for blocker in decision["blockers"])
    why = [review["id"] for review in decision["reviews"]]
    state = decision.get("request", {}).get("state", "")
    return ", ".join(why) + (f" [{state}]" if why and state else "")


class OutcomeTally:
    """What many decisions come to: how many of each outcome, and the money per outcome and currency."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.errors = 0
        self._money: Counter[tuple[str, str]] = Counter()

    def add(self, outcome: str, minor: int, currency: str) -> None:
        """Count one decision; `currency` is "" where it pays nothing back."""
        self.outcomes[outcome] += 1
        if currency:
            self._money[outcome, currency] += minor

    def lines(self) -> Iterator[str]:
        """The summary."""
        yield f"{counted(self.outcomes.total(), 'case')} decided" + self._errors()
        for outcome in Outcome:
            if count := self.outcomes[outcome]:
                name = click.style(f"{outcome:<15}", fg=COLOURS[outcome])
                yield f"  {count:>7}  {name}  {self._sums(outcome)}".rstrip()

    def _errors(self) -> str:
        return click.style(f", {self.errors} not decided because of errors", fg="red") if self.errors else ""

    def _sums(self, outcome: str) -> str:
        sums = sorted((currency, minor) for (of, currency), minor in self._money.items() if of == outcome)
        return ", ".join(f"{format_money(minor, currency):>16}" for currency, minor in sums)
