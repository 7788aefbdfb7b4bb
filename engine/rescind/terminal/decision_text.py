"""A decision as text for people, made from its plain data, so that a stored decision reads the same.

`decision_text` is a page, `decision_line` one line of many, `Tally` their sums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from rescind.book.words import UNSPECIFIED, LineColumn, OnTimeout, Outcome, RequestState
from rescind.terminal.verb_options import clean
from rescind.values.duration_words import counted, duration_words
from rescind.values.units import format_money, parse_figure

__all__ = ["Tally", "decision_line", "decision_text", "table", "working_text"]

Data = Mapping[str, Any]

COLOURS = {
    Outcome.ALLOWED: "green",
    Outcome.REVIEW_REQUIRED: "yellow",
    Outcome.BLOCKED: "red",
    Outcome.NOT_APPLICABLE: "blue",
}
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
    return "\n".join(line for step in decision.get("working", ()) for line in _step(step))


def _step(step: Data) -> Iterator[str]:
    yield ""
    yield f"{click.style(step['name'], bold=True)} = {step['formula']}"
    width = max(map(len, step["inputs"]), default=0)
    for name, given in step["inputs"].items():
        yield f"    {name.ljust(width)}  {clean(str(given))}"
    value = str(step["value"])
    if "rounded" in step and step["rounded"] != value:
        value = f"{_readable(value)}, rounded {step['rounded']}"
    yield f"  = {value}    {click.style(step['at'], dim=True)}"


def _readable(value: str) -> str:
    """An exact fraction of an amount with its first decimals: `10/3 USD (3.3333…)`."""
    amount, _, unit = value.partition(" ")
    top, slash, bottom = amount.partition("/")
    if not slash:
        return value
    whole, rest = divmod(abs(int(top)), int(bottom))
    decimals = rest * 10_000 // int(bottom)
    return (
        f"{value} ({'-' if top.startswith('-') else ''}{whole}.{decimals:04d}…{' ' + unit if unit else ''})"
    )


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
    total = decision["refund"]["total"]
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
        return "was passed over: no version of it is in force at that time"
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
    for reason in reasons:
        yield f"  because {_reason(reason)}"


def _unmet(reasons: Sequence[Data]) -> list[Data]:
    """Comparisons that failed, turned round to say what is the case."""
    return [
        {**reason, "needs": needs.removeprefix("not: ") if needs.startswith("not: ") else f"not: {needs}"}
        for reason in reasons
        for needs in (reason["needs"],)
    ]


def _reason(reason: Data) -> str:
    """A comparison as a sentence: the fact, its value, and what the policy asked about it."""
    found, asked = _shown(reason["is"]), clean(reason["needs"])
    sentence = f"{reason['fact']} is {found}"
    if isinstance(reason["is"], bool) or reason["is"] is None or asked in (found, f"not: {found}"):
        return sentence
    return f"{sentence}, which {_verb(asked)}{asked.replace('not: ', 'not ', 1)}"


def _verb(asked: str) -> str:
    return "" if asked.startswith("has ") else "is "


def _in_short(reasons: Sequence[Data]) -> str:
    return f": {_reason(_unmet(reasons)[0])}" if reasons else ""


def _shown(value: object) -> str:
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "empty"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    return clean(str(value))


def _refund(refund: Data) -> Iterator[str]:
    yield ""
    title = click.style(f"refund {refund['total']}", bold=True)
    yield f"{title} under the terms `{refund['terms']}` " + click.style(f"at {refund['at']}", dim=True)
    lines = refund["instruments"]
    rows = [[line["instrument"], *(line[column] for column in LineColumn), _to(line)] for line in lines]
    if len(lines) > 1:
        rows.append(["total", *(_sum(line[column] for line in lines) for column in LineColumn), ""])
    yield from table(["instrument", *LineColumn, ""], rows)
    for deduction in refund["deductions"]:
        exact = f" (exactly {deduction['exact']})" if deduction["exact"] != deduction["amount"] else ""
        where = click.style(f"at {deduction['at']}", dim=True)
        yield f"  less {deduction['name']}: {deduction['amount']}{exact}, counted as {deduction['counts_as']} {where}"


def _to(line: Data) -> str:
    return f"to {line['to'].replace('_', ' ')}" if "to" in line else ""


def _sum(amounts: Iterable[str]) -> str:
    money = [parse_figure(amount) for amount in amounts]
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
    yield click.style(f"{tried['policy']} {tried['version']} does not apply", bold=True)
    yield from _because(_unmet(tried["because"]))


def decision_line(decision: Data, line: int) -> str:
    """A decision as one line of many: where it stood, the outcome, the money, the subject, and why."""
    outcome = decision["outcome"]
    money = decision["refund"]["total"] if decision["refund"] else ""
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


class Tally:
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
