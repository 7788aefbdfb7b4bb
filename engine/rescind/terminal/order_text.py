"""An order and its status as text for people, made from their plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from rescind.book.words import LineColumn, OrderKind, OrderRefund, OrderState, RequestState
from rescind.requests.order_totals import back_and_owed
from rescind.terminal.decision_text import STATES, decision_text, table
from rescind.terminal.verb_options import clean
from rescind.values.money import format_money, parse_figure

__all__ = ["line_text", "order_text", "status_text"]

Data = Mapping[str, Any]

TITLES = {OrderKind.SINGLE: "Order", OrderKind.COMBINED: "Combined order"}
WHOLE = {
    OrderState.DECIDED: "every line is decided",
    OrderState.PENDING: "waiting for review",
    OrderState.OVERDUE: "overdue: a review ran out of time, and the policy does not say what follows",
}


def order_text(order: Data, clock: str) -> Iterator[str]:
    """An order as lines of a page. `clock` is added to its time."""
    yield click.style(f"{TITLES[order['kind']]} {clean(order['number'])}", bold=True)
    if not order["confirmed"]:
        yield click.style(
            "A preview: nothing has been submitted. `--confirm` submits the request.", fg="yellow"
        )
    reason = order["reason"]
    yield f"account    {clean(order['account'])}"
    if reason:
        yield f"reason     {clean(reason['label'] or reason['id'])}"
    yield f"submitted  {order['submitted_at']}{clock}"
    for policy in order["policies"]:
        draft = click.style(" (a draft: not frozen yet)", fg="yellow") if policy["draft"] else ""
        yield f"policy     {policy['id']}, version {policy['version']}{draft}"
    yield ""
    yield from table(
        ["order", "resource", "refund", "", "state"],
        [[*_subject(line), _refund(line["decision"]), "", _state(line)] for line in order["lines"]],
    )
    yield from _totals(order["totals"])
    yield from _left_out(order["left_out"])


def _subject(line: Data) -> list[str]:
    name = f" ({clean(line['name'])})" if "name" in line else ""
    return [clean(line["order"]), clean(line["resource"]) + name]


def _refund(decision: Data) -> str:
    """What comes back and what is owed, which are never set off against each other."""
    refund = decision["refund"]
    if not refund:
        return "no refund"
    figures = [parse_figure(line["returned"]) for line in refund["instruments"]]
    back, owed = back_and_owed(int(figure.minor) for figure in figures)
    currency = parse_figure(refund["total"]).currency
    return _back_or_owed(format_money(back, currency), format_money(owed, currency) if owed else "")


def _back_or_owed(back: str, owed: str) -> str:
    return f"{back}, owes {owed}" if owed else back


def _line_refund(line: Data) -> str:
    """The same of a line of a status."""
    return _back_or_owed(line["refund"], line.get("owed", "")) if "refund" in line else "no refund"


def _state(line: Data) -> str:
    until = (
        f" until and at {line['deadline']}"
        if line["state"] == RequestState.PENDING_REVIEW and "deadline" in line
        else ""
    )
    return STATES[line["state"]] + until


def _totals(totals: Sequence[Data]) -> Iterator[str]:
    for total in totals:
        yield ""
        count = "1 line" if total["lines"] == 1 else f"{total['lines']} lines"
        owes = bool(parse_figure(total["owed"]).minor)
        owed = f", {total['owed']} owed by the customer" if owes else ""
        yield click.style(f"total {total['returned']} to pay back{owed}", bold=True) + f" for {count}"
        columns = [*LineColumn, *(["owed"] if owes else [])]
        rows = [
            [part["instrument"], *(part[column] for column in columns), ""] for part in total["instruments"]
        ]
        if len(rows) > 1:
            rows.append(["total", *(total[column] for column in columns), ""])
        yield from table(["instrument", *columns, ""], rows)


def _left_out(rows: Sequence[Data]) -> Iterator[str]:
    if rows:
        yield ""
        yield click.style(f"left out of the order: {len(rows)}", bold=True)
    for row in rows:
        yield "  " + "  ".join(_subject(row))
        for why in _why(row):
            yield f"    {clean(why)}"


def _why(row: Data) -> Iterator[str]:
    if "held_back" in row:
        held = row["held_back"]
        yield f"bound to {', '.join(held['by'])} by `{held['fact']}`: they go together or not at all"
    for blocker in row["decision"]["blockers"]:
        yield blocker["message"]
        if "remedy" in blocker:
            yield f"  what to do: {blocker['remedy']}"
    for tried in row["decision"].get("failed", ()):
        if tried["version"] is None:
            yield f"{tried['policy']} is not in force at that time"
            continue
        names = ", ".join(dict.fromkeys(reason["fact"] for reason in tried["because"]))
        yield f"{tried['policy']} does not apply" + (f" because of {names}" if names else "")


def line_text(line: Data) -> Iterator[str]:
    """One line of an order in full: how it stands, and the whole decision."""
    yield click.style("  ".join(_subject(line)), bold=True)
    if "state" in line:
        yield f"state    {_state(line)}"
    else:
        yield "left out of the order"
        for why in _why(line) if "held_back" in line else ():
            yield f"  {clean(why)}"
    for word in line.get("words", ()):
        yield f"word     {word['outcome']} by {clean(word['by'])} at {word['decided_at']}"
    yield ""
    yield decision_text(line["decision"])


def status_text(status: Data, clock: str) -> Iterator[str]:
    """A status as lines of a page."""
    yield click.style(f"Order {clean(status['number'])}", bold=True) + f": {WHOLE[status['state']]}"
    yield f"as of    {status['at']}{clock}"
    yield "lines    " + ", ".join(
        f"{count} {state.replace('_', ' ')}" for state, count in status["counts"].items()
    )
    if "next_deadline" in status:
        yield f"next     {status['next_deadline']} is the next deadline"
    if "pending_until" in status:
        yield f"pending  until and at {status['pending_until']} at the latest"
    for what, key in (("refund", "refunds"), ("owed", "owed")):
        for sums in status[key]:
            yield f"{what:8} {', '.join(f'{sums[part]} {part}' for part in OrderRefund)}"
    yield ""
    yield from table(
        ["order", "resource", "refund", "", "state"],
        [
            [clean(line["order"]), clean(line["resource"]), _line_refund(line), "", _state(line)]
            for line in status["lines"]
        ],
    )
