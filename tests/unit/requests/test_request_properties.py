"""What holds for any request: totals, order of input, one alone, nothing for what is blocked."""

from __future__ import annotations

import functools
import random
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rescind import Engine
from rescind.problems.exceptions import RequestError
from rescind.requests.order import Order
from rescind.values.money import parse_money

ROOT = Path(__file__).parents[3]
AT = "2026-07-01T09:00:00+08:00"


@functools.cache
def engine() -> Engine:
    return Engine.load(ROOT, drafts=True)


def money(cents: int, currency: str) -> str:
    return f"{cents // 100}.{cents % 100:02} {currency}"


amounts = st.integers(0, 2_000_000)


@st.composite
def facts(draw: Any) -> dict[str, Any]:
    """A case of the shipped book: inactive, in use, or neither; some blocked, some in groups, two currencies."""
    currency = draw(st.sampled_from(["USD", "CNY"]))
    paid = draw(
        st.dictionaries(st.sampled_from(["cash", "cash_coupon", "discount_coupon"]), amounts, min_size=1)
    )
    inactive = draw(st.booleans())
    resource = {
        "id": "pkg-0",
        "package": "resource_package" if inactive else "none",
        "purchased_again": True,
        "effective_at": "2026-12-01T00:00:00+08:00" if inactive else "2026-01-01T00:00:00+08:00",
        "transactions_in_progress": draw(st.sampled_from([0, 0, 0, 1])),
        "special_unsubscription_requested": False,
        "legal_freeze": draw(st.sampled_from([False, False, True])),
        "state": "inactive" if inactive else draw(st.sampled_from(["in_use", "in_use", "expired"])),
        "package_service": "other",
        "support_plan_benefits_used": False,
    }
    if draw(st.booleans()):
        resource["group"] = draw(st.sampled_from(["g1", "g2"]))
    order = {
        "id": "order-0",
        "amount": money(sum(paid.values()), currency),
        "promotional": draw(st.booleans()),
        "invoice_issuer": draw(st.sampled_from(["none", "cloud", "koogallery"])),
        "invoice_recipient": "customer",
        "paid": {name: money(cents, currency) for name, cents in paid.items()},
        "effective_at": "2026-01-01T00:00:00+08:00",
        "expires_at": "2026-12-31T23:59:59+08:00",
        "term": "1y",
        "offer": "subscription",
        "seller": "cloud",
        "partner_model": "none",
        "paid_by": "customer",
        "contract": "none",
        "reward_activity": False,
        "portfolio": False,
    }
    return {
        "resource": resource,
        "order": order,
        "account": {"id": "acct-1", "legal_freeze": False},
        "rates": {"CNY/USD": "0.1383"},
    }


def placed(rows: list[dict[str, Any]]) -> Order | None:
    """The order, or None where nothing is left of it."""
    try:
        return engine().request(rows, reason="other", at=AT, confirm=True)
    except RequestError as error:
        if {problem.code for problem in error.problems} != {"R1009"}:
            raise
        return None


def numbered(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases with a resource and an order of its own for each."""
    for number, case in enumerate(cases):
        case["resource"]["id"], case["order"]["id"] = f"pkg-{number}", f"order-{number}"
    return cases


many = st.lists(facts(), min_size=1, max_size=5).map(numbered)


@given(many)
def test_totals_are_the_sums_of_the_lines_to_the_minor_unit(rows: list[dict[str, Any]]) -> None:
    order = placed(rows)
    if order is None:
        return
    document = order.to_dict()
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in document["lines"]:
        for part in line["decision"]["refund"]["instruments"]:
            for key in ("paid", "returned", "consumed", "fees", "forfeited"):
                amount, currency = parse_money(part[key])
                sums[currency, part["instrument"], key] += int(amount)
                sums[currency, "", key] += int(amount)
    totals = {}
    for total in document["totals"]:
        for name, part in [("", total), *((each["instrument"], each) for each in total["instruments"])]:
            for key in ("paid", "returned", "consumed", "fees", "forfeited"):
                totals[total["currency"], name, key] = int(parse_money(part[key]).minor)
            assert not parse_money(part["owed"]).minor
            assert totals[total["currency"], name, "paid"] == sum(
                totals[total["currency"], name, key] for key in ("returned", "consumed", "fees", "forfeited")
            )
    assert totals == sums


@given(many, st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_no_line(rows: list[dict[str, Any]], chance: random.Random) -> None:
    turned = list(rows)
    chance.shuffle(turned)
    one, other = placed(rows), placed(turned)
    assert (one is None) is (other is None)
    if one is None or other is None:
        return
    first, second = one.to_dict(), other.to_dict()
    assert first["number"] == second["number"]
    assert first["policies"] == second["policies"]
    for key in ("lines", "left_out"):
        lines = [{each["resource"]: each for each in document[key]} for document in (first, second)]
        for line in (*lines[0].values(), *lines[1].values()):
            line.get("held_back", {"by": []})["by"].sort()
        assert lines[0] == lines[1]


@given(facts())
def test_a_combined_request_of_one_is_the_single_one(case: dict[str, Any]) -> None:
    alone = engine().decide(case | {"request": {"submitted_at": AT}}, at=AT)
    order = placed([case])
    assert (order is None) is (alone.outcome in ("blocked", "not_applicable"))
    if order:
        assert order.kind == "single"
        assert order.lines[0].decision.to_json() == alone.to_json()
        assert order.lines[0].state == alone.standing


@given(many)
def test_nothing_is_refunded_for_what_is_blocked(rows: list[dict[str, Any]]) -> None:
    order = placed(rows)
    alone = {row["resource"]["id"]: engine().decide(row, at=AT) for row in rows}
    going = {line.resource for line in order.lines} if order else set()
    assert all(alone[resource].outcome in ("allowed", "review_required") for resource in going)
    for resource, decision in alone.items():
        assert (decision.refund is None) is (decision.outcome in ("blocked", "not_applicable"))
        assert decision.refund or resource not in going
    if order:
        assert {left.resource for left in order.left_out} == set(alone) - going
        paid = sum(
            decision.refund.total.minor
            for name, decision in alone.items()
            if name in going and decision.refund
        )
        assert sum(total.amounts.returned for total in order.totals) == paid


@given(many)
def test_a_group_is_never_split(rows: list[dict[str, Any]]) -> None:
    order = placed(rows)
    going = {line.resource for line in order.lines} if order else set()
    for name in ("g1", "g2"):
        members = [row["resource"] for row in rows if row["resource"].get("group") == name]
        if any(member["state"] != "inactive" for member in members):  # the in-use terms bind
            bound = {member["id"] for member in members}
            assert bound <= going or not bound & going


@given(many, st.integers(0, 48 * 3600))
def test_a_status_accounts_for_every_line_and_all_the_money(rows: list[dict[str, Any]], seconds: int) -> None:
    order = placed(rows)
    if order is None:
        return
    at = engine().moment(AT) + seconds * 1_000_000
    status = engine().status(order, at=at)
    assert sum(status.counts.values()) == len(order.lines)
    assert (status.state == "decided") is not any(
        line.state.state == "pending_review" for line in status.lines
    )
    assert {currency: sum(parts.values()) for currency, parts in status.refunds.items()} == {
        total.currency: total.amounts.returned for total in order.totals
    }


# Sums of the request and what is owed, in a small book in which amounts may be absent and refunds below zero.

SMALL = {
    "policies.yaml": """
schema: rescind/book/1
title: Small
timezone: UTC
facts: facts.yaml
policies: [{id: p, versions: [{version: "1", in_force_from: 2020-01-01, file: p.yaml}]}]
""",
    "facts.yaml": """
schema: rescind/facts/1
facts:
  resource: {id: {type: text}, large: {type: flag}}
  order:
    id: {type: text}
    gift: {type: money, currency: USD, optional: true}
    fee: {type: money, currency: USD}
    paid: {type: instruments, currency: USD, choices: [card, voucher]}
  account: {id: {type: text}}
""",
    "p.yaml": """
schema: rescind/policy/1
policy: p
version: "1"
title: Small
review:
  - {id: gifts, scope: request, when: {order.gift: {over: 100 USD}}, by: m, within: 1d, on_timeout: approve}
  - {id: back, scope: request, when: {refund.total: {over: 100 USD}}, by: m, within: 1d, on_timeout: approve}
  - id: large
    scope: request
    when: {order.gift: {over: 100 USD}, resource.large: true}
    by: m
    within: 1d
    on_timeout: approve
refund:
  paid: order.paid
  below_zero: charge
  terms: [{id: t, deduct: {fee: order.fee}, instruments: {card: remainder, voucher: remainder}}]
""",
}
cents = st.integers(0, 12_000)


@functools.cache
def small() -> Engine:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in SMALL.items():
            (Path(folder) / name).write_text(content, "utf-8")
        return Engine.load(folder, drafts=True)


@st.composite
def small_rows(draw: Any) -> list[dict[str, Any]]:
    rows = []
    for number in range(draw(st.integers(2, 5))):
        gift = draw(st.none() | cents)
        order = {"id": f"o{number}", "fee": money(draw(cents), "USD")}
        order |= {} if gift is None else {"gift": money(gift, "USD")}
        names = st.sampled_from(["card", "voucher"])
        paid = draw(st.dictionaries(names, cents, min_size=1))
        order["paid"] = {name: money(amount, "USD") for name, amount in paid.items()}
        resource = {"id": f"r{number}", "large": draw(st.booleans())}
        rows.append({"resource": resource, "order": order, "account": {"id": "a"}})
    return rows


def minor(text: str) -> int:
    return int(parse_money(text).minor)


@given(small_rows())
def test_a_sum_is_that_of_the_amounts_that_come_back(rows: list[dict[str, Any]]) -> None:
    gifts = sum(minor(row["order"]["gift"]) for row in rows if "gift" in row["order"])
    left = [sum(map(minor, row["order"]["paid"].values())) - minor(row["order"]["fee"]) for row in rows]
    order = small().request(rows, at=AT, confirm=True)
    for row, line in zip(rows, order.lines, strict=True):
        expected = ["gifts"] * (gifts > 100_00) + ["back"] * (sum(max(each, 0) for each in left) > 100_00)
        expected += ["large"] * (gifts > 100_00 and row["resource"]["large"])
        assert [reviewed.review.id for reviewed in line.decision.reviews] == expected


@given(small_rows())
def test_no_resource_takes_a_review_of_the_sum_from_another(rows: list[dict[str, Any]]) -> None:
    few, all_ = (small().request(part, at=AT) for part in (rows[:-1], rows))
    for before, after in zip(few.lines, all_.lines, strict=False):
        assert {each.id for each in before.decision.reviews} <= {each.id for each in after.decision.reviews}


@given(small_rows())
def test_what_is_owed_stands_apart_from_what_comes_back(rows: list[dict[str, Any]]) -> None:
    order = small().request(rows, at=AT, confirm=True)
    returned = [
        line.returned
        for each in order.lines
        if each.decision.settlement
        for line in each.decision.settlement.lines
    ]
    back, owed = sum(each for each in returned if each > 0), -sum(each for each in returned if each < 0)
    (total,) = order.totals
    assert (total.amounts.returned, total.amounts.owed) == (back, owed)
    for amounts in (total.amounts, *(part for _, part in total.instruments)):
        paid, returned_, consumed, fees, forfeited, owed_ = amounts
        assert paid + owed_ == returned_ + consumed + fees + forfeited
        assert min(amounts) >= 0
    assert dict(total.instruments).get("voucher", total.amounts._replace(owed=0)).owed == 0
    status = small().status(order, at=AT)
    assert sum(sum(row.values()) for row in status.refunds.values()) == back
    assert sum(sum(row.values()) for row in status.owed.values()) == owed
