"""The engine beside the reference with three truth values: decisions, and the errors of cases that lack something."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

from rescind.problems.exceptions import BookError, EngineError, FactsError

from tests.differential import kleene
from tests.differential.generate import make_now, make_value, plant
from tests.differential.harness import Disagreement, load, needed_facts
from tests.differential.incomplete import make_incomplete_book, make_incomplete_facts
from tests.differential.kleene import ABSENT, KleeneCase, Unknown
from tests.differential.reference import fact_entries, look_up, typed

__all__ = ["Found", "KleeneTally", "cases_of", "check_kleene", "difference", "said_by_reference", "summary"]

# Books that are refused at load with reason: literals with too many digits, and a formula that divides by the number 0.
REFUSALS = {"R0401", "R0517"}
# What an error may say of each cause. The contract names no code for a fact that is absent, and a formula may say that
# it lacks a rate.
CODES = {
    "missing": {"R0901"}, "absent": {"R0901", "R0908"}, "rate": {"R0907", "R0908"}, "failed": {"R0908"},
    "uncovered": {"R0909"}, "late": {"R0908"},
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What the one that is compared with the reference says: a decision, or the `problems` of an error."""

    outcome: str
    policy: str = ""
    blockers: tuple[str, ...] = ()
    undetermined: tuple[str, ...] | None = None  # None: it does not say
    reviews: tuple[str, ...] = ()
    term: str = ""
    total: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    problems: frozenset[tuple[str, str]] = frozenset()  # code and path


@dataclass
class KleeneTally:
    """What a run covered, and how often it disagreed, by kind."""

    books: int = 0
    refused: int = 0
    cases: int = 0
    expected: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Disagreement] = field(default_factory=dict)

    def add(self, found):
        self.kinds[found.kind] += 1
        self.examples.setdefault(found.kind, found)


def check_kleene(seeds, cases):
    """Compare `cases` cases of the book of each seed. The first of every kind of disagreement is kept."""
    tally = KleeneTally()
    for seed in seeds:
        book = make_incomplete_book(seed)
        tally.books += 1
        again = f"kleene --seed {{seed}} --books 1 --cases {cases}"
        disagrees = partial(Disagreement, check=check_case, again=again)
        drawn = list(cases_of(book, cases))
        try:
            engine = load(book)
        except BookError as error:
            tally.refused += 1
            if not {problem.code for problem in error.problems} <= REFUSALS:
                tally.add(disagrees(book, *drawn[0], "book refused", str(error.problems[0])))
            continue
        for facts, now in drawn:
            tally.cases += 1
            expected = kleene.decide(book, facts, now)
            tally.expected[f"error: {expected.step}" if expected.step else expected.outcome] += 1
            if found := difference(book, facts, now, expected, said_by_engine(engine, book, facts, now)):
                tally.add(disagrees(book, facts, now, *found))
    return tally


def cases_of(book, count):
    """The facts and times of a book's cases. The same seed gives the same cases."""
    rng = random.Random(book.seed)
    needed = needed_facts(book)
    for _ in range(count):
        facts, now = make_incomplete_facts(rng, book, needed), make_now(rng)
        submitted = look_up(facts, "request.submitted_at")
        # The case is judged as of its submission, which must not lie after the evaluation time.
        yield facts, typed("time", submitted, book.zone) if submitted else now


def check_case(engine, book, facts, now):
    """The disagreement of one case, or None."""
    expected = kleene.decide(book, facts, now)
    found = difference(book, facts, now, expected, said_by_engine(engine, book, facts, now))
    return Disagreement(book, facts, now, *found, check=check_case) if found else None


# What is compared.


def said_by_engine(engine, book, facts, now):
    """What the engine says. An `outcome` that no decision has is a fault in itself."""
    try:
        decision = engine.decide(facts, at=now)
    except FactsError as error:
        return Found("error", problems=frozenset((each.code, each.location.path) for each in error.problems))
    except EngineError as error:
        return Found(f"engine error: {error}")
    except Exception as error:  # noqa: BLE001 - a crash is a disagreement, too: it is shrunk and reported
        return Found(f"crash: {type(error).__name__}: {error}")
    try:
        answer = json.loads(decision.to_json("rescind/decision/1"))
    except Exception as error:  # noqa: BLE001 - whatever is accepted can be printed
        return Found(f"not printed: {type(error).__name__}: {error}")
    undetermined = answer.get("undetermined")
    refund = answer.get("refund") or {}
    return Found(
        answer["outcome"],
        (answer.get("policy") or {}).get("id", ""),
        ids(answer["blockers"]),
        ids(undetermined or ()),
        ids(answer["reviews"]),
        refund.get("terms", ""),
        typed("money", refund["total"], book.zone) if refund else None,
        answer["values"],
    )


def ids(rows):
    return tuple(row["id"] for row in rows)


def said_by_reference(answer):
    """An answer of the reference in the place of the engine's: for tests of the comparison itself."""
    code = {kind: max(codes) for kind, codes in CODES.items()}
    problems = frozenset((code[cause.kind], cause.name) for cause in answer.causes)
    values = {name: value for name, value in answer.values.items() if not isinstance(value, Unknown)}
    return Found(
        answer.outcome, answer.policy, answer.blockers, answer.undetermined, answer.reviews, answer.term,
        answer.total, values, problems,
    )  # fmt: skip


def difference(book, facts, now, expected, found):
    """How the two differ: the kind, by which disagreements are counted, and the words; None where they agree."""
    both = f"expected {shown(expected)}; found {found}"
    if found.outcome.startswith(("engine error", "crash", "not printed")):
        return found.outcome.split(":", 1)[0], both
    if expected.outcome == "error" and found.outcome == "error":
        wrong = wrong_error(book, facts, now, expected, found)
        return wrong and (wrong, both)
    if found.outcome == "error":
        codes = ", ".join(sorted({code for code, _ in found.problems}))
        return f"needless error {codes}, instead of {expected.outcome}", both
    if expected.outcome == "error":
        return f"{found.outcome}, though {expected.step} are unknown", both
    wrong = wrong_decision(book, expected, found)
    return wrong and (wrong, both)


def wrong_decision(book, expected, found):
    if found.outcome != expected.outcome:
        return f"{found.outcome} instead of {expected.outcome}"
    for part in ("policy", "blockers", "undetermined", "reviews", "term", "total"):
        one, other = getattr(expected, part), getattr(found, part)
        # Of cases to which nothing applies the contract names no policy, and until decisions say what they could not
        # determine there is nothing to compare.
        if one != other and other is not None and (part, expected.outcome) != ("policy", "not_applicable"):
            return f"other {part}"
    for name, raw in found.values.items():
        value = expected.values.get(name)
        if isinstance(value, Unknown):
            return "a value shown, though it is unknown"
        if name in expected.values and value != read(book, name, raw):
            return "another value shown"
    return ""


def read(book, name, raw):
    """A shown value as the reference has it."""
    kind = book.kinds.get(name, "money")
    if kind == "money" and isinstance(raw, str):
        amount, currency = raw.rsplit(" ", 1)
        return kleene.Money(Fraction(amount), currency)
    if kind in ("integer", "number") and isinstance(raw, (str, int)):
        return Fraction(raw)
    return dt.datetime.fromisoformat(raw) if kind == "time" and isinstance(raw, str) else raw


def wrong_error(book, facts, now, expected, found):
    """What is wrong with an error where one is due.

    It names all that is missing for the step at which it stopped, but for what cannot matter there; what later steps
    would ask for it may name, too.
    """
    codes = {code for code, _ in found.problems}
    named = {path for code, path in found.problems if code == "R0901"}
    missing = {cause.name for cause in expected.causes if cause.kind == "missing"}
    if not missing <= named and (not named or matters(book, facts, now, expected, missing - named)):
        return "error that leaves missing facts out" if named else "error that names other causes only"
    if any(not lacks(book, facts, name) for name in named):
        return "error that names facts that are there"
    possible = {code for cause in every_cause(book, facts, now) for code in CODES[cause.kind]}
    due = {code for cause in expected.causes for code in CODES[cause.kind]}
    if not codes & due or not codes <= possible | {"R0901"}:
        return "error with another cause"
    return ""


def matters(book, facts, now, expected, names):
    """Whether the case would stop elsewhere, or not at all, for some value of facts that an error leaves out."""
    subjects = {subject.name: subject for subject in book.subjects}
    for seed in range(20):
        rng, more = random.Random(seed), copy.deepcopy(facts)
        for name in sorted(names):
            plant(more, name, make_value(rng, subjects[name]))
        if kleene.decide(book, more, now).step != expected.step:
            return True
    return False


def lacks(book, facts, name):
    """Whether the caller left out a fact that has no default."""
    entries = dict(fact_entries(book.facts))
    return name in entries and "default" not in entries[name] and look_up(facts, name) is ABSENT


def every_cause(book, facts, now):
    for version in (book.version, *book.others):
        case = KleeneCase(book.facts, version, book.kinds, facts, now=now, zone=book.zone)
        yield from case.every_cause()
        applies = kleene.applicable(case, book.governed.get(version["policy"]))
        yield from applies.causes if isinstance(applies, Unknown) else ()


def shown(expected):
    """An answer in few words."""
    if expected.outcome != "error":
        return f"{expected.outcome} {expected.blockers or expected.reviews} {expected.undetermined}".strip()
    return f"an error of {expected.step}: {', '.join(sorted(' '.join(cause) for cause in expected.causes))}"


def summary(tally):
    """What a run found, in lines for a terminal: the commonest kind first."""
    lines = [
        f"{count:7} {100 * count / max(1, tally.cases):6.2f} %  {kind} (seed {tally.examples[kind].book.seed})"
        for kind, count in tally.kinds.most_common()
    ]
    expected = ", ".join(f"{name} {count}" for name, count in tally.expected.most_common())
    return "\n".join([
        *lines,
        f"{tally.books} books ({tally.refused} refused), {tally.cases} cases, {tally.kinds.total()} disagreements",
        f"expected: {expected}",
    ])  # fmt: skip
