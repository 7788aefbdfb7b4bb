"""Requests beyond the scenarios: reviews of the whole request, groups, numbers, words, and orders that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rescind import Engine
from rescind.problems.exceptions import RequestError
from rescind.requests.order import Order
from rescind.shape.shipped_schemas import base_schema

AT = "2025-03-01T09:00:00+08:00"

FACTS = """
schema: rescind/facts/1
facts:
  resource:
    id: {type: text}
    group: {type: text, optional: true}
    cluster: {type: text, optional: true}
    frozen: {type: flag, default: false}
    kind: {type: choice, choices: [plain, grouped, clustered, small, owing], default: plain}
  order:
    id: {type: text}
    amount: {type: money}
    limit: {type: money, optional: true}
    gift: {type: money, optional: true}
    fee: {type: money, default: 0 USD}
    paid: {type: instruments, choices: [cash, coupon]}
    vip: {type: flag, default: false}
  account:
    id: {type: text}
  rates: {type: rates, optional: true}
"""
BOOK = """
schema: rescind/book/1
title: Test
timezone: Asia/Shanghai
facts: facts.yaml
policies:
"""
POLICY = """
schema: rescind/policy/1
policy: {id}
version: "1"
title: Test
applies_to: {{resource.kind: {id}}}
blockers:
  - id: frozen
    when: {{resource.frozen: true}}
    message: It is frozen.
{more}
refund:
  paid: order.paid
  below_zero: {below_zero}
  terms:
    - id: half
      deduct: {{fee: {fee}}}
      instruments: {{cash: remainder, coupon: none}}
reasons: {{{reasons}}}
"""
REVIEW = "  - {{id: {id}, by: {by}, within: 24h, on_timeout: {timeout}, scope: {scope}, when: {when}}}"

Load = Callable[..., Engine]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A book of policies, each named after the kind of resource that it is for, with the rest of its file."""

    def load(reasons: str = "gone: No longer needed, other: Other", **policies: str) -> Engine:
        rows = []
        for name, more in policies.items():
            text = POLICY.format(
                id=name,
                more=more,
                reasons="only: Only here" if name == "small" else reasons,
                below_zero="charge" if name == "owing" else "zero",
                fee="order.fee" if name == "owing" else "order.paid.cash * 0.5",
            )
            (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
            versions = f'[{{version: "1", in_force_from: 2020-01-01, file: {name}.yaml}}]'
            rows.append(f"  - {{id: {name}, versions: {versions}}}\n")
        (tmp_path / "facts.yaml").write_text(FACTS, "utf-8")
        (tmp_path / "policies.yaml").write_text(BOOK + "".join(rows), "utf-8")
        return Engine.load(tmp_path, drafts=True)

    return load


def reviews(*rows: tuple[str, str, str], by: str = "boss", timeout: str = "approve") -> str:
    """The reviews of a policy: id, scope and condition."""
    lines = [
        REVIEW.format(id=name, by=by, timeout=timeout, scope=scope, when=when) for name, scope, when in rows
    ]
    return "review:\n" + "\n".join(lines)


WHOLE = reviews(("whole", "request", "{order.amount: {over: 1000 USD}}"))
EACH = reviews(("each", "order", "{order.amount: {over: 1000 USD}}"))


def row(name: str, amount: str = "400 USD", **more: Any) -> dict[str, Any]:
    resource = {key: more.pop(key) for key in ("group", "cluster", "frozen", "kind") if key in more}
    order = {key: more.pop(key) for key in ("limit", "vip", "gift", "fee") if key in more}
    return {
        "resource": {"id": name} | resource,
        "order": {"id": f"order-{name}", "amount": amount, "paid": {"cash": amount}} | order,
        "account": {"id": "acct"},
    } | more


def placed(engine: Engine, *rows: dict[str, Any], **options: Any) -> Order:
    return engine.request(rows, **{"reason": "other", "at": AT, "confirm": True} | options)


def refused(engine: Engine, *rows: Any, **options: Any) -> list[str]:
    with pytest.raises(RequestError) as caught:
        placed(engine, *rows, **options)
    return [f"{problem.location}: {problem.code}" for problem in caught.value.problems]


def reviewed(order: Order) -> dict[str, list[str]]:
    return {line.resource: [each.id for each in line.decision.reviews] for line in order.lines}


# --- reviews of the whole request


def test_a_split_cancellation_does_not_dodge_the_review_of_the_whole(load: Load) -> None:
    engine = load(plain=WHOLE)
    order = placed(engine, row("a", "400 USD"), row("b", "600 USD"), row("c", "0.01 USD"))
    assert reviewed(order) == {"a": ["whole"], "b": ["whole"], "c": ["whole"]}
    assert reviewed(placed(engine, row("a", "400 USD"), row("b", "600 USD"))) == {"a": [], "b": []}


def test_a_review_of_each_order_looks_at_each_order(load: Load) -> None:
    order = placed(load(plain=EACH), row("a", "999 USD"), row("b", "1000.01 USD"), row("c", "999 USD"))
    assert reviewed(order) == {"a": [], "b": ["each"], "c": []}


def test_alone_an_order_is_the_whole_request(load: Load) -> None:
    engine = load(plain=WHOLE)
    assert engine.decide(row("a", "1000 USD"), at=AT).outcome == "allowed"
    decision = engine.decide(row("a", "1000.01 USD"), at=AT).to_dict("rescind/decision/1")
    assert decision["reviews"][0]["scope"] == "request"
    assert decision["reviews"][0]["because"] == [
        {"fact": "order.amount", "is": "1000.01 USD", "needs": "over 1000.00 USD"}
    ]


def test_the_review_says_that_it_looked_at_the_sum(load: Load) -> None:
    order = placed(load(plain=WHOLE), row("a", "600 USD"), row("b", "600 USD")).to_dict()
    because = order["lines"][0]["decision"]["reviews"][0]["because"]
    assert because == [{"fact": "sum(order.amount)", "is": "1200.00 USD", "needs": "over 1000.00 USD"}]


def test_a_review_of_the_whole_is_part_of_what_the_number_stands_for(load: Load) -> None:
    engine = load(plain=WHOLE)
    paid = {"paid": {"cash": "500 USD"}}
    few, many = (
        placed(engine, *(row(name) | {"order": row(name, amount)["order"] | paid} for name in "ab"))
        for amount in ("500 USD", "501 USD")
    )
    assert [line.state.state for line in few.lines] == ["approved", "approved"]
    assert [line.state.state for line in many.lines] == ["pending_review", "pending_review"]
    assert few.number != many.number


def test_only_the_review_of_the_whole_sees_the_sum(load: Load) -> None:
    both = reviews(
        ("whole", "request", "{order.amount: {over: 1000 USD}}"),
        ("each", "order", "{order.amount: {over: 1000 USD}}"),
    )
    blocker = "  - {id: large, when: {order.amount: {over: 1000 USD}}, message: It is large.}\n"
    order = placed(load(plain=blocker + both), row("a", "600 USD"), row("b", "600 USD"))
    assert reviewed(order) == {"a": ["whole"], "b": ["whole"]}


def test_what_is_left_out_does_not_count_in_the_sum(load: Load) -> None:
    engine = load(plain=WHOLE)
    order = placed(engine, row("a", "600 USD"), row("b", "600 USD", frozen=True), row("c", "400 USD"))
    assert reviewed(order) == {"a": [], "c": []}


def test_other_parts_of_the_condition_are_those_of_each_line(load: Load) -> None:
    more = reviews(("whole", "request", "{order.amount: {over: 1000 USD}, order.vip: false}"))
    order = placed(load(plain=more), row("a", "600 USD"), row("b", "600 USD", vip=True))
    assert reviewed(order) == {"a": ["whole"], "b": []}


def test_currencies_are_summed_by_the_rates_of_their_own_lines(load: Load) -> None:
    engine = load(plain=WHOLE)
    yuan = row("b", "4000 CNY", rates={"CNY/USD": "0.1"})
    assert reviewed(placed(engine, row("a", "600 USD"), yuan)) == {"a": [], "b": []}
    assert reviewed(placed(engine, row("a", "600.01 USD"), yuan)) == {"a": ["whole"], "b": ["whole"]}


def test_without_a_rate_there_is_no_sum(load: Load) -> None:
    engine = load(plain=WHOLE)
    assert refused(engine, row("a"), row("b", "4000 CNY"), row("c", "1 EUR")) == [
        "row 2: rates: R0907",
        "row 3: rates: R0907",
    ]


@pytest.mark.parametrize(("joint", "held"), [("any", ["whole"]), ("all", [])])
def test_a_sum_that_is_unknown_is_no_error_where_the_review_does_not_depend_on_it(
    load: Load, joint: str, held: list[str]
) -> None:
    kind = {"any": "plain", "all": "grouped"}[joint]
    for parts in (
        "{order.amount: {over: 1000 USD}}, {resource.kind: KIND}",
        "{resource.kind: KIND}, {order.amount: {over: 1000 USD}}",
    ):
        when = f"{{{joint}: [{parts.replace('KIND', kind)}]}}"
        engine = load(plain=reviews(("whole", "request", when)))
        assert reviewed(placed(engine, row("a"), row("b", "4000 CNY"))) == {"a": held, "b": held}


def test_a_line_of_another_policy_counts_too_and_needs_its_rate(load: Load) -> None:
    engine = load(plain=WHOLE, grouped="")
    order = placed(engine, row("a", "600 USD"), row("b", "600 USD", kind="grouped"))
    assert reviewed(order) == {"a": ["whole"], "b": []}
    assert refused(engine, row("a"), row("b", "1 CNY", kind="grouped")) == ["row 2: rates: R0907"]


def test_refunds_and_values_are_summed(load: Load) -> None:
    more = reviews(
        ("paid-back", "request", "{refund.total: {over: 500 USD}}"),
        ("fees", "request", "{twice: {over: 3000 USD}}"),
    )
    engine = load(plain=f"{more}\nvalues: {{twice: order.amount * 2}}")
    assert reviewed(placed(engine, row("a", "500 USD"), row("b", "500 USD"))) == {"a": [], "b": []}
    order = placed(engine, row("a", "500 USD"), row("b", "500.02 USD"))
    assert reviewed(order) == {"a": ["paid-back"], "b": ["paid-back"]}
    order = placed(engine, row("a", "900 USD"), row("b", "900 USD"))
    assert reviewed(order)["a"] == ["paid-back", "fees"]


def test_two_figures_are_both_summed(load: Load) -> None:
    engine = load(plain=reviews(("over-limits", "request", "{order.amount: {over: {fact: order.limit}}}")))
    order = placed(engine, row("a", "500 USD", limit="400 USD"), row("b", "300 USD", limit="400 USD"))
    assert reviewed(order) == {"a": [], "b": []}
    order = placed(engine, row("a", "500 USD", limit="400 USD"), row("b", "301 USD", limit="400 USD"))
    assert reviewed(order) == {"a": ["over-limits"], "b": ["over-limits"]}
    alone = placed(engine, row("a", "500 USD", limit="400 USD"), row("b", "100 USD"))
    assert reviewed(alone) == {"a": ["over-limits"], "b": ["over-limits"]}
    none = placed(engine, row("a", "500 USD"), row("b", "100 USD"))
    assert reviewed(none) == {"a": [], "b": []}


@pytest.mark.parametrize(
    "when", ["{order.gift: {over: 1000 USD}}", "{order.gift: {over: {fact: order.limit}}}"]
)
def test_a_line_without_the_amount_does_not_escape_the_review_of_the_sum(load: Load, when: str) -> None:
    engine = load(plain=reviews(("whole", "request", when)))
    limit = {"limit": "500 USD"}
    rows = [row("a", gift="900 USD", **limit), row("b", gift="200 USD", **limit), row("c")]
    assert reviewed(placed(engine, *rows)) == {"a": ["whole"], "b": ["whole"], "c": ["whole"]}
    assert reviewed(placed(engine, *rows[::2])) == (
        {"a": [], "c": []} if "1000" in when else {"a": ["whole"], "c": ["whole"]}
    )
    assert reviewed(placed(engine, row("c"), row("d"))) == {"c": [], "d": []}


def test_whether_any_line_has_the_amount_needs_no_rates(load: Load) -> None:
    engine = load(plain=reviews(("whole", "request", "{order.gift: {over: 1000 USD}}")))
    rows = [row("a", gift="600 USD"), row("b", gift="5000 CNY", rates={"CNY/USD": "0.1"}), row("c")]
    assert reviewed(placed(engine, *rows)) == {"a": ["whole"], "b": ["whole"], "c": ["whole"]}
    assert refused(engine, row("a", gift="600 USD"), row("b", gift="5000 CNY"), row("c")) == [
        "row 2: rates: R0907"
    ]


def test_a_question_for_presence_is_one_about_each_line(load: Load) -> None:
    when = "{order.gift: {present: true, over: 1000 USD}}"
    engine = load(plain=reviews(("whole", "request", when)))
    assert reviewed(placed(engine, row("a", gift="2000 USD"), row("b"))) == {"a": ["whole"], "b": []}


def test_a_line_that_owes_takes_no_review_away(load: Load) -> None:
    over = reviews(("whole", "request", "{refund.total: {over: 100 USD}}"))
    engine = load(plain=over, owing=f"{over}\n")
    rows = [row("a", "300 USD"), row("b", "10 USD", kind="owing", fee="70 USD")]
    order = placed(engine, *rows)
    assert [line.decision.refund.total.minor for line in order.lines] == [150_00, -60_00]
    assert reviewed(order) == {"a": ["whole"], "b": ["whole"]}


# --- groups


def test_a_group_goes_together_or_not_at_all(load: Load) -> None:
    engine = load(plain="together: resource.group")
    order = placed(
        engine,
        row("server", group="g1"),
        row("disk", group="g1", frozen=True),
        row("address"),
        row("other", group="g2"),
        row("other-disk", group="g2"),
    )
    assert [line.resource for line in order.lines] == ["address", "other", "other-disk"]
    left = order.to_dict()["left_out"]
    assert [(each["resource"], each["why"]) for each in left] == [
        ("server", "held_back"),
        ("disk", "blocked"),
    ]
    assert left[0]["held_back"] == {"fact": "resource.group", "is": "g1", "by": ["disk"]}
    assert order.totals[0].amounts.paid == 3 * 400_00


def test_the_order_of_the_rows_does_not_change_who_is_held_back(load: Load) -> None:
    engine = load(plain="together: resource.group")
    rows = [row("a", group="g"), row("b", group="g", frozen=True), row("c", group="g"), row("d")]
    for turned in (rows, rows[::-1], rows[2:] + rows[:2]):
        assert [line.resource for line in placed(engine, *turned).lines] == ["d"]


def test_a_policy_that_does_not_bind_leaves_its_resources_alone(load: Load) -> None:
    order = placed(load(plain=""), row("a", group="g"), row("b", group="g", frozen=True))
    assert [line.resource for line in order.lines] == ["a"]


def test_a_member_without_a_policy_holds_its_group_back(load: Load) -> None:
    engine = load(grouped="together: resource.group")
    order = placed(engine, row("a", group="g", kind="grouped"), row("b", group="g"), row("c", kind="grouped"))
    assert [line.resource for line in order.lines] == ["c"]


def test_what_is_held_back_holds_back_in_turn(load: Load) -> None:
    engine = load(grouped="together: resource.group", clustered="together: resource.cluster")
    order = placed(
        engine,
        row("last", kind="clustered", cluster="k"),
        row("middle", kind="grouped", group="g", cluster="k"),
        row("first", kind="grouped", group="g", frozen=True),
        row("free", kind="clustered", cluster="other"),
    )
    assert [line.resource for line in order.lines] == ["free"]
    assert order.left_out[0].held_back is not None
    assert order.left_out[0].held_back.resources == ("middle",)


def test_a_group_that_is_held_back_is_not_summed(load: Load) -> None:
    engine = load(plain=f"together: resource.group\n{WHOLE}")
    order = placed(
        engine, row("a", "900 USD", group="g"), row("b", group="g", frozen=True), row("c", "200 USD")
    )
    assert reviewed(order) == {"c": []}


# --- reasons


def test_a_reason_is_listed_by_every_policy_of_the_request(load: Load) -> None:
    engine = load(plain="", small="")
    assert refused(engine, row("a"), row("b", kind="small")) == ["reason: R1006"]
    assert refused(engine, row("a"), row("b", kind="small"), reason=None) == ["reason: R1005"]
    assert placed(engine, row("b", kind="small"), reason="only").reason == ("only", "Only here")


def test_a_missing_reason_names_the_choices(load: Load) -> None:
    with pytest.raises(RequestError, match="`gone` or `other`"):
        placed(load(plain=""), row("a"), reason=None)
    with pytest.raises(RequestError, match="did you mean `other`"):
        placed(load(plain=""), row("a"), reason="othr")


# --- numbers


def test_the_same_request_has_the_same_number_in_any_order(load: Load) -> None:
    engine = load(plain="")
    rows = [row("a"), row("b", "12.34 USD"), row("c", frozen=True)]
    numbers = {
        placed(engine, *turned, confirm=confirm).number
        for turned in (rows, rows[::-1])
        for confirm in (True, False)
    }
    assert len(numbers) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"rows": [row("a"), row("c")]},
        {"rows": [row("a")]},
        {"rows": [row("a"), row("b", "400.01 USD")]},
        {"reason": "gone"},
        {"at": "2025-03-01T09:00:01+08:00"},
    ],
    ids=str,
)
def test_another_request_has_another_number(load: Load, other: dict[str, Any]) -> None:
    engine = load(plain="")
    rows = other.pop("rows", [row("a"), row("b")])
    assert placed(engine, *rows, **other).number != placed(engine, row("a"), row("b")).number


def test_a_number_may_be_given(load: Load) -> None:
    engine = load(plain="")
    assert placed(engine, row("a"), number="CO-2025/17").number == "CO-2025/17"
    for bad in ("", " ", "a b", "-1", "x" * 65, "é", "1\n"):
        assert refused(engine, row("a"), number=bad) == ["number: R1010"]


# --- what a request may be made of


def test_every_problem_of_every_row_at_once(load: Load) -> None:
    engine = load(plain="")
    anonymous = row("a")
    del anonymous["order"]["id"]
    misspelt = row("b")
    misspelt["order"]["amuont"] = misspelt["order"].pop("amount")
    found = refused(engine, anonymous, misspelt, "no facts", row("c"), row("c"), reason="bored")
    assert found == [
        "row 1: order.id: R1004",
        "row 2: order.amuont: R0902",
        "row 3: facts: R0903",
        "row 5: resource.id: R1002",
        "reason: R1006",
    ]


def test_an_order_is_the_same_in_one_piece_and_in_parts(load: Load) -> None:
    engine = load(plain=f"together: resource.group\n{WHOLE}")
    for rows in ([row("a")], [row("a", "900 USD"), row("b", "900 USD"), row("ü", frozen=True)]):
        order = placed(engine, *rows)
        assert json.loads(order.to_json()) == order.to_dict()
        assert placed(engine, *rows).to_json() == order.to_json()


# --- states


TWO = (
    reviews(("first", "order", "{order.amount: {over: 100 USD}}"))
    + "\n"
    + REVIEW.format(
        id="second",
        by="director",
        timeout="unspecified",
        scope="order",
        when="{order.amount: {over: 500 USD}}",
    ).replace("within: 24h", "within: 48h")
)


def said(by: str, outcome: str, hour: int, line: str | None = None) -> dict[str, Any]:
    day, hour = divmod(hour, 24)
    word = {"by": by, "outcome": outcome, "decided_at": f"2025-03-{day + 1:02}T{hour:02}:00:00+08:00"}
    return word | ({"line": line} if line else {})


def states(engine: Engine, order: Order, *words: dict[str, Any], at: str) -> list[str]:
    return [line.state.state for line in engine.status(order, words, at=at).lines]


def test_approval_needs_every_reviewer_and_one_rejection_rejects(load: Load) -> None:
    engine = load(plain=TWO)
    order = placed(engine, row("a", "600 USD"), row("b", "200 USD"), row("c", "50 USD"))
    at = "2025-03-01T20:00:00+08:00"
    assert states(engine, order, at=at) == ["pending_review", "pending_review", "approved"]
    boss = said("boss", "approve", 10)
    assert states(engine, order, boss, at=at) == ["pending_review", "approved", "approved"]
    assert states(engine, order, boss, said("director", "approve", 11), at=at) == ["approved"] * 3
    rejected = said("director", "reject", 11, "order-a")
    assert states(engine, order, boss, rejected, at=at) == ["rejected", "approved", "approved"]


def test_the_deadlines_of_the_whole(load: Load) -> None:
    engine = load(plain=TWO)
    order = placed(engine, row("a", "600 USD"), row("b", "200 USD"))
    status = engine.status(order, at=AT).to_dict()
    assert status["state"] == "pending"
    assert status["next_deadline"] == status["pending_until"] == "2025-03-02T09:00:00+08:00"
    later = engine.status(order, [said("boss", "approve", 10, "a")], at="2025-03-01T20:00:00+08:00").to_dict()
    assert later["next_deadline"] == "2025-03-02T09:00:00+08:00"
    assert later["pending_until"] == "2025-03-03T09:00:00+08:00"
    over = engine.status(order, at="2025-03-04T09:00:00+08:00")
    assert over.state == "overdue"
    assert over.counts == {"auto_approved": 1, "overdue": 1}
    assert over.refunds == {"USD": {"approved": 100_00, "open": 300_00, "rejected": 0}}


def schema(kind: str) -> Draft202012Validator:
    return Draft202012Validator(base_schema(kind))


def test_orders_and_statuses_with_all_their_parts_are_as_their_schemas_say(load: Load) -> None:
    engine = load(plain=TWO, grouped="together: resource.group\n")
    held = row("c", kind="grouped", group="g")
    rows = [row("a", "600 USD"), row("b", "200 USD"), held, row("d", kind="grouped", group="g", frozen=True)]
    word = {"by": "boss", "outcome": "approve", "decided_at": "2025-03-01T10:00:00+08:00"}
    for confirm in (True, False):
        order = placed(engine, *rows, confirm=confirm)
        assert {left.why for left in order.left_out} == {"held_back", "blocked"}
        schema("order").validate(order.to_dict())
    confirmed = placed(engine, *rows)
    for at in (AT, "2025-03-01T20:00:00+08:00", "2025-03-04T09:00:00+08:00"):
        for words in ([], [word]):
            schema("status").validate(engine.status(confirmed, words if at != AT else [], at=at).to_dict())


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "rescind/order/2"},
        {"confirmed": "yes"},
        {"number": "a b"},
        {"kind": "many"},
        {"submitted_at": "2025-03-01"},
        {"lines": []},
        {"lines": [{"order": "o", "resource": "r", "state": "approved", "decision": {"outcome": "allowed"}}]},
        {"totals": [{"currency": "USD", "lines": 1}]},
        {"reason": "other"},
        {"paid": "10.00 USD"},
    ],
)
def test_what_is_no_order_its_schema_refuses(load: Load, change: dict[str, Any]) -> None:
    order = placed(load(plain=TWO), row("a", "600 USD")).to_dict()
    assert schema("order").is_valid(order)
    assert not schema("order").is_valid(order | change)
    assert not any(
        schema("order").is_valid({**order, "lines": [line | {"state": "lost"}]}) for line in order["lines"]
    )


def test_a_word_of_tomorrow_is_not_known_today(load: Load) -> None:
    engine = load(plain=EACH)
    order = placed(engine, row("a", "2000 USD"))
    word = said("boss", "reject", 20)
    assert states(engine, order, word, at="2025-03-01T19:59:59+08:00") == ["pending_review"]
    assert states(engine, order, word, at="2025-03-01T20:00:00+08:00") == ["rejected"]


def problems(engine: Engine, order: Any, *words: Any, at: str = "2025-03-09T09:00:00+08:00") -> list[str]:
    with pytest.raises(RequestError) as caught:
        engine.status(order, words, at=at)
    return [f"{problem.location}: {problem.code}" for problem in caught.value.problems]


def test_words_that_cannot_be_accepted(load: Load) -> None:
    engine = load(plain=EACH)
    order = placed(engine, row("a", "2000 USD"), row("b", "2000 USD"), row("c"))
    good = said("boss", "approve", 10, "a")
    assert problems(
        engine,
        order,
        good,
        said("clerk", "approve", 10),
        said("clerk", "approve", 10, "a"),
        said("boss", "approve", 10, "c"),
        said("boss", "approve", 10, "nowhere"),
        said("boss", "reject", 11, "order-a"),
        said("boss", "approve", 8, "b"),
        said("boss", "approve", 40, "b"),
        good | {"outcome": "maybe"},
        good | {"decided_at": "soon"},
        good | {"note": "x"},
        {"by": "boss"},
        "boss",
    ) == [
        "words[1]: R1034",
        "words[4]: R1032",
        "words[8]: R1033",
        "words[9]: R1033",
        "words[10]: R1033",
        "words[11]: R1033",
        "words[12]: R1033",
        "words[2]: R1034",
        "words[5]: R1035",
        "words[6]: R1036",
        "words[7]: R1037",
        "words[3]: R1034",
    ]


def test_a_second_word_through_the_whole_order_is_refused_too(load: Load) -> None:
    engine = load(plain=EACH)
    order = placed(engine, row("a", "2000 USD"), row("b", "2000 USD"))
    assert problems(engine, order, said("boss", "approve", 10, "a"), said("boss", "reject", 11)) == [
        "words[1]: R1035"
    ]


def test_a_preview_and_an_earlier_time_have_no_status(load: Load) -> None:
    engine = load(plain="")
    assert problems(engine, placed(engine, row("a"), confirm=False)) == ["confirmed: R1031"]
    assert problems(engine, placed(engine, row("a")), at="2025-03-01T08:59:59+08:00") == ["at: R1038"]


@pytest.mark.parametrize("document", [{}, {"schema": "rescind/decision/1"}, {"schema": None}], ids=str)
def test_what_is_no_order(load: Load, document: dict[str, Any]) -> None:
    assert problems(load(plain=""), document) == ["schema: R1030"]


@pytest.mark.parametrize(
    ("break_", "place"),
    [
        (lambda order: order.pop("lines"), "schema"),
        (lambda order: order.update(lines=3), "schema"),
        (lambda order: order.update(submitted_at="soon"), "submitted_at"),
        (lambda order: order["lines"].append(None), "lines[1]"),
        (lambda order: order["lines"][0].pop("decision"), "lines[0]"),
        (lambda order: order["lines"][0].update(words=[{"by": "boss"}]), "lines[0]"),
        (lambda order: order["lines"][0]["decision"].update(reviews=[{"id": "x"}]), "lines[0]"),
        (lambda order: order["lines"][0]["decision"]["reviews"][0].update(within="soon"), "lines[0]"),
        (lambda order: order["lines"][0]["decision"]["reviews"][0].update(on_timeout="forget"), "lines[0]"),
        (lambda order: order["lines"][0]["decision"].update(refund={"total": "much"}), "lines[0]"),
    ],
)
def test_a_broken_order_is_refused(load: Load, break_: Callable[[Any], object], place: str) -> None:
    engine = load(plain=EACH)
    order = placed(engine, row("a", "2000 USD")).to_dict()
    break_(order)
    assert problems(engine, order) == [f"{place}: R1030"]


def test_words_in_the_facts_go_into_the_order(tmp_path: Path) -> None:
    engine = Engine.load(Path(__file__).parents[3], drafts=True)
    facts = json.loads((Path(__file__).parents[3] / "examples" / "request-rejected.json").read_text("utf-8"))
    order = engine.request([facts], at="2024-11-05T20:00:00+08:00", confirm=True)
    assert order.lines[0].state.state == "rejected"
    assert order.submitted == engine.moment("2024-11-05T09:00:00+08:00")
    assert order.reason[0] == "purchased_by_mistake"
    assert states(engine, order, at="2024-11-05T16:29:59+08:00") == ["pending_review"]
    facts["request"]["reviews"][0]["decided_at"] = "2024-11-06T09:00:01+08:00"
    assert refused(engine, facts, at="2024-11-07T09:00:00+08:00", reason=None) == [
        "row 1: request.reviews: R1037"
    ]


def test_one_request_is_submitted_once(tmp_path: Path) -> None:
    engine = Engine.load(Path(__file__).parents[3], drafts=True)
    text = (Path(__file__).parents[3] / "examples" / "request-rejected.json").read_text("utf-8")
    one, other = json.loads(text), json.loads(text)
    other["resource"]["id"] = "other"
    other["request"] = {"submitted_at": "2024-11-05T09:00:01+08:00", "reason": "other"}
    found = refused(engine, one, other, at="2024-11-07T09:00:00+08:00", reason=None)
    assert found == ["row 2: request.submitted_at: R1007", "row 2: request.reason: R1007"]
