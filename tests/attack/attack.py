"""Random books, random facts, complete and not, and everything that is decided judged: what a run found, by kind."""

from __future__ import annotations

import itertools
import pickle
import random
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rescind import Engine
from rescind.problems.exceptions import BookError, RequestError
from rescind.terminal.decision_text import decision_text, working_text
from rescind.terminal.order_text import order_text

from tests.attack.answers import decide, whole_reviews
from tests.attack.books import NOW, Book, make_book, raw, tree
from tests.attack.compare import (
    decided,
    minor,
    wrong_answer,
    wrong_error,
    wrong_filling,
    wrong_lines,
    wrong_refund,
)
from tests.attack.meaning import ABSENT, UNKNOWN, to_minor

__all__ = ["Tally", "attack", "summary"]

CASES = 60
REQUESTS = 12
# Books that are refused with reason: a literal with too many digits, a formula that divides by the number 0.
REFUSALS = {"R0401", "R0517"}


@dataclass
class Tally:
    """What a run covered. `judged` are decisions compared with an answer of our own, `again` those with each other."""

    seed: int
    books: int = 0
    refused: int = 0
    judged: int = 0
    again: int = 0
    orders: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def found(self, kind, book, facts, more=""):
        self.kinds[kind] += 1
        self.examples.setdefault(kind, f"seed {book.seed}: {facts}\n{more}")


def attack(seed, seconds, *, books=None):
    """Attack the books from `seed` on, for so many seconds or so many books."""
    tally, start = Tally(seed), time.monotonic()
    for number in itertools.count(seed):
        tally.seconds = time.monotonic() - start
        if tally.seconds >= seconds or number - seed == books:
            return tally
        attack_book(make_book(number), tally)
    return tally


def summary(tally):
    """What a run found, in lines for a terminal: the commonest kind first."""
    found = [f"{count:7}  {kind}\n{tally.examples[kind]}" for kind, count in tally.kinds.most_common()]
    outcomes = ", ".join(f"{name} {count}" for name, count in tally.outcomes.most_common())
    return "\n".join([
        *found,
        f"seeds {tally.seed} to {tally.seed + tally.books - 1}: {tally.books} books ({tally.refused} refused)",
        f"{tally.judged} decisions judged, {tally.orders} of them in orders; {tally.again} decided again",
        f"{tally.seconds:.0f} seconds, {tally.judged / max(tally.seconds, 0.001):.0f} decisions judged a second",
        f"answers: {outcomes}",
        f"{tally.kinds.total()} findings",
    ])  # fmt: skip


def load(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return Engine.load(folder, drafts=True)


def attack_book(book, tally):
    tally.books += 1
    rng = random.Random(book.seed)
    try:
        siege = Siege(book, load(book.files()), load(book.files(rng)), rng, tally)
    except BookError as error:
        tally.refused += 1
        if not {problem.code for problem in error.problems} <= REFUSALS:
            tally.found(f"book refused: {error.problems[0].code}", book, error.problems[0])
        return
    for _ in range(CASES):
        siege.attack_case(draw(rng, book))
    if book.seed % 8 == 0:
        siege.attack_in_threads()
    for _ in range(REQUESTS):
        siege.attack_request()


@dataclass
class Siege:
    """One book under attack. `other` is the same in another order of writing; `said` what was decided, as JSON."""

    book: Book
    engine: Engine
    other: Engine
    rng: random.Random
    tally: Tally
    said: list[tuple[Any, str]] = field(default_factory=list)

    def attack_case(self, whole):
        """A case with all its facts, and with fewer of them."""
        all_of_it = self.judge(self.engine, whole)
        for _ in range(2):
            facts = fewer(self.rng, self.book, whole)
            part = self.judge(self.engine, facts)
            if part and all_of_it and part.outcome != "error" and (kind := wrong_filling(part, all_of_it)):
                self.tally.found(kind, self.book, sent(self.book, facts))
        facts = self.rng.choice([whole, facts])
        self.judge(self.other, facts)
        if self.rng.random() < 0.1:
            self.attack_bytes(sent(self.book, facts))

    def judge(self, engine, facts):
        """One decision beside the answer, printed in every form; the answer, or None where the engine broke down."""
        self.tally.judged += 1
        raw_facts = sent(self.book, facts)
        expected = decide(self.book, facts)
        self.tally.outcomes[f"error: {expected.step}" if expected.step else expected.outcome] += 1
        try:
            decision, error = decided(engine, raw_facts, NOW)
            kind = wrong_answer(expected, decision, error)
            if error:
                kind = kind or wrong_error(self.book, facts, error)
            text = self.printed(decision) if decision else ""
        except Exception:  # noqa: BLE001 - whatever is raised but an error of the facts is a finding
            self.tally.found("crash", self.book, raw_facts, traceback.format_exc(limit=-3))
            return None
        if kind:
            said = f"expected {expected.outcome} {expected.step} {expected.refund}; found {error or text}"
            self.tally.found(kind, self.book, raw_facts, said)
        if text and engine is self.engine:
            self.said.append((raw_facts, text))
        return expected

    def printed(self, decision):
        """A decision as JSON; every eighth as a page, too, with its working."""
        if self.tally.judged % 8 == 0:
            decision_text(decision.to_dict())
            working_text(decision.to_dict())
        return decision.to_json()

    def attack_bytes(self, raw_facts):
        """Deciding twice, and from facts that were pickled, gives the same bytes."""
        copies = [raw_facts, pickle.loads(pickle.dumps(raw_facts))]  # noqa: S301 - our own bytes
        one, two = (decided(self.engine, facts, NOW)[0] for facts in copies)
        self.tally.again += 2
        if (one and one.to_json()) != (two and two.to_json()):
            self.tally.found("other bytes", self.book, raw_facts)

    def attack_in_threads(self):
        """Four threads at once give the bytes that one gave."""
        self.tally.again += len(self.said)
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda each: self.engine.decide(each[0], at=NOW).to_json(), self.said)
        for (facts, text), again in zip(self.said, found, strict=True):
            if text != again:
                self.tally.found("other bytes in threads", self.book, facts)

    def attack_request(self):
        """An order of two to four resources beside the answers to each alone, and the sums over those that go."""
        book, rng = self.book, self.rng
        rows = [draw(rng, book) for _ in range(rng.randint(2, 4))]
        if rng.random() < 0.3:
            rows[0] = fewer(rng, book, rows[0])
        for number, row in enumerate(rows):
            row |= {"resource.id": f"r-{number}", "order.id": f"o-{number}", "account.id": "acct"}
        self.tally.judged += len(rows)
        self.tally.orders += len(rows)
        expected = expected_lines(book, rows)
        raw_rows = [sent(book, row) for row in rows]
        try:
            order = self.engine.request(raw_rows, at=NOW, confirm=True)
            kind = wrong_order(book, expected, order) or self.wrong_life(order, raw_rows)
        except RequestError as error:
            kind = f"needless error of a request {error.problems[0].code}" if expected is not None else ""
        except Exception:  # noqa: BLE001 - whatever is raised but an error of the request is a finding
            self.tally.found("crash of a request", book, raw_rows, traceback.format_exc(limit=-3))
            return
        if kind:
            self.tally.found(kind, book, raw_rows)

    def wrong_life(self, order, raw_rows):
        """What is wrong with an order after it was placed: printed, read again, verified, in another order."""
        document = order.to_dict()
        "".join(order_text(document, ""))
        if len(self.engine.status(document, at=NOW).lines) != len(document["lines"]):
            return "a status of other lines"
        self.tally.again += 2 * len(raw_rows)
        self.engine.verify(document, raw_rows)
        shuffled = self.engine.request(self.rng.sample(raw_rows, len(raw_rows)), at=NOW)
        return "" if shuffled.number == order.number else "another number for rows in another order"


# Facts.


def draw(rng, book):
    """Facts of which none is missing, by name."""
    facts = {}
    for fact in book.facts.values():
        if fact.pool and (fact.absence is UNKNOWN or rng.random() < 0.6):
            facts[fact.name] = rng.choice(fact.pool)
    return facts


def fewer(rng, book, facts):
    """The same without some that are required."""
    rate = rng.choice([0.05, 0.15, 0.4])
    return {
        name: value
        for name, value in facts.items()
        if book.facts[name].absence is not UNKNOWN or rng.random() > rate
    }


def sent(book, facts):
    """Facts as a caller sends them."""
    return tree({name: raw(value, book.facts[name].kind) for name, value in facts.items()})


# What is expected of an order.


def expected_lines(book, rows):
    """By resource its answer, and of those that go the reviews of the whole request; None where it is an error."""
    alone = {row["resource.id"]: (decide(book, row), row.get("resource.group")) for row in rows}
    if any(answer.outcome == "error" for answer, _ in alone.values()):
        return None
    going = goes(alone)
    if not going:
        return None
    cases = [alone[name][0].case for name in going]
    reviews = whole_reviews(cases)
    if any(verdict is UNKNOWN for each in reviews for verdict in each.values()):
        return None
    return {
        name: (answer, reviews[going.index(name)] if name in going else None)
        for name, (answer, _) in alone.items()
    }


def goes(alone):
    """The resources that can go, and that are bound to none that cannot."""
    going = [name for name, (answer, _) in alone.items() if answer.outcome in ("allowed", "review_required")]
    while True:
        held = [
            name
            for name in going
            if any(bound(alone[name], alone[other]) for other in alone if other not in going)
        ]
        if not held:
            return going
        going = [name for name in going if name not in held]


def bound(one, two):
    """Whether two go together or not at all: one of them is of a version that says so."""
    same = one[1] is not ABSENT and one[1] == two[1]
    return same and any(
        answer.outcome != "not_applicable" and answer.case.version.together for answer, _ in (one, two)
    )


def wrong_order(book, expected, order):
    """What is wrong with an order, or ""."""
    if expected is None:
        return "an order, though a part of it is unknown"
    document = order.to_dict()
    lines = {line["resource"]: line["decision"] for line in document["lines"]}
    if set(lines) != {name for name, (_, reviews) in expected.items() if reviews is not None}:
        return "other lines go"
    totals = {"returned": 0, "owed": 0, "paid": 0}
    for name, decision in lines.items():
        answer, reviews = expected[name]
        own = {rule.name for rule in answer.case.version.reviews} & set(answer.reviews)
        if {row["id"] for row in decision["reviews"]} != own | {
            rule for rule, held in reviews.items() if held
        }:
            return "other reviews of a line"
        if kind := wrong_refund(answer, decision["refund"]) or wrong_lines(answer.refund, decision["refund"]):
            return f"{kind} in an order"
        back = answer.refund.returned.values()
        totals["returned"] += sum(amount for amount in back if amount > 0)
        totals["owed"] -= sum(amount for amount in back if amount < 0)
        totals["paid"] += sum(to_minor(money) for money in answer.case.read("order.paid").values())
    total = document["totals"][0] if document["totals"] else dict.fromkeys(totals, f"0 {book.currency}")
    if any(minor(total[key]) != amount for key, amount in totals.items()):
        return "other totals"
    order.to_json()
    return escaped(book, document, expected)


def escaped(book, document, expected):
    """A sum above the limit of a review of the request, and a line without that review."""
    for version in book.versions:
        for rule in version.requests:
            figure, threshold = rule.more or ("", None)
            if figure != "refund.total" or threshold.currency != book.currency:
                continue
            totals = [minor(line["decision"]["refund"]["total"]) for line in document["lines"]]
            asked = [
                line for line in document["lines"] if expected[line["resource"]][0].case.version is version
            ]
            if sum(each for each in totals if each > 0) > to_minor(threshold) and not all(
                rule.name in [row["id"] for row in line["decision"]["reviews"]] for line in asked
            ):
                return "a request that escapes its review"
    return ""
