"""Attacks that once worked: wrong money, missed blockers and crashes. Each is a small book and a case against it."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rescind.engine import Engine
from rescind.problems.exceptions import BookError, FactsError, RequestError
from rescind.terminal.decision_text import decision_text
from rescind.terminal.order_text import order_text
from rescind.values.money import parse_figure
from rescind.values.times import format_time, parse_time

BOOK = """\
schema: rescind/book/1
title: Attacked
timezone: UTC
facts: facts.yaml
policies: [{id: p, versions: [{version: "1", in_force_from: 2000-01-01, file: p.yaml}]}]
"""
NOON = "2025-01-01T12:00:00Z"


@pytest.fixture
def load(tmp_path: Path):
    def made(facts: str, version: str) -> Engine:
        head = 'schema: rescind/policy/1\npolicy: p\nversion: "1"\ntitle: Attacked\n'
        (tmp_path / "policies.yaml").write_text(BOOK, "utf-8")
        (tmp_path / "facts.yaml").write_text(f"schema: rescind/facts/1\nfacts: {facts}\n", "utf-8")
        (tmp_path / "p.yaml").write_text(head + version, "utf-8")
        return Engine.load(tmp_path, drafts=True)

    return made


def blockers(engine: Engine, facts: dict) -> list[str]:
    return [each.id for each in engine.decide(facts, at=NOON).blockers]


def test_a_required_choice_that_only_a_matrix_reads_may_not_be_missing(load):
    engine = load(
        "{kind: {type: choice, choices: [a, b]}, paid: {type: instruments, choices: [cash]}}",
        "values: {fee: {matrix: kind, columns: [rate], rows: {a: [10%], b: [90%]}}}\n"
        "refund: {paid: paid, terms: [{id: t, deduct: {fee: paid.cash * fee.rate}, instruments: {cash: remainder}}]}\n",
    )
    paid = {"paid": {"cash": "100 USD"}}
    with pytest.raises(FactsError, match="R0901 the fact `kind` is missing"):
        engine.decide(paid, at=NOON)
    assert engine.decide({**paid, "kind": "a"}, at=NOON).refund.total.minor == 90_00


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"low": 1, "high": 9}, ["inside"]),
        ({"low": 6, "high": 9}, ["outside"]),
        ({"low": 1}, ["outside"]),
        ({"high": 9}, ["outside"]),
        ({}, ["outside"]),
    ],
)
def test_between_does_not_hold_where_an_end_is_absent(load, facts, expected):
    ends = "{x: {between: [{fact: low}, {fact: high}]}}"
    engine = load(
        "{x: {type: integer}, low: {type: integer, optional: true}, high: {type: integer, optional: true}}",
        f"blockers: [{{id: inside, message: I, when: {ends}}}, {{id: outside, message: O, when: {{not: {ends}}}}}]\n",
    )
    assert blockers(engine, {"x": 5, **facts}) == expected


@pytest.mark.parametrize(
    ("destinations", "code"),
    [
        ("[{when: {f: true}, to: account, otherwise: bank}]", "R0107"),
        ("[{otherwise: bank}, {when: {f: true}, to: account}]", "R0224"),
    ],
)
def test_a_destination_that_would_never_be_reached_is_a_problem(load, destinations, code):
    with pytest.raises(BookError, match=code):
        load(
            "{f: {type: flag}, paid: {type: instruments, choices: [cash]}}",
            "refund: {paid: paid, terms: [{id: t, instruments: {cash: {return: full, to: GOALS}}}]}\n".replace(
                "GOALS", destinations
            ),
        )


LIST = "{type: list, fields: {count: {type: integer, at_least: 0, at_most: 5}, note: {type: text, optional: true}}}"
TOO_MANY = """\
values: {whole: 'sum(events, each.count)'}
blockers: [{id: many, message: Many., when: {whole: {over: 4}}}]
"""


def test_bounds_hold_in_the_records_of_a_list(load):
    engine = load(f"{{events: {LIST}}}", TOO_MANY)
    assert blockers(engine, {"events": [{"count": 5}]}) == ["many"]
    with pytest.raises(FactsError) as error:
        engine.decide({"events": [{"count": 9}, {"count": 1}, {"count": -9}]}, at=NOON)
    found = [(problem.location.path, problem.message) for problem in error.value.problems]
    assert found == [
        ("events[0].count", "expected 5 or less, found `9`"),
        ("events[2].count", "expected 0 or more, found `-9`"),
    ]


def test_null_leaves_an_optional_field_of_a_record_out(load):
    engine = load(f"{{events: {LIST}}}", TOO_MANY)
    assert blockers(engine, {"events": [{"count": 5, "note": None}]}) == ["many"]
    with pytest.raises(FactsError, match=r"events\[0\].count: R0903"):
        engine.decide({"events": [{"count": None}]}, at=NOON)


def test_a_default_in_a_record_is_a_problem(load):
    with pytest.raises(BookError, match=r"R0211 the field `events.count` has a `default`"):
        load("{events: {type: list, fields: {count: {type: integer, default: 1}}}}", "")


HUGE = 10**5_000
KINDS = {
    "n1": ("number", HUGE),
    "i1": ("integer", HUGE),
    "f1": ("flag", HUGE),
    "t1": ("text", HUGE),
    "m1": ("money", HUGE),
    "m2": ("money", {"amount": HUGE, "currency": "USD"}),
    "m3": ("money", {"amount": "1", "currency": HUGE}),
    "d1": ("date", HUGE),
    "s1": ("set", [HUGE]),
    "r1": ("rates", {"CNY/USD": HUGE}),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_number_of_thousands_of_digits_is_a_problem_of_the_facts(load, name):
    kind, raw = KINDS[name]
    engine = load(f"{{{name}: {{type: {kind}, optional: true}}}}", "")
    with pytest.raises(FactsError, match="R0903"):
        engine.decide({name: raw}, at=NOON)


def test_a_debt_is_owed_whether_an_instrument_was_left_out_or_paid_nothing(load):
    engine = load(
        "{paid: {type: instruments, choices: [cash, coupon]}}",
        "refund: {paid: paid, below_zero: charge, "
        "terms: [{id: t, deduct: {fee: 30 USD}, instruments: {cash: remainder, coupon: none}}]}\n",
    )
    for paid in ({"coupon": "100 USD"}, {"cash": "0 USD", "coupon": "100 USD"}):
        refund = engine.decide({"paid": paid}, at=NOON).settlement
        assert refund.total == -30_00
        assert [(line.instrument, line.returned, line.fees) for line in refund.lines] == [
            ("cash", -30_00, 30_00),
            ("coupon", 0, 0),
        ]


def test_a_policy_that_does_not_apply_asks_for_nothing_that_its_blockers_compute(load):
    engine = load(
        "{age: {type: integer}, parts: {type: integer}, pieces: {type: integer}}",
        "applies_to: {older: {over: 3}}\n"
        "values: {older: age + 1, share: 10 / parts, whole: parts + pieces}\n"
        "blockers: [{id: a, message: A., when: {share: {over: 3}}}, {id: b, message: B., when: {whole: 0}}]\n",
    )
    assert engine.decide({"age": 1}, at=NOON).outcome == "not_applicable"
    with pytest.raises(FactsError) as error:
        engine.decide({"age": 5}, at=NOON)
    assert [problem.location.path for problem in error.value.problems] == ["parts", "pieces"]


REVIEW = """\
blockers: [{id: past, message: Past., when: {when: {before: now}}}]
review: [{id: slow, when: {flag: true}, by: anyone, within: 999999999d, on_timeout: approve}]
"""
ENDS = "{when: {type: time}, flag: {type: flag}, request: {submitted_at: {type: time, optional: true}}}"


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_times_at_the_ends_of_the_calendar_are_decided_and_written(load, time):
    engine = load(ENDS, REVIEW)
    decision = engine.decide({"when": time, "flag": False}, at=NOON)
    assert decision.outcome == ("blocked" if time < NOON else "allowed")
    for blocker in decision.to_dict()["blockers"]:
        assert parse_time(blocker["because"][0]["is"]) == parse_time(time)


def test_a_time_limit_beyond_the_calendar_ends_with_it(load):
    engine = load(ENDS, REVIEW)
    facts = {"when": "2030-01-01T00:00:00Z", "flag": True, "request": {"submitted_at": NOON}}
    request = engine.decide(facts, at=NOON).to_dict()["request"]
    assert request == {"state": "pending_review", "deadline": "9999-12-31T23:59:59.999999+00:00"}


@pytest.mark.parametrize("at", [True, 10**30, -(10**30), 2**63, 1.5, None, "0001-01-01T00:00:00+14:00"])
def test_what_is_no_instant_of_the_calendar_is_no_evaluation_time(load, at):
    engine = load("{flag: {type: flag, default: false}}", "")
    with pytest.raises(FactsError, match="R0904 the evaluation time"):
        engine.decide({}, at=at)


def said(outcome: str) -> str:
    fields = f"{{by: {{type: text}}, outcome: {{type: {outcome}}}, decided_at: {{type: time}}}}"
    return f"reviews: {{type: list, default: [], fields: {fields}}}"


@pytest.mark.parametrize(
    "facts",
    [
        "{request: {submitted_at: {type: text}}}",
        "{request: {submitted_at: {type: date}}}",
        "{request: {reviews: {type: text}}}",
        "{request: {reviews: {type: list, fields: {who: {type: text}}}}}",
        f"{{request: {{{said('text')}}}}}",
        f"{{request: {{{said('choice, choices: [approve, denied]')}}}}}",
        "{rates: {type: text}}",
        "{resource: {id: {type: integer}}}",
    ],
)
def test_what_the_engine_reads_itself_has_the_type_that_it_reads(load, facts):
    with pytest.raises(BookError, match="R0226"):
        load(facts, "")


def test_a_reason_shows_a_number_as_it_is_beside_an_integer(load):
    engine = load(
        "{whole: {type: integer}, part: {type: number}}",
        "blockers: [{id: b, message: B., when: {whole: {under: {fact: part}}}}]\n",
    )
    blocker = engine.decide({"whole": 2, "part": "2.5"}, at=NOON).to_dict("rescind/decision/1")["blockers"][0]
    assert blocker["because"] == [{"fact": "whole", "is": 2, "needs": "under part (2.5)"}]


def test_a_word_on_what_has_been_decided_is_refused_and_never_lost(load):
    times = "submitted_at: {type: time, optional: true}"
    engine = load(
        f"{{large: {{type: flag}}, request: {{{times}, {said('choice, choices: [approve, reject]')}}}}}",
        "review:\n"
        "  - {id: any, by: unspecified, within: 24h, on_timeout: approve}\n"
        "  - {id: own, when: {large: true}, by: manager, within: 48h, on_timeout: approve}\n",
    )
    words = [
        {"by": "manager", "outcome": "approve", "decided_at": "2025-01-01T13:00:00Z"},
        {"by": "other", "outcome": "reject", "decided_at": "2025-01-01T14:00:00Z"},
    ]
    for large in (True, False):
        facts = {"large": large, "request": {"submitted_at": NOON, "reviews": words}}
        request = engine.decide(facts, at="2025-01-01T15:00:00Z").request
        assert request.state == "approved"
        assert [(refused.by, refused.code) for refused in request.refused] == [("other", "R1035")]


def test_times_before_time_zones_are_written_so_that_they_can_be_read():
    zone = ZoneInfo("Asia/Shanghai")
    for text in ("1900-01-01T00:00:00Z", "1850-06-01T12:00:00.5+08:00", "1950-01-01T00:00:00+08:00"):
        assert parse_time(format_time(parse_time(text), zone)) == parse_time(text)


def test_nobody_can_change_what_decisions_share(load):
    engine = load("{late: {type: flag}}", "blockers: [{id: b, message: B., when: {late: true}}]\n")
    decision = engine.decide({"late": True}, at=NOON)
    for shared in (decision.subject, decision.run.verdict.fired, decision.run.verdict.rows):
        with pytest.raises(TypeError):
            shared["more"] = ()


ORDERED = """{
  resource: {id: {type: text}}, order: {id: {type: text}, paid: {type: instruments, choices: [cash]}},
  account: {id: {type: text}}
}"""


@pytest.fixture
def placed(load):
    engine = load(
        ORDERED,
        "review: [{id: r, by: manager, within: 24h, on_timeout: approve}]\n"
        "refund: {paid: order.paid, terms: [{id: t, instruments: {cash: full}}]}\n",
    )
    rows = [
        {
            "resource": {"id": name},
            "order": {"id": f"o-{name}", "paid": {"cash": "60 USD"}},
            "account": {"id": "a"},
        }
        for name in ("one", "two")
    ]
    return engine, engine.request(rows, at=NOON, confirm=True).to_dict()


@pytest.mark.parametrize(
    "change",
    [
        lambda order: order["lines"][0]["decision"]["refund"].update(total="6000.00 USD"),
        lambda order: order["lines"].append(order["lines"][0]),
        lambda order: order["totals"][0].update(returned="1.00 USD"),
        lambda order: order["lines"][0]["decision"]["reviews"][0].update(within="P1Y"),
    ],
    ids=["a refund", "a line twice", "a total", "a limit in years"],
)
def test_an_order_that_contradicts_itself_has_no_status(placed, change):
    engine, order = placed
    assert engine.status(order, at=NOON).state == "pending"
    change(order)
    with pytest.raises(RequestError, match="R1030"):
        engine.status(order, at=NOON)


@pytest.mark.parametrize("order", [None, 5, [], "order"])
def test_what_is_no_order_has_no_status(placed, order):
    with pytest.raises(RequestError, match="R1030"):
        placed[0].status(order, at=NOON)


def test_a_word_for_no_line_is_a_problem(placed):
    engine, order = placed
    word = {"by": "manager", "outcome": "reject", "decided_at": NOON, "line": []}
    with pytest.raises(RequestError, match="R1033 expected a text, found a list"):
        engine.status(order, [word], at=NOON)


def test_resources_are_bound_by_a_fact_and_not_by_a_value(load):
    with pytest.raises(BookError, match="R0226"):
        load("{pair: {type: text}}", "values: {own: pair}\ntogether: own\n")


HUGE = """\
refund:
  paid: paid
  below_zero: charge
  terms:
    - id: t
      deduct: {fee: paid.total * times}
      instruments: {cash: remainder, card: full}
"""


@pytest.mark.parametrize(("times", "owed"), [(0, 0), (3, 5 * 10**15), (10**15, 2 * 10**30 - 10**15)])
def test_sums_and_debts_above_any_amount_that_is_sent_are_printed_and_read_again(load, times, owed):
    subject = "resource: {id: {type: text}}, order: {id: {type: text}}, account: {id: {type: text}}"
    paid = "paid: {type: instruments, choices: [cash, card]}"
    engine = load(f"{{{subject}, {paid}, times: {{type: integer}}}}", HUGE)
    facts = {
        "resource": {"id": "r"}, "order": {"id": "o"}, "account": {"id": "a"},
        "paid": {"cash": "10000000000000 USD", "card": "10000000000000 USD"}, "times": times,
    }  # fmt: skip
    decision = engine.decide(facts, at=NOON)
    assert decision.refund.total.minor == 10**15 + (10**15 if not times else -owed)
    assert "refund" in decision_text(decision.to_dict())
    order = engine.request([facts], at=NOON, confirm=True)
    assert "total" in "\n".join(order_text(order.to_dict(), ""))
    (line,) = engine.status(order, at=NOON).to_dict()["lines"]
    assert parse_figure(line.get("owed", "0 USD")).minor == owed
