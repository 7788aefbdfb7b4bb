"""An order from its document: the parts that its later states need, after a check that nobody changed it.

An order repeats what it holds: totals repeat lines, policies repeat decisions, and the number and the checksum cover
everything. If one part was changed, it contradicts another, and the order is refused. This is not a signature:
someone who changes every part, including the number, makes another order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, NoReturn
from zoneinfo import ZoneInfo

from rescind.book.model import ALWAYS, Review
from rescind.book.words import UNSPECIFIED, LineColumn, OnTimeout, ReviewerAnswer, ReviewScope
from rescind.deciding.review_states import ReviewerWord
from rescind.problems.exceptions import RequestError
from rescind.problems.problem import Location, Problem
from rescind.problems.suggestions import one_of
from rescind.requests.order import SCHEMA
from rescind.requests.order_content import (
    DERIVED,
    Data,
    checksum_of,
    content_of,
    decided_in,
    number_of,
    selected,
)
from rescind.requests.order_totals import Refunded, back_and_owed, totals_of
from rescind.values.decimals import UnitError, exact_text
from rescind.values.durations import parse_duration
from rescind.values.money import Money, parse_figure
from rescind.values.times import parse_time
from rescind.values.value_readers import describe

__all__ = ["OrderLine", "OrderParts", "SaidWord", "read_order", "read_word", "text_of"]

COLUMNS = tuple(map(str, LineColumn))
UNKNOWN = Location("", 0, 0)


class SaidWord(NamedTuple):
    """A word and where it was written."""

    word: ReviewerWord
    place: str


class OrderLine(NamedTuple):
    """One line: the reviews that it waits for, the words so far, what comes back and what is owed.

    `refund` is None where the policy has no refund, `owed` where nothing is.
    """

    order: str
    resource: str
    reviews: tuple[Review, ...]
    words: tuple[SaidWord, ...]
    refund: Money | None
    owed: Money | None


class OrderParts(NamedTuple):
    """What the states of an order depend on, and for each resource its place in the document and what was decided."""

    number: str
    confirmed: bool
    submitted: int
    reason: str
    zone: ZoneInfo
    lines: tuple[OrderLine, ...]
    decided: Mapping[str, tuple[str, Data]]


class _Row(NamedTuple):
    """A line or something left out."""

    path: str
    resource: str
    decided: Data
    refunded: Refunded | None


def read_order(document: object) -> OrderParts:
    """The parts of an order's document. Raises `RequestError` if it is not an order, or if it was changed."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        found = describe(document.get("schema") if isinstance(document, Mapping) else document)
        hint = "`rescind request … --confirm --format json` writes one"
        _refuse(Problem("R1030", f"expected an order, `{SCHEMA}`, found {found}", Location("schema"), hint))
    return _OrderReader(document).read()


def _refuse(*problems: Problem) -> NoReturn:
    raise RequestError(problems=problems)


class _OrderReader:
    """Reads one document; `_path` is the part being read, for the problem if it cannot be read."""

    def __init__(self, document: Data) -> None:
        self._document = document
        self._path = "schema"

    def read(self) -> OrderParts:
        try:
            return self._read()
        except (KeyError, TypeError, AttributeError, UnitError) as error:
            what = "a part of it is not as rescind wrote it"
            if isinstance(error, (KeyError, UnitError)):
                what = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else str(error)
            _refuse(Problem("R1030", f"the order cannot be read: {what}", Location(self._path)))

    def _read(self) -> OrderParts:
        document = self._document
        going = list(self._rows("lines"))
        rows = [*going, *self._rows("left_out")]
        lines = list(self._lines(going))
        self._agree(rows)
        self._path = "timezone"
        zone = _zone(text_of(document["timezone"]))
        self._path = "submitted_at"
        submitted = parse_time(text_of(document["submitted_at"]))
        self._path = "reason"
        reason = text_of(document["reason"]["id"]) if document["reason"] is not None else ""
        self._path = "number"
        number = text_of(document["number"])
        self._unchanged(rows, number)
        return OrderParts(
            number,
            document["confirmed"] is True,
            submitted,
            reason,
            zone,
            tuple(lines),
            {row.resource: (row.path, row.decided) for row in rows},
        )

    def _rows(self, key: str) -> Iterable[_Row]:
        self._path = "schema"
        for index, row in enumerate(self._document[key]):
            self._path = f"{key}[{index}]"
            yield _Row(
                self._path,
                text_of(row["resource"]),
                selected(row, decided_in(row["decision"])),
                _refunded(row["decision"]["refund"]) if key == "lines" else None,
            )

    def _lines(self, rows: Sequence[_Row]) -> Iterable[OrderLine]:
        for line, row in zip(self._document["lines"], rows, strict=True):
            self._path = row.path
            yield _line(line, row)

    def _agree(self, rows: Sequence[_Row]) -> None:
        """Raises `UnitError` where parts of the order contradict each other."""
        seen = set()
        for row in rows:
            self._path = row.path
            if row.resource in seen:
                raise UnitError(f"the resource `{row.resource[:60]}` appears twice in the order")
            seen.add(row.resource)
        self._path = "totals"
        totals = totals_of(row.refunded for row in rows if row.refunded)
        if self._document["totals"] != [total.to_dict() for total in totals]:
            raise UnitError("the totals are not the sums of the lines")
        self._path = "policies"
        deciding = {_key(row.decided["decision"]["policy"]) for row in rows if row.path.startswith("lines")}
        if sorted(map(_key, self._document["policies"])) != sorted(deciding):
            raise UnitError("the policies are not those that decided the lines")

    def _unchanged(self, rows: Sequence[_Row], number: str) -> None:
        """Refuse an order that is not as it was written."""
        document = self._document
        content = content_of(document, (row.decided for row in rows))
        hint = "ask for the order as `rescind request` wrote it"
        if DERIVED.fullmatch(number) and number != number_of(content):
            message = (
                f"the order was changed: what it holds has the number `{number_of(content)}`, not `{number}`"
            )
            _refuse(Problem("R1039", message, Location("number"), hint))
        head = {key: value for key, value in document.items() if key not in ("lines", "left_out", "checksum")}
        plain = [
            {key: value for key, value in row.items() if key != "decision"}
            for row in (*document["lines"], *document["left_out"])
        ]
        self._path = "checksum"
        if text_of(document["checksum"]) != checksum_of(head, plain, content):
            message = "the order was changed: its checksum is not that of what it holds"
            _refuse(Problem("R1039", message, Location("checksum"), hint))


def _key(policy: Data) -> tuple[str, str, str]:
    return text_of(policy["id"]), text_of(policy["version"]), text_of(policy["digest"])


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise UnitError(f"expected a time zone such as `Asia/Shanghai`, found `{name[:60]}`") from None


def text_of(raw: object) -> str:
    """A text. Raises `UnitError` if it is not a text."""
    if not isinstance(raw, str):
        raise UnitError(f"expected a text, found {describe(raw)}")
    return exact_text(raw)


def _refunded(refund: Data | None) -> Refunded | None:
    """The figures of a refund. Raises `UnitError` if they do not add up to its total."""
    if refund is None:
        return None
    total, instruments = parse_figure(text_of(refund["total"])), []
    for line in refund["instruments"]:
        figures = [parse_figure(text_of(line[key])) for key in COLUMNS]
        if any(figure.currency != total.currency for figure in figures):
            raise UnitError(f"the refund is in {total.currency}, and not each of its instruments")
        instruments.append((text_of(line["instrument"]), [int(figure.minor) for figure in figures]))
    if total.minor != sum(figures[1] for _, figures in instruments):
        raise UnitError("the total of the refund is not the sum of its instruments")
    return Refunded(total.currency, instruments)


def _line(line: Data, row: _Row) -> OrderLine:
    decision = line["decision"]
    words = [
        SaidWord(read_word(word, dt.UTC), f"{row.path}.words[{index}]")
        for index, word in enumerate(line.get("words", ()))
    ]
    figures = row.refunded
    refund = owed = None
    if figures:
        amounts = back_and_owed(returned for _, (_, returned, *_) in figures.instruments)
        refund, owed = (Money(amount, figures.currency) for amount in amounts)
    return OrderLine(
        text_of(line["order"]),
        text_of(line["resource"]),
        tuple(map(_review, decision["reviews"])),
        tuple(words),
        refund,
        owed if owed and owed.minor else None,
    )


def _review(data: Data) -> Review:
    within = text_of(data["within"])
    limit = None if within == UNSPECIFIED else parse_duration(within)
    if limit and limit.months:
        raise UnitError(f"a time limit is counted in days or hours, found `{within[:60]}`")
    by, timeout = text_of(data["by"]), data["on_timeout"]
    if timeout not in tuple(OnTimeout):
        raise UnitError(f"expected {one_of(OnTimeout)}, found {describe(timeout)}")
    return Review(text_of(data["id"]), ALWAYS, by, limit, OnTimeout(timeout), ReviewScope.ORDER, "", UNKNOWN)


def read_word(data: object, zone: dt.tzinfo) -> ReviewerWord:
    """A reviewer's word, its time read in `zone`. Raises `UnitError` and `KeyError` if it is not a word."""
    if not isinstance(data, Mapping):
        raise UnitError(f"expected a word with `by`, `outcome` and `decided_at`, found {describe(data)}")
    if unknown := sorted(data.keys() - {"by", "outcome", "decided_at", "line"}, key=str):
        raise UnitError(
            f"a word has `by`, `outcome`, `decided_at` and maybe `line`, found `{str(unknown[0])[:60]}`"
        )
    outcome = data["outcome"]
    if not isinstance(outcome, str) or exact_text(outcome) not in tuple(ReviewerAnswer):
        raise UnitError(f"expected the outcome {one_of(ReviewerAnswer)}, found {describe(outcome)}")
    return ReviewerWord(
        text_of(data["by"]), exact_text(outcome), parse_time(text_of(data["decided_at"]), zone)
    )
