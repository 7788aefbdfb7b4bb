"""What an order stands for: its number, its checksum, and the order decided again."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind import Engine
from rescind.problems.exceptions import RequestError, RescindError
from rescind.requests.order_content import decided, decided_in

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
AT = "2024-11-05T09:00:00+08:00"
# Of a decision only what was decided counts: neither wording nor what explains it.
WORDING = {
    "message",
    "remedy",
    "because",
    "at",
    "reason",
    "branch",
    "values",
    "working",
    "path",
    "failed",
    "subject",
}
WORDING |= {"schema", "draft", "decided_at", "request"}


@functools.cache
def engine() -> Engine:
    return Engine.load(ROOT, drafts=True)


def package(name: str, amount: str, **resource: Any) -> dict[str, Any]:
    facts = json.loads((EXAMPLES / "allowed.json").read_text("utf-8"))
    facts.pop("request", None)
    facts["resource"] |= {"id": name, "name": f"name of {name}", "effective_at": "2024-12-01T00:00:00+08:00"}
    facts["resource"] |= resource
    facts["order"] |= {"id": f"order-{name}", "amount": amount, "paid": {"cash": amount}}
    facts["order"].pop("cash_coupon_valid_until", None)
    return facts  # type: ignore[no-any-return]


def rows() -> list[dict[str, Any]]:
    return [
        package("a", "400.00 USD"),
        package("b", "3000.00 USD"),
        package("c", "5.00 USD", legal_freeze=True),
    ]


@functools.cache
def text(number: str | None = None) -> str:
    return engine().request(rows(), reason="other", at=AT, number=number, confirm=True).to_json()


def document(number: str | None = None) -> Any:
    return json.loads(text(number))


def problems(order: Any, at: str = AT) -> list[tuple[str, str]]:
    try:
        engine().status(order, at=at)
    except RequestError as error:
        return [(problem.location.path, problem.code) for problem in error.problems]
    return []


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.json")), ids=lambda path: path.name)
def test_what_was_decided_is_the_same_from_a_decision_and_from_its_plain_data(path: Path) -> None:
    book = ROOT if "books" not in path.parts else path.parents[1]
    try:
        decision = Engine.load(book, drafts=True).decide(
            json.loads(path.read_text("utf-8")), at="2026-07-01T09:00:00+08:00"
        )
    except RescindError:  # some examples are wrong on purpose
        pytest.skip("not decided")
    assert decided(decision) == decided_in(json.loads(decision.to_json("rescind/decision/1")))


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a text, number or flag that was decided, said or submitted."""
    if isinstance(data, (dict, list)):
        for key, item in data.items() if isinstance(data, dict) else enumerate(data):
            if key not in WORDING or "decision" not in path:
                yield from places(item, (*path, key))
    elif data is not None:
        yield path


@given(st.sampled_from([None, "CO-1"]), st.data())
def test_a_status_is_refused_whatever_was_changed(number: str | None, data: st.DataObject) -> None:
    order = document(number)
    assert not problems(order)
    *path, last = data.draw(st.sampled_from(list(places(order))))
    node = order
    for key in path:
        node = node[key]
    other = {"400.00 USD": "400.01 USD", "PT24H": "PT1H", "approve": "reject"}
    node[last] = not node[last] if isinstance(node[last], bool) else other.get(node[last], f"{node[last]}0")
    assert problems(order) or (*path, last) == ("schema",)


def edit_refund(order: Any) -> None:
    """A refund that is changed wherever it stands."""
    line, total = order["lines"][0], order["totals"][0]
    refund = line["decision"]["refund"]
    refund["total"] = refund["instruments"][0]["returned"] = refund["instruments"][0]["paid"] = "9000.00 USD"
    for part in (total, total["instruments"][0]):
        part["paid"] = part["returned"] = "12000.00 USD"


def add_word(order: Any) -> None:
    order["lines"][1]["words"] = [{"by": "account_manager", "outcome": "approve", "decided_at": AT}]


def drop_review(order: Any) -> None:
    order["lines"][1]["decision"] |= {"reviews": [], "outcome": "allowed"}


EDITS = [edit_refund, add_word, drop_review]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("number", [None, "CO-1"])
def test_an_order_that_was_changed_throughout_has_another_number_or_checksum(
    edit: Callable[[Any], None], number: str | None
) -> None:
    order = document(number)
    edit(order)
    where = "checksum" if number or edit is add_word else "number"
    assert problems(order) == [(where, "R1039")]


def test_a_preview_is_not_confirmed_by_hand() -> None:
    order = engine().request(rows(), reason="other", at=AT).to_dict()
    assert order["number"] == document()["number"]
    assert problems(order | {"confirmed": True}) == [("checksum", "R1039")]


def test_layout_and_the_order_of_keys_are_no_change() -> None:
    order = json.loads(json.dumps(document(), indent=2, sort_keys=True))
    assert not problems(order)
    order["lines"][1]["decision"]["reviews"][0]["reason"] = "Put otherwise."
    assert not problems(order)


@pytest.mark.parametrize("key", ["checksum", "timezone", "number"])
def test_what_holds_an_order_together_may_not_be_taken_out(key: str) -> None:
    order = document()
    del order[key]
    assert problems(order) == [(key, "R1030")]


def test_a_number_that_a_content_has_is_not_given_to_another() -> None:
    own = document()["number"]
    assert engine().request(rows(), reason="other", at=AT, number=own).number == own
    with pytest.raises(RequestError, match=r"R1010 `RS-0{24}` is the number of another request"):
        engine().request(rows(), reason="other", at=AT, number="RS-" + "0" * 24)


# --- the zone of the order


def test_times_are_of_the_zone_that_the_order_names() -> None:
    other = Engine.load(EXAMPLES / "books" / "new-york")
    assert other.book.zone != engine().book.zone
    words = [
        {"by": "account_manager", "outcome": "approve", "decided_at": "2024-11-05T20:00:00", "line": "b"}
    ]
    for each in (engine(), other):
        before = each.status(document(), words, at="2024-11-05T19:59:59")
        assert before.to_dict()["at"] == "2024-11-05T19:59:59+08:00"
        assert [line.state.state for line in before.lines] == ["approved", "pending_review"]
        after = each.status(document(), words, at="2024-11-05T20:00:00")
        assert [line.state.state for line in after.lines] == ["approved", "approved"]


def test_a_zone_that_does_not_exist_is_refused() -> None:
    assert problems(document() | {"timezone": "Asia/Shangai"}) == [("timezone", "R1030")]


# --- decided again


def differences(order: Any, facts: list[dict[str, Any]]) -> list[str]:
    try:
        engine().verify(order, facts)
    except RequestError as error:
        return [f"{problem.location.path}: {problem.code} {problem.message}" for problem in error.problems]
    return []


def test_the_same_facts_and_book_decide_the_same() -> None:
    assert not differences(document(), rows())
    assert not differences(document("CO-1"), rows()[::-1])
    assert not differences(engine().request(rows(), reason="other", at=AT), rows())


def test_other_facts_are_told_line_by_line() -> None:
    facts = rows()
    facts[0] = package("a", "500.00 USD")
    facts[2]["resource"]["legal_freeze"] = False
    now = "and by this book and these facts"
    assert differences(document(), facts) == [
        f"lines[0]: R1040 `decision.refund.total` of `a` is `400.00 USD`, {now} `500.00 USD`",
        f"left_out[0]: R1040 `why` of `c` is `blocked`, {now} nothing",
    ]


def test_rows_and_lines_that_are_missing_are_told() -> None:
    facts = [*rows()[1:], package("d", "1.00 USD")]
    assert differences(document(), facts) == [
        "lines[0]: R1040 no row of the facts is about `a`",
        "lines: R1040 the facts have a row about `d`, which the order does not have",
    ]


def test_an_order_that_was_forged_with_its_number_is_found_by_its_facts() -> None:
    cheap = copy.deepcopy(rows())
    cheap[0]["order"] |= {"amount": "9000.00 USD", "paid": {"cash": "9000.00 USD"}}
    forged = engine().request(cheap, reason="other", at=AT, confirm=True).to_dict()
    assert not problems(forged)
    assert [found.split(" ")[1] for found in differences(forged, rows())] == ["R1040"]


def test_facts_that_are_wrong_are_problems_of_the_facts() -> None:
    facts = rows()
    facts[1]["order"]["amount"] = "many"
    assert [found.split(" ")[:4] for found in differences(document(), facts)] == [
        ["row", "2:", "order.amount:", "R0903"]
    ]
