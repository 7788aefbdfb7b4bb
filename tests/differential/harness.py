"""The engine beside the reference: one book, many cases, every disagreement, and the smallest book that shows it."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rescind import Engine
from rescind.deciding.evaluation import evaluate
from rescind.problems.exceptions import BookError, EngineError, FactsError
from rescind.source.yaml_writer import block

from tests.differential import reference
from tests.differential.generate import CURRENCIES, Book, make_book, make_facts, make_now

__all__ = ["Disagreement", "Tally", "check", "check_case", "files_of", "load", "report", "shrink"]

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# A literal with too many digits to compare exactly is refused at load; the generator makes some.
REFUSALS = {"R0401"}


@dataclass(frozen=True)
class Disagreement:
    """One case in which engine and reference differ. `kind` is `answer`, `because` or `error`, or of another check.

    `check` looks at a smaller book and facts in the same way; `again` are the words that run the book once more.
    """

    book: Book
    facts: dict[str, Any]
    now: dt.datetime
    kind: str
    what: str
    check: Callable[..., Disagreement | None] | None = None
    again: str = "{seed}"


@dataclass
class Tally:
    """What a run covered."""

    books: int = 0
    refused: int = 0
    cases: int = 0
    units: int = 0
    held: int = 0
    reasons: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)


def check(seeds, cases, *, stop_at=1):
    """Compare `cases` cases of the book of each seed; stop after so many disagreements."""
    tally = Tally()
    for seed in seeds:
        book = make_book(seed)
        found = list(check_book(book, cases, tally))
        tally.disagreements += found
        if len(tally.disagreements) >= stop_at:
            break
    return tally


def check_book(book, cases, tally) -> Iterator[Disagreement]:
    tally.books += 1
    rng = random.Random(book.seed)
    needed = needed_facts(book)
    drawn = [(make_facts(rng, book, needed), make_now(rng)) for _ in range(cases)]
    try:
        engine = load(book)
    except BookError as error:
        codes = {problem.code for problem in error.problems}
        tally.refused += 1
        if not codes <= REFUSALS:
            yield Disagreement(book, *drawn[0], "error", f"the book is refused: {error.problems[0]}")
        return
    except EngineError as error:
        yield Disagreement(book, *drawn[0], "error", f"the book does not load: {error}")
        return
    for facts, now in drawn:
        found = check_case(engine, book, facts, now, tally)
        if found:
            yield found
            return


def needed_facts(book):
    """The facts that the version may read: those whose name stands in it."""
    words = json.dumps([book.version, *book.others, book.governed], default=str)
    return {subject.name for subject in book.subjects if subject.name in words}


def load(book):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files_of(book).items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return Engine.load(folder, drafts=True)


def files_of(book):
    """The files of a generated book, by name."""
    versions = {version["policy"]: version for version in (book.version, *book.others)}
    policies = [
        {"id": policy}
        | ({"governed_by": book.governed[policy]} if policy in book.governed else {})
        | {"versions": [{"version": "1", "in_force_from": "1900-01-01", "file": f"{policy}.yaml"}]}
        for policy in versions
    ]
    files = {
        "policies.yaml": {
            "schema": "rescind/book/1", "title": "generated", "timezone": book.zone, "facts": "facts.yaml",
            "policies": policies,
        },
        "facts.yaml": {"schema": "rescind/facts/1", "facts": book.facts},
    } | {f"{policy}.yaml": version for policy, version in versions.items()}  # fmt: skip
    return {name: block(data) for name, data in files.items()}


def check_case(engine, book, facts, now, tally=None):
    """The first disagreement of one case, or None."""
    tally = tally or Tally()
    tally.cases += 1
    case = reference.Case(book.facts, book.version, book.kinds, facts, now=now, zone=book.zone)
    now = case.now
    try:
        decision = engine.decide(facts, at=now, version="1", policy="p")
        fired = fired_units(engine, facts, now)
    except FactsError as error:
        what = undeserved(error, case, tally)
        return Disagreement(book, facts, now, "error", what) if what else None
    except EngineError as error:
        return Disagreement(book, facts, now, "error", str(error))
    except Exception as error:  # noqa: BLE001 - a crash is a disagreement, too: it is shrunk and reported
        return Disagreement(book, facts, now, "error", f"{type(error).__name__}: {error}")
    tally.outcomes[decision.outcome] = tally.outcomes.get(decision.outcome, 0) + 1
    try:
        kind, what = "answer", compare(case, decision, fired, engine, tally)
        if not what:
            kind, what = "because", false_reason(case, decision, tally)
    except FAILED:
        return None  # this reference has two truth values; `kleene` knows what comes of it
    return Disagreement(book, facts, now, kind, what) if what else None


FAILURES = {
    "R0907": reference.NoRateError, "R0908": ZeroDivisionError, "R0909": reference.UncoveredError
}  # fmt: skip
FAILED = tuple(FAILURES.values())


def undeserved(error, case, tally):
    """What is wrong with an error, or "" where the facts deserve one. Of several that they deserve any may be named."""
    code = error.problems[0].code
    tally.outcomes[code] = tally.outcomes.get(code, 0) + 1
    questions = [lambda unit=unit: case.holds(unit) for unit in case.units.values()]
    if "refund" in case.version:
        questions += [case.term, lambda: case.refund_figure(["total"])]
    if code in FAILURES and any(map(fails, questions)):
        return ""
    return f"unexpected error: {error.problems[0]}"


def fails(question):
    try:
        question()
    except FAILED:
        return True
    return False


def fired_units(engine, facts, now):
    """The conditions that held, by the engine: those it found, and those without a condition."""
    program = engine.program("p", "1")
    values = engine._decider._reader.read(facts)
    values[-1] = (now - EPOCH) // dt.timedelta(microseconds=1)
    run = evaluate(program, values)
    return {*run.fired, *program.definition["always"]}


def compare(case, decision, fired, engine, tally):
    """What is wrong with the answer, or ""."""
    version, units = case.version, case.units
    applies = case.holds(units["applies_to"])
    if ("applies_to" in fired) is not applies or ("applies_to/not" in fired) is applies:
        return f"applies_to: {sorted(fired)}, expected {applies}"
    blocked = applies and any(case.holds(rule) for rule in version.get("blockers", ()))
    for name, unit in units.items():
        if (applies and not blocked) or name.startswith(
            ("applies_to", "blockers/" if applies else "applies_to")
        ):
            expected = case.holds(unit)
            tally.units += 1
            tally.held += expected
            if (name in fired) is not expected:
                return f"{name}: the ruleset says {name in fired}, the reference {expected}"
    return wrong_decision(case, decision, applies=applies, blocked=blocked)


def wrong_decision(case, decision, *, applies, blocked):
    """What is wrong with the public decision."""
    version = case.version
    blockers = [rule["id"] for rule in version.get("blockers", ()) if applies and case.holds(rule)]
    reviews = [rule["id"] for rule in version["review"] if applies and not blocked and case.holds(rule)]
    outcome = "review_required" if reviews else "allowed"
    outcome = "blocked" if blocked else outcome if applies else "not_applicable"
    answer = decision.to_dict("rescind/decision/1")
    if (answer["outcome"], ids(answer["blockers"]), ids(answer["reviews"])) != (outcome, blockers, reviews):
        return f"{answer['outcome']}: {answer['blockers']} {answer['reviews']}, not {outcome}: {blockers} {reviews}"
    if outcome in ("review_required", "allowed") and "refund" in version:
        term, total = case.term()["id"], case.refund_figure(["total"])
        if (answer["refund"]["terms"], money(answer["refund"]["total"])) != (term, total):
            return f"the refund is {answer['refund']}, expected {term}: {total}"
    for name, value in decision.computed.items():
        if value != of_engine(case.value(name)):
            return f"the value `{name}` is {value}, expected {case.value(name)}"
    return ""


def ids(rows):
    return [row["id"] for row in rows]


def money(text):
    return reference.typed("money", text, "UTC")


def of_engine(value):
    """A value of the reference as the engine represents it."""
    if isinstance(value, reference.Money):
        return value.amount * 10 ** CURRENCIES[value.currency], value.currency
    if isinstance(value, dt.datetime):
        return (value - EPOCH) // dt.timedelta(microseconds=1)
    return value


# Reasons: what the engine says in words must be true of the facts.

PREFIXES = {
    "over ": "over", "at least ": "at_least", "under ": "under", "at most ": "at_most", "not before ": "not_before",
    "not after ": "not_after", "before ": "before", "after ": "after", "has ": "has", "not ": "is_not",
}  # fmt: skip


def false_reason(case, decision, tally):
    """A comparison that `because` names and that is not so, or ""; also a reason that is missing."""
    found = [(f"blockers/{each.id}", each.because) for each in decision.blockers]
    found += [(f"review/{each.id}", each.because) for each in decision.reviews]
    if decision.outcome == "not_applicable":
        found += [("applies_to", each.because) for each in decision.not_applied]
    for name, because in found:
        for reason in because:
            tally.reasons += 1
            # A blocker's comparisons are so; those of a policy that does not apply are what it asks for in vain.
            if claim(case, reason) is (reason.denied is (name != "applies_to")):
                return f"{name}: `{reason.name}` is not {'not ' * reason.denied}`{reason.needs}`"
            if (case.value(reason.name) is reference.ABSENT) is not (
                reason.value.__class__.__name__ == "Absent"
            ):
                return f"{name}: `{reason.name}` is said to be {reason.value}"
        if not because and not trivial(case.units[name]):
            return f"{name}: no reason is given"
    return ""


def trivial(unit):
    """Whether a rule has no condition, or asks of a fact that is never absent whether it is present."""
    return not (unit.get("when") or unit.get("unless")) or "present" in json.dumps(unit, default=str)


def claim(case, reason):
    """Whether what a reason says it needs is so."""
    words, name = reason.needs, reason.name
    if words == "present":
        return case.value(name) is not reference.ABSENT
    if words.startswith("between "):
        low, _, high = words.removeprefix("between ").partition(" and ")
        return case.test(name, "between", [operand(case, name, low), operand(case, name, high)])
    for prefix, test in (("one of ", "in"), ("none of ", "not_in")):
        if words.startswith(prefix):
            rest = words.removeprefix(prefix).split(", ")
            return case.test(name, test, [operand(case, name, word) for word in rest])
    test = next((test for prefix, test in PREFIXES.items() if words.startswith(prefix)), "is")
    prefix = next((prefix for prefix in PREFIXES if words.startswith(prefix)), "")
    word = words.removeprefix(prefix)
    if words == "not":  # is not the empty text
        test, word = "is_not", ""
    return case.test(name, test, word if test == "has" else operand(case, name, word))


def operand(case, name, word):
    """The operand that a reason's words name: a fact, or a literal as the policy spells it."""
    if (
        word in case.kinds
        or word == "now"
        or re.fullmatch(r"[abd]\..*\.(cash|coupon|points|total)|refund\..*", word)
    ):
        return {"fact": word} if word != "now" else "now"
    kind = case.kind(name)
    if kind == "flag":
        return word == "true"
    return int(word) if kind == "integer" else word


# The smallest book and facts that still show a disagreement.


def shrink(found, seconds=20.0):
    """A smaller disagreement of the same kind: the smallest that is found in time."""
    end = time.monotonic() + seconds
    place = 0
    while time.monotonic() < end:
        cuts = [
            *whole_policies(found.book),
            *halves(found.book.version),
            *paths(found.book.version),
            *(cut for index, _ in enumerate(found.book.others) for cut in paths_of_other(found.book, index)),
            *paths(found.facts, where="facts"),
        ]
        smaller = None
        for step in range(len(cuts)):  # go on where the last cut was made: what came before it has been tried
            at = (place + step) % len(cuts)
            smaller = retry(found, cuts[at])
            if smaller or time.monotonic() > end:
                place = at
                break
        if not smaller:
            break
        found = smaller
    return found


def retry(found, cut):
    """The disagreement that is left after a cut, if it is of the same kind."""
    book, facts = smaller(found, cut)
    if size(book, facts) >= size(found.book, found.facts):
        return None
    try:
        again = (found.check or check_case)(load(book), book, facts, found.now)
    except EngineError as error:
        again = replace(found, book=book, facts=facts, kind="error", what=str(error))
    except Exception:  # noqa: BLE001 - what is left makes no sense, to the engine or to the reference
        return None
    return again if again and again.kind == found.kind else None


def size(book, facts):
    return len(str((book.version, book.others, book.governed, facts)))


def whole_policies(book):
    """Further policies go as a whole, and so does what picks a version."""
    for index in range(len(book.others)):
        yield "others", (index,), None
    for policy in book.governed:
        yield "governed", (policy,), None


def paths_of_other(book, index):
    for where, place, lifted in paths(book.others[index]):
        yield "others" if where == "version" else where, (index, *place), lifted


def halves(version):
    """Long lists of rules lose half of them at a time."""
    for key in ("blockers", "review"):
        count = len(version.get(key, ()))
        if count > 1:
            yield "version", (key, slice(0, count // 2)), None
            yield "version", (key, slice(count // 2, count)), None


def paths(data, prefix=(), *, where="version"):
    """Places that may be cut off or replaced by what stands below them."""
    if isinstance(data, (dict, list)):
        keys = data if isinstance(data, dict) else range(len(data))
        for key in keys:
            if not prefix and key in ("schema", "policy", "version", "title"):
                continue
            yield where, (*prefix, key), None
            below = data[key]
            inner = (
                [below]
                if isinstance(below, dict) and key == "not"
                else below
                if isinstance(below, list)
                else []
            )
            for index, item in enumerate(inner):
                if key in ("all", "any", "not") and isinstance(item, dict):
                    yield where, prefix, (key, index)
            yield from paths(below, (*prefix, key), where=where)


def smaller(found, cut):
    where, place, lifted = cut
    parts = copy.deepcopy({key: getattr(found.book, key) for key in ("version", "others", "governed")})
    book = replace(found.book, **parts)
    facts = copy.deepcopy(found.facts)
    target: Any = (parts | {"facts": facts})[where]
    for key in place[:-1]:
        target = target[key]
    if lifted is None:
        del target[place[-1]]
    else:
        key, index = lifted
        below = target[place[-1]][key]
        target[place[-1]] = below if key == "not" else below[index]
    if not book.version.get("review"):
        book.version["review"] = [
            {
                "id": "filler",
                "when": {"now": {"is_not": "now"}},
                "by": "x",
                "within": "1h",
                "on_timeout": "reject",
            }
        ]
    return book, facts


def needed_entries(book):
    """The vocabulary of the facts that a book may read, and of no other."""
    needed = needed_facts(book)
    return {name: entry for name, entry in reference.fact_entries(book.facts) if name in needed}


def report(found):
    """What a person needs to look into a disagreement: how to run it again, and its smallest form."""
    least = shrink(found)
    return "\n".join(
        [
            f"seed {found.book.seed}: {found.what}",
            f"again: python -m tests.differential {found.again.format(seed=found.book.seed)}",
            f"at its smallest: {least.what}",
            block({"facts": needed_entries(least.book), "version": least.book.version}),
            *([block({"governed_by": least.book.governed})] if least.book.governed else []),
            *(block({"next version": version}) for version in least.book.others),
            f"zone {least.book.zone}, now {least.now.isoformat()}",
            f"facts {json.dumps(least.facts, default=str, ensure_ascii=False)}",
        ]
    )
