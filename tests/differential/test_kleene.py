"""The reference with three truth values: what it says by hand, what never changes it, and that faults are noticed.

And that the engine agrees with it, case by case.
"""

from __future__ import annotations

import itertools
import os
import random
import time

import pytest

from tests.differential import incomplete, kleene
from tests.differential.formulas import (
    Call,
    Choice,
    Field,
    Formula,
    Literal,
    Name,
    Negation,
    Node,
    Operation,
    call,
    lift,
    rebuilt,
)  # fmt: skip
from tests.differential.generate import BASE, Book
from tests.differential.harness import report
from tests.differential.incomplete import make_incomplete_book
from tests.differential.kleene import Answer, Cause, KleeneCase, Unknown, decide, every, negated, some
from tests.differential.kleene_check import cases_of, check_kleene, difference, said_by_reference, summary

T, F = True, False
U = Unknown(frozenset([Cause("missing", "u")]))
V = Unknown(frozenset([Cause("missing", "v")]))
VALUES = (T, F, U)

VOCABULARY = {
    "a": {
        "yes": {"type": "flag"},
        "no": {"type": "flag"},
        "lost": {"type": "flag"},  # required, and missing
        "gone": {"type": "integer", "optional": True},  # absent
        "here": {"type": "integer", "optional": True},
        "late": {"type": "time"},  # missing
        "at": {"type": "time"},
        "zero": {"type": "integer"},
        "seven": {"type": "integer"},
        "usual": {"type": "integer", "default": 3},
        "kind": {"type": "choice", "choices": ["one", "two"]},
        "tags": {"type": "set", "choices": ["x", "y"], "optional": True},
        "sum": {"type": "money"},
        "paid": {"type": "instruments", "choices": ["cash", "card"], "currency": "USD"},
        "rows": {
            "type": "list",
            "fields": {"units": {"type": "integer"}, "extra": {"type": "integer", "optional": True}},
        },
    },
    "rates": {"type": "rates", "optional": True},
}
FACTS = {
    "a": {
        "yes": True, "no": False, "here": 5, "at": "2024-11-05T00:00:00Z", "zero": 0, "seven": 7, "kind": "two",
        "sum": "5 USD", "paid": {"cash": "100 USD", "card": "50 USD"},
        "rows": [{"units": 1, "extra": 4}, {"units": 0}, {"units": 3, "extra": 2}],
    }
}  # fmt: skip
GIVEN = {T: {"a.yes": True}, F: {"a.no": True}, U: {"a.lost": True}}
NAMES = {T: Name("a.yes"), F: Name("a.no"), U: Name("a.lost")}
LOST = Unknown(frozenset([Cause("missing", "a.lost")]))


def case_of(version=None, facts=FACTS, kinds=None):
    return KleeneCase(VOCABULARY, version or {}, kinds or {}, facts, now=BASE, zone="UTC")


def status(verdict):
    """A verdict without its causes."""
    return U if isinstance(verdict, Unknown) else verdict


def evaluated(tree):
    return case_of().evaluate(tree, None)


# Truth tables, by hand.

AND = {(T, T): T, (T, F): F, (F, T): F, (F, F): F, (T, U): U, (U, T): U, (F, U): F, (U, F): F, (U, U): U}
OR = {(T, T): T, (T, F): T, (F, T): T, (F, F): F, (T, U): T, (U, T): T, (F, U): U, (U, F): U, (U, U): U}
NOT = {T: F, F: T, U: U}
PAIRS = list(itertools.product(VALUES, VALUES))


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_and_and_or_are_strong_kleene_wherever_they_stand(one, two):
    both, either = AND[one, two], OR[one, two]
    left, right = GIVEN[one], GIVEN[two]
    for verdict in (
        every([one, two]),
        case_of().true({"all": [left, right]}),
        case_of().true({"all": [{"all": [left]}, right]}),
        evaluated(NAMES[one] & NAMES[two]),
    ):
        assert status(verdict) == both
    if one is not two:  # else both stand under one name
        assert status(case_of().true(left | right)) == both
        assert status(case_of().true(right | left)) == both
    for verdict in (
        some([one, two]),
        case_of().true({"any": [left, right]}),
        evaluated(NAMES[one] | NAMES[two]),
    ):
        assert status(verdict) == either


@pytest.mark.parametrize("one", VALUES)
def test_not_keeps_what_is_unknown(one):
    assert status(negated(one)) == NOT[one]
    assert status(case_of().true({"not": GIVEN[one]})) == NOT[one]
    assert status(evaluated(~NAMES[one])) == NOT[one]


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_a_rule_holds_where_when_does_and_unless_does_not(one, two):
    verdict = case_of().holds({"when": GIVEN[one], "unless": GIVEN[two]})
    assert status(verdict) == AND[one, NOT[two]]
    assert status(case_of().holds({"when": GIVEN[one]})) == one
    assert status(case_of().holds({"unless": GIVEN[one]})) == NOT[one]
    assert case_of().holds({}) is True


@pytest.mark.parametrize("verdicts", list(itertools.product(VALUES, repeat=3)))
def test_after_an_unknown_row_the_result_is_unknown_whatever_follows(verdicts):
    rows = [{"when": GIVEN[each], "is": Formula(lift(index))} for index, each in enumerate(verdicts)]
    case = case_of({"values": {"v": [*rows, {"otherwise": Formula(lift(3))}], "w": rows}})
    decisive = next((index for index, each in enumerate(verdicts) if each is not F), 3)
    expected = U if decisive < 3 and verdicts[decisive] is U else decisive
    assert status(case.value("v")) == expected
    assert status(case.value("w")) == (U if decisive == 3 else expected)
    if decisive == 3:
        assert case.value("w") == Unknown(frozenset([Cause("uncovered", "w")]))


@pytest.mark.parametrize(
    ("condition", "chosen", "other", "expected"),
    [(T, T, U, T), (T, U, T, U), (F, U, F, F), (F, T, U, U), (U, T, T, U), (U, F, F, U)],
)
def test_a_choice_is_unknown_where_its_condition_is_else_the_chosen_side(condition, chosen, other, expected):
    assert status(evaluated(Choice(NAMES[chosen], NAMES[condition], NAMES[other]))) == expected


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (Name("a.seven") / Name("a.zero"), U),
        (Name("a.seven") / 2, 3.5),
        (Name("a.zero") * (Name("a.seven") / Name("a.zero")), U),  # nothing times unknown is unknown
        (Name("a.gone") > 5, U),
        (Name("a.gone") + 1, U),
        (call("min", 1, Name("a.gone")), U),
        (call("present", Name("a.gone")), F),
        (call("present", Name("a.here")), T),
        (call("present", Name("a.lost")), U),  # it asks for optional facts only
        (call("default", Name("a.gone"), 9), 9),
        (call("default", Name("a.here"), 9), 5),
        (call("default", Name("a.here"), Name("a.seven") / Name("a.zero")), 5),
        (call("default", Name("a.gone"), Name("a.seven") / Name("a.zero")), U),
        (call("default", Name("a.lost"), True), U),  # it hides no unknown
        (call("default", Name("a.usual"), 9), 3),
        (call("present", Name("a.gone")) & (Name("a.gone") > 5), F),
        ((Name("a.gone") > 5) & call("present", Name("a.gone")), F),
        ((Name("a.zero") > 0) & (Name("a.seven") / Name("a.zero") > 1), F),
        ((Name("a.seven") / Name("a.zero") > 1) | (Name("a.zero") <= 0), T),
        (Name("a.at") + Literal("duration", "1d") * (Name("a.seven") * 10_000_000), U),
        (Name("a.sum") + Literal("money", "1 CNY"), U),
        (call("convert", Name("a.sum"), Literal("text", "CNY")), U),
        # Of the records, units are 1, 0, 3 and extra is 4, absent, 2.
        (Call("count", (Name("a.rows"),)), 3),
        (Call("count", (Name("a.rows"), Field("units") > 0)), 2),
        (Call("count", (Name("a.rows"), Field("extra") > 1)), U),
        (Call("sum", (Name("a.rows"), Field("extra"))), U),
        (Call("sum", (Name("a.rows"), Field("extra"), call("present", Field("extra")))), 6),
        (Call("sum", (Name("a.rows"), lift(6) / Field("units"), Field("units") > 0)), 8),
        (Call("sum", (Name("a.rows"), Field("units"), lift(6) / Field("units") > 3)), U),
        (Call("any", (Name("a.rows"), Field("extra") > 3)), T),
        (Call("any", (Name("a.rows"), Field("extra") > 9)), U),
        (Call("all", (Name("a.rows"), Field("extra") > 3)), F),
        (Call("all", (Name("a.rows"), Field("extra") > 1)), U),
    ],
    ids=lambda each: Formula(each) if isinstance(each, Node) else "unknown" if each is U else str(each),
)
def test_a_formula_is_unknown_where_what_it_reads_is(tree, expected):
    assert status(evaluated(tree)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"a.gone": {"over": 5}}, F),
        ({"a.gone": {"is_not": 5}}, F),
        ({"a.gone": {"not_in": [5]}}, F),
        ({"not": {"a.gone": {"over": 5}}}, T),
        ({"a.gone": {"present": False}}, T),
        ({"a.tags": {"has": "x"}}, F),
        ({"a.here": {"is_not": {"fact": "a.gone"}}}, F),
        ({"a.late": {"after": "now"}}, U),
        ({"a.late": {"present": True}}, U),
        ({"a.lost": [True, False]}, U),
        ({"a.here": {"between": [6, {"fact": "late"}]}}, F),
        ({"a.sum": {"over": "1 CNY"}}, U),
        ({"a.sum": ["1 CNY", "5 USD"]}, T),
        ({"a.sum": {"not_in": ["1 CNY", "5 USD"]}}, F),
        ({"a.sum": ["1 CNY", "6 USD"]}, U),
        ({"late": 1, "a.no": True}, F),
        ({"a.no": True, "late": 1}, F),
        ({"late": 1, "a.yes": True}, U),
        ({"copy": {"over": 5}}, U),  # a formula reads the absent fact, not the mapping
    ],
)
def test_a_mapping_is_false_of_what_is_absent_and_unknown_of_what_is_missing(condition, expected):
    values = {"late": Formula(Name("a.seven") / Name("a.zero")), "copy": Formula(Name("a.gone"))}
    case = case_of({"values": values}, kinds={"late": "number", "copy": "integer"})
    assert status(case.true(condition)) == expected


# The steps, by hand.


def rules(*verdicts):
    return [{"id": f"r{number}", "when": GIVEN[verdict]} for number, verdict in enumerate(verdicts)]


def answer(facts=FACTS, others=(), governed=None, **version):
    versions = [{"policy": "p"} | version, *({"policy": "q"} | other for other in others)]
    return decide(
        Book(0, "UTC", VOCABULARY, versions[0], {}, [], rates=True, others=versions[1:], governed=governed or {}),
        facts, BASE,
    )  # fmt: skip


def test_policies_are_asked_one_after_the_other():
    review = {"review": rules(T)}
    assert answer(applies_to=GIVEN[F], others=[review]).policy == "q"
    assert answer(applies_to=GIVEN[F]) == Answer("not_applicable")
    assert answer(applies_to=GIVEN[U], others=[review]).step == "applies"
    assert answer(applies_to=GIVEN[T], others=[{"applies_to": GIVEN[U]}]).outcome == "allowed"
    stopped = answer(applies_to=GIVEN[F], others=[{}], governed={"p": "a.late"})
    assert stopped.causes == {Cause("missing", "a.late")}
    assert answer(applies_to=GIVEN[F], others=[{}], governed={"p": "a.at"}).policy == "q"


def test_a_true_blocker_blocks_whatever_else_is_unknown():
    found = answer(blockers=rules(U, T, F, T, U), review=rules(U))
    assert (found.outcome, found.blockers, found.undetermined) == ("blocked", ("r1", "r3"), ("r0", "r4"))
    stopped = answer(blockers=rules(F, U), review=rules(T))
    assert (stopped.outcome, stopped.step, stopped.causes) == ("error", "blockers", LOST.causes)


def test_an_unknown_review_is_an_error_beside_a_true_one_too():
    assert answer(review=rules(T, U)).step == "reviews"
    assert answer(review=rules(T, F, T)).reviews == ("r0", "r2")
    assert answer(review=rules(F)).outcome == "allowed"


def test_the_limit_of_a_review_that_holds_must_be_known_and_not_passed():
    never, early = Formula(Name("a.late")), Formula(Name("a.at") - Literal("duration", "1d"))
    assert answer(review=[{"id": "r", "when": GIVEN[T], "until": never}]).step == "reviews"
    assert answer(review=[{"id": "r", "when": GIVEN[F], "until": never}]).outcome == "allowed"
    assert answer(review=[{"id": "r", "when": GIVEN[T], "before": early}]).causes == {Cause("late", "r")}


def refund(*terms):
    return {"paid": "a.paid", "terms": [{"id": f"t{index}", **term} for index, term in enumerate(terms)]}


def test_terms_are_rows_and_all_their_amounts_must_be_known():
    full = {"instruments": {"cash": "full", "card": "full"}}
    found = answer(refund=refund(full | {"when": GIVEN[F]}, full))
    assert (found.term, found.total.amount) == ("t1", 150)
    assert answer(refund=refund(full | {"when": GIVEN[U]}, full)).step == "terms"
    assert answer(refund=refund(full | {"unless": GIVEN[T]})).causes == {Cause("uncovered", "terms")}
    part = {"instruments": {"cash": "remainder", "card": {"return": "full", "when": GIVEN[F]}}}
    fee = {"amount": Formula(Name("a.paid.cash") / Name("a.zero")), "when": GIVEN[F]}
    assert answer(refund=refund(part | {"deduct": {"fee": fee}})).total.amount == 100
    assert answer(refund=refund(part | {"deduct": {"fee": fee | {"when": GIVEN[T]}}})).step == "terms"
    assert answer(refund=refund(part | {"deduct": {"fee": fee | {"when": GIVEN[U]}}})).causes == LOST.causes
    asks = {"instruments": {"cash": "full", "card": {"return": "full", "when": GIVEN[U]}}}
    assert answer(refund=refund(asks)).step == "terms"
    without = {"a": FACTS["a"] | {"paid": {"cash": "100 USD"}}}
    assert answer(facts=without, refund=refund(asks)).total.amount == 100


def test_a_blocked_case_is_asked_for_nothing_else():
    found = answer(blockers=rules(T), refund=refund({"when": GIVEN[U], "instruments": {}}), review=rules(U))
    assert found.outcome == "blocked"


def test_an_error_names_all_that_the_step_lacks():
    later = {"id": "r2", "when": {"a.late": {"after": "now"}}}
    assert answer(blockers=[*rules(U, F), later]).causes == {
        Cause("missing", "a.lost"),
        Cause("missing", "a.late"),
    }


def test_shown_values_are_known_or_not():
    values = {"v": Formula(Name("a.seven") / Name("a.zero")), "w": Formula(Name("a.seven") + 1)}
    found = answer(values=values).values
    assert found["w"] == 8
    assert status(found["v"]) is U


def test_what_is_unknown_is_never_taken_for_an_answer():
    with pytest.raises(TypeError):
        bool(U)
    assert every([U, V]).causes == U.causes | V.causes


def test_formulas_are_printed_as_they_were_meant():
    one, two, three = Name("a"), Name("b"), Name("c")
    for tree, text in (
        ((one + two) * three, "(a + b) * c"),
        (one - (two - three), "a - (b - c)"),
        ((one - two) - three, "a - b - c"),
        (one / (two * three), "a / (b * c)"),
        (~(one & two) | three, "not (a and b) or c"),
        (~(one > two) & three, "not a > b and c"),
        ((one | two) & three, "(a or b) and c"),
        (Choice(one, two, Choice(two, three, one)), "a if b else b if c else a"),
        (Choice(Choice(one, two, three), Choice(one, two, three), one), "(a if b else c) if (a if b else c) else a"),
        (Choice(one, two, three) + 1, "(a if b else c) + 1"),
        (Call("sum", (one, lift(6) / Field("n"))), "sum(a, 6 / each.n)"),
    ):  # fmt: skip
        assert Formula(tree) == text


# What never changes an answer.

SEEDS = range(60)


def rewritten(data, formula, condition=lambda body: body):
    """A copy of a version with each formula and each condition (from the innermost on) put through a change."""
    if isinstance(data, Formula):
        return Formula(rebuilt(data.tree, formula))
    if isinstance(data, list):
        return [rewritten(item, formula, condition) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        key: conditioned(body, condition)
        if key in ("when", "unless", "applies_to")
        else rewritten(body, formula, condition)
        for key, body in data.items()
    }


def conditioned(body, change):
    inner = {}
    for key, part in body.items():
        if key in ("all", "any"):
            inner[key] = [conditioned(item, change) for item in part]
        else:
            inner[key] = conditioned(part, change) if key == "not" else part
    return change(inner)


def assert_unchanged_by(formula, condition):
    """A change of formulas and conditions leaves every answer as it is, causes included."""
    for seed in SEEDS:
        book = make_incomplete_book(seed)
        changed = Book(**vars(book) | {
            "version": rewritten(book.version, formula, condition),
            "others": [rewritten(each, formula, condition) for each in book.others],
        })  # fmt: skip
        for facts, now in cases_of(book, 6):
            assert decide(book, facts, now) == decide(changed, facts, now), f"seed {seed}"


def test_the_order_of_writing_never_matters():
    rng = random.Random(1)

    def shuffled(body):
        return {
            key: rng.sample(part, len(part)) if isinstance(part, list) else part
            for key, part in rng.sample(list(body.items()), len(body))
        }

    def turned(node):
        if isinstance(node, Operation) and node.sign in ("and", "or"):
            return Operation(node.sign, node.right, node.left)
        return node

    assert_unchanged_by(turned, shuffled)


def test_twice_not_is_nothing():
    def twice(node):
        asks = isinstance(node, Negation) or (isinstance(node, Operation) and node.sign in ("and", "or", ">"))
        return Negation(Negation(node)) if asks else node

    assert_unchanged_by(twice, lambda body: {"not": {"not": body}})


def test_de_morgan():
    def turned(node):
        match node:
            case Operation("and", left, right):
                return Negation(Operation("or", Negation(left), Negation(right)))
            case Operation("or", left, right):
                return Negation(Operation("and", Negation(left), Negation(right)))
        return node

    def swapped(body):
        parts = {"all": "any", "any": "all"}
        return {"all": [
            {"not": {parts[key]: [{"not": item} for item in part]}} if key in parts else {key: part}
            for key, part in body.items()
        ]}  # fmt: skip

    assert_unchanged_by(turned, swapped)


def grows(less, more):
    """Whether an answer with more facts keeps all that was known with fewer."""
    if less.outcome == "error":
        return True
    same = (less.outcome, less.policy, less.reviews, less.term, less.total) == (
        more.outcome, more.policy, more.reviews, more.term, more.total
    )  # fmt: skip
    blockers = set(less.blockers) <= set(more.blockers) <= {*less.blockers, *less.undetermined}
    values = all(
        isinstance(value, Unknown) or value == more.values[name] for name, value in less.values.items()
    )
    return same and blockers and set(more.undetermined) <= set(less.undetermined) and values


def test_what_is_known_stays_known_when_missing_facts_are_filled_in():
    compared = 0
    for seed in SEEDS:
        book = make_incomplete_book(seed)
        required = [
            subject.name
            for subject in book.subjects
            if subject.is_fact and not subject.optional and "default" not in subject.entry
        ]
        rng = random.Random(seed)
        for facts, now in cases_of(book, 12):
            less = copy_without(facts, [name for name in required if rng.random() < 0.3])
            before, after = decide(book, less, now), decide(book, facts, now)
            assert grows(before, after), f"seed {seed}: {before} became {after}"
            compared += before.outcome != "error"
    assert compared > 100


def copy_without(facts, names):
    less = {key: dict(group) if isinstance(group, dict) else group for key, group in facts.items()}
    for key, group in less.items():
        if key == "b" and isinstance(group, dict) and isinstance(group.get("c"), dict):
            group["c"] = dict(group["c"])
    for name in names:
        incomplete.remove(less, name)
    return less


# Faults on purpose: a reference that takes three values wrongly, beside the right one.


def unknown_is_false(monkeypatch):
    at_leaves(monkeypatch, verdict=False)


def unknown_is_true(monkeypatch):
    at_leaves(monkeypatch, verdict=True)


def at_leaves(monkeypatch, *, verdict):
    test = KleeneCase.test

    def wrong(self, *arguments):
        found = test(self, *arguments)
        return verdict if isinstance(found, Unknown) else found

    monkeypatch.setattr(KleeneCase, "test", wrong)


def an_unknown_rule_does_not_hold(monkeypatch):
    holds = KleeneCase.holds

    def wrong(self, unit):
        verdict = holds(self, unit)
        return False if isinstance(verdict, Unknown) else verdict

    monkeypatch.setattr(KleeneCase, "holds", wrong)


def the_order_of_writing_matters(monkeypatch):
    """`and` and `or` end at the first that decides, or is unknown."""

    def until(deciding):
        return lambda verdicts: next((each for each in verdicts if each is not (not deciding)), not deciding)

    monkeypatch.setattr(kleene, "every", until(deciding=False))
    monkeypatch.setattr(kleene, "some", until(deciding=True))


def every_part_must_be_known(monkeypatch):
    """Weak Kleene: one unknown part makes the whole unknown."""

    def weak(combine):
        return lambda verdicts: kleene.lifted(lambda *parts: combine(parts), *verdicts)

    monkeypatch.setattr(kleene, "every", weak(all))
    monkeypatch.setattr(kleene, "some", weak(any))


def a_review_is_passed_over(monkeypatch):
    """Beside a review that holds an unknown one is forgotten."""
    reviews = KleeneCase.reviews

    def wrong(self):
        found = reviews(self)
        certain = [(name, verdict) for name, verdict in found if not isinstance(verdict, Unknown)]
        return certain if any(verdict for _, verdict in certain) else found

    monkeypatch.setattr(KleeneCase, "reviews", wrong)


def a_row_is_passed_over(monkeypatch):
    def wrong(rows, holds, name):
        return next((row for row in rows if holds(row) is True), kleene.unknown("uncovered", name))

    monkeypatch.setattr(kleene, "first", wrong)


def a_policy_is_passed_over(monkeypatch):
    applicable = kleene.applicable
    monkeypatch.setattr(kleene, "applicable", lambda *given: applicable(*given) is True)


def an_undetermined_blocker_is_not_mentioned(monkeypatch):
    settled = kleene.settled

    def wrong(case, policy):
        found = settled(case, policy)
        return Answer(**vars(found) | {"undetermined": ()})

    monkeypatch.setattr(kleene, "settled", wrong)


def a_blocker_waits_for_the_others(monkeypatch):
    blockers = KleeneCase.blockers

    def wrong(self):
        found = blockers(self)
        unknown = [each for each in found if isinstance(each[1], Unknown)]
        return unknown or found

    monkeypatch.setattr(KleeneCase, "blockers", wrong)


def default_hides_what_is_unknown(monkeypatch):
    call_ = KleeneCase.call

    def wrong(self, function, arguments, record):
        found = call_(self, function, arguments, record)
        hides = function == "default" and isinstance(found, Unknown)
        return self.evaluate(arguments[1], record) if hides else found

    monkeypatch.setattr(KleeneCase, "call", wrong)


def records_of_which_nothing_is_known_do_not_count(monkeypatch):
    added = KleeneCase.added

    def wrong(self, records, amount, condition):
        known = [
            each
            for each in records
            if not condition or not isinstance(self.evaluate(condition[0], each), Unknown)
        ]
        return added(self, known, amount, condition)

    monkeypatch.setattr(KleeneCase, "added", wrong)


def an_absent_fact_is_unknown_in_a_mapping(monkeypatch):
    compare = KleeneCase.compare

    def wrong(self, name, test, raw):
        absent = self.value(name) is kleene.ABSENT
        return kleene.unknown("absent", name) if absent else compare(self, name, test, raw)

    monkeypatch.setattr(KleeneCase, "compare", wrong)


def an_absent_fact_is_false_in_a_formula(monkeypatch):
    node = KleeneCase.node

    def wrong(self, tree, record):
        found = node(self, tree, record)
        compares = isinstance(tree, Operation) and tree.sign == ">" and isinstance(found, Unknown)
        return False if compares and {cause.kind for cause in found.causes} == {"absent"} else found

    monkeypatch.setattr(KleeneCase, "node", wrong)


def an_error_names_the_first_cause_only(monkeypatch):
    stopped = kleene.stopped

    def wrong(policy, step, verdicts):
        found = stopped(policy, step, verdicts)
        return Answer(**vars(found) | {"causes": frozenset(sorted(found.causes)[:1])})

    monkeypatch.setattr(kleene, "stopped", wrong)


MUTANTS = (
    unknown_is_false,
    unknown_is_true,
    an_unknown_rule_does_not_hold,
    the_order_of_writing_matters,
    every_part_must_be_known,
    a_review_is_passed_over,
    a_row_is_passed_over,
    a_policy_is_passed_over,
    an_undetermined_blocker_is_not_mentioned,
    a_blocker_waits_for_the_others,
    default_hides_what_is_unknown,
    records_of_which_nothing_is_known_do_not_count,
    an_absent_fact_is_unknown_in_a_mapping,
    an_absent_fact_is_false_in_a_formula,
    an_error_names_the_first_cause_only,
)


def disagreements(mutate, seeds, cases):
    """The kinds of disagreement between the reference and a broken one."""
    for seed in seeds:
        book = make_incomplete_book(seed)
        for facts, now in cases_of(book, cases):
            expected = decide(book, facts, now)
            with pytest.MonkeyPatch.context() as patch:
                mutate(patch)
                found = said_by_reference(decide(book, facts, now))
            if different := difference(book, facts, now, expected, found):
                yield different[0]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_broken_reference_is_noticed(mutant):
    assert next(disagreements(mutant, range(300), 10), None)


def test_the_reference_agrees_with_itself():
    assert not list(disagreements(lambda _patch: None, range(40), 10))


def test_generated_cases_stop_at_every_step_and_reach_every_outcome():
    found = {}
    for seed in range(60):
        book = make_incomplete_book(seed)
        for facts, now in cases_of(book, 10):
            expected = decide(book, facts, now)
            key = expected.step or expected.outcome
            found[key] = found.get(key, 0) + 1
    steps = {"applies", "blockers", "reviews", "terms"}
    outcomes = {"blocked", "not_applicable", "review_required", "allowed"}
    assert found.keys() == steps | outcomes
    assert min(found.values()) > 5


def test_limits_that_fail_or_have_passed_stop_reviews(monkeypatch):
    monkeypatch.setattr(incomplete, "LIMITS", True)
    answers = [
        decide(book, facts, now)
        for seed in range(1, 30, 3)
        for book in [make_incomplete_book(seed)]
        for facts, now in cases_of(book, 10)
    ]
    assert any(each.step == "reviews" and ("late", "r0") in each.causes for each in answers)
    assert any(each.outcome == "review_required" for each in answers)


# The engine.


@pytest.mark.parametrize("block", range(2))
def test_the_engine_has_three_truth_values(block):
    tally = check_kleene(range(block * 40, (block + 1) * 40), 40)
    assert not tally.kinds, f"{summary(tally)}\n{report(next(iter(tally.examples.values())))}"


@pytest.mark.soak
def test_the_engine_has_three_truth_values_for_minutes():
    first = int(os.environ.get("RESCIND_SEED", random.SystemRandom().randrange(10**9)))
    end = time.monotonic() + 60 * float(os.environ.get("RESCIND_SOAK_MINUTES", "10"))
    seed = first
    while time.monotonic() < end:
        tally = check_kleene(range(seed, seed + 20), 200)
        assert not tally.kinds, f"{summary(tally)}\n{report(next(iter(tally.examples.values())))}"
        seed += 20
    print(f"seeds {first} to {seed - 1}: no disagreement")  # noqa: T201 - the figure for the record
