"""`rescind request`: placing, showing and following an order on the command line."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from rescind.commands import main
from rescind.terminal.verb_options import load_engine

ROOT = Path(__file__).parents[3]
AT = "2024-11-05T09:00:00+08:00"

Write = Callable[[str, Any], str]
loaded = functools.cache(load_engine)


@pytest.fixture(autouse=True)
def load_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rescind.commands.request.load_engine", loaded)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file: text and bytes as they are, lists as JSON Lines, anything else as JSON."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: Any) -> str:
        if isinstance(content, list):
            content = "".join(json.dumps(each) + "\n" for each in content)
        elif not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return write


def rescind(*args: str, stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(main, ["request", *args], input=stdin, prog_name="rescind")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "R0999" not in result.stderr
    return result


def request(*args: str, stdin: str | bytes | None = None) -> Result:
    return rescind(*args, "--book", str(ROOT), "--at", AT, stdin=stdin)


def status(*args: str, at: str = "2024-11-05T20:00:00+08:00") -> Result:
    return rescind("status", *args, "--book", str(ROOT), "--at", at)


def package(name: str, amount: str = "400.00 USD", **changes: Any) -> dict[str, Any]:
    facts = json.loads((ROOT / "examples" / "allowed.json").read_text("utf-8"))
    facts["resource"] |= {"id": name, "name": f"name of {name}"} | changes
    facts["resource"]["effective_at"] = "2024-12-01T00:00:00+08:00"
    facts["order"] |= {"id": f"order-{name}", "amount": amount, "paid": {"cash": amount}}
    facts.pop("request", None)
    facts["order"].pop("cash_coupon_valid_until", None)
    return facts  # type: ignore[no-any-return]


THREE = [package("a"), package("b", "3000.00 USD"), package("c", legal_freeze=True)]
WORD = {"by": "account_manager", "outcome": "approve", "decided_at": "2024-11-05T12:00:00+08:00"}


@pytest.fixture
def order(write: Write) -> str:
    """A confirmed combined order in a file."""
    result = request(write("rows.jsonl", THREE), "--reason", "other", "--confirm", "--format", "json")
    assert result.exit_code == 0
    return write("order.json", result.stdout)


# --- placing


def test_a_preview_says_that_it_is_one_and_how_to_confirm(write: Write) -> None:
    result = request(write("rows.jsonl", THREE), "--reason", "other")
    assert result.exit_code == 0
    assert "A preview: nothing has been submitted. `--confirm` submits" in result.stdout
    confirmed = request("rows.jsonl", "--reason", "other", "--confirm").stdout
    assert "preview" not in confirmed


def test_the_page_of_a_combined_order(write: Write) -> None:
    page = request(write("rows.jsonl", THREE), "--reason", "other", "--confirm").stdout
    for text in (
        "Combined order RS-",
        "reason     Another reason",
        "order-a",
        "name of a",
        "waiting for review until and at 2024-11-06T09:00:00+08:00",
        "total 3400.00 USD to pay back for 2 lines",
        "left out of the order: 1",
        "frozen for legal reasons",
    ):
        assert text in page


def test_the_order_as_json(write: Write) -> None:
    result = request(write("rows.jsonl", THREE), "--reason", "other", "--number", "CO-1", "--format", "json")
    order = json.loads(result.stdout)
    assert (order["schema"], order["number"], order["kind"]) == ("rescind/order/1", "CO-1", "combined")
    assert order["confirmed"] is False
    assert [line["resource"] for line in order["lines"]] == ["a", "b"]
    assert [left["why"] for left in order["left_out"]] == ["blocked"]
    again = request("rows.jsonl", "--reason", "other", "--number", "CO-1", "--format", "json")
    assert again.stdout == result.stdout


def test_one_resource_makes_a_single_order(write: Write) -> None:
    page = request(write("case.json", package("a")), "--reason", "other").stdout
    assert page.startswith("Order RS-")


def test_standard_input_csv_and_yaml(write: Write) -> None:
    rows = "".join(json.dumps(each) + "\n" for each in THREE)
    expected = request("-", "--reason", "other", "--format", "json", stdin=rows).stdout
    assert json.loads(expected)["lines"]
    name = write("rows.yaml", json.dumps(THREE, indent=1))
    assert request(name, "--reason", "other", "--format", "json").stdout == expected


@pytest.mark.parametrize(
    ("args", "place", "code"),
    [
        ([], "--reason: ", "R1005"),
        (["--reason", "bored"], "--reason: ", "R1006"),
        (["--reason", "other", "--number", "a b"], "--number: ", "R1010"),
        (["--reason", "other", "--all-or-nothing"], "rows.jsonl:3:1: ", "R1008"),
    ],
    ids=str,
)
def test_what_is_refused_says_where(write: Write, args: list[str], place: str, code: str) -> None:
    result = request(write("rows.jsonl", THREE), "--confirm", *args)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"{place}{code} ")


def test_problems_of_facts_are_located_in_their_file(write: Write) -> None:
    bad = package("b")
    bad["order"]["amount"] = "12.345 USD"
    nameless = package("c")
    del nameless["account"]["id"]
    lines = [json.dumps(package("a")), "{", json.dumps(bad), json.dumps(nameless), json.dumps(package("a"))]
    result = request(write("rows.jsonl", "\n".join(lines)), "--reason", "other")
    assert result.exit_code == 1
    places = [line.split(" ")[:2] for line in result.stderr.splitlines()]
    assert [(place.split(":")[1], code) for place, code in places] == [
        ("2", "R0910"),
        ("3", "R0903"),
        ("4", "R1004"),
        ("5", "R1002"),
    ]
    machine = json.loads(request("rows.jsonl", "--reason", "other", "--format", "json").stderr)
    assert [problem["line"] for problem in machine] == [2, 3, 4, 5]


@pytest.mark.parametrize("args", [[], ["a", "b"], ["show"], ["status"], ["-", "--version", "1"]], ids=str)
def test_a_wrong_command_line_ends_with_2(args: list[str]) -> None:
    assert rescind(*args, stdin="{}").exit_code == 2


# --- showing


def test_a_line_by_its_order_number_or_resource(order: str) -> None:
    for name in ("order-b", "b"):
        page = rescind("show", order, "--line", name).stdout
        assert page.startswith("order-b  b (name of b)")
        assert "to be reviewed by the account manager" in page
        assert "refund 3000.00 USD under the terms `full`" in page
    line = json.loads(rescind("show", order, "--line", "order-b", "--format", "json").stdout)
    assert line["decision"]["refund"]["total"] == "3000.00 USD"


def test_a_line_that_was_left_out(order: str) -> None:
    page = rescind("show", order, "--line", "order-c").stdout
    assert "left out of the order" in page
    assert "frozen for legal reasons" in page


def test_the_whole_order_again(order: str, write: Write) -> None:
    page = request("rows.jsonl", "--reason", "other", "--confirm").stdout
    assert rescind("show", order).stdout == page


def test_a_line_that_is_not_there(order: str) -> None:
    result = rescind("show", order, "--line", "order-d")
    assert result.exit_code == 1
    assert "R1032 the order has no line `order-d` (did you mean `order-" in result.stderr


# --- status


def test_where_an_order_stands(order: str, write: Write) -> None:
    page = status(order).stdout
    assert ": waiting for review" in page
    assert "next     2024-11-06T09:00:00+08:00" in page
    assert "refund   400.00 USD approved, 3000.00 USD open, 0.00 USD rejected" in page
    decided = status(order, "--words", write("words.json", json.dumps([WORD]))).stdout
    assert ": every line is decided" in decided
    assert "3400.00 USD approved" in decided
    late = json.loads(status(order, "--format", "json", at="2024-11-06T09:00:01+08:00").stdout)
    assert (late["state"], late["counts"]) == ("decided", {"approved": 1, "auto_approved": 1})


def test_words_may_be_yaml_or_a_single_one(order: str, write: Write) -> None:
    expected = status(order, "--words", write("words.json", WORD), "--format", "json").stdout
    assert json.loads(expected)["state"] == "decided"
    text = "- {by: account_manager, outcome: approve, decided_at: 2024-11-05T12:00:00+08:00}\n"
    assert status(order, "--words", write("words.yaml", text), "--format", "json").stdout == expected


def test_a_word_that_is_refused_is_located(order: str, write: Write) -> None:
    words = [WORD | {"line": "order-b"}, WORD | {"line": "b", "outcome": "reject"}, WORD | {"by": "boss"}]
    result = status(order, "--words", write("words.jsonl", words))
    assert result.exit_code == 1
    assert [line.split(" ")[:2] for line in result.stderr.splitlines()] == [
        ["words.jsonl:2:1:", "R1035"],
        ["words.jsonl:3:1:", "R1034"],
    ]


def test_a_status_reads_no_book_but_to_verify(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(path: Path) -> None:
        pytest.fail(f"{path} was read")

    monkeypatch.setattr("rescind.commands.request.load_engine", unread)
    assert "as of    2024-11-05T20:00:00+08:00" in status(order, at="2024-11-05T20:00:00").stdout


def test_an_order_is_verified_by_the_facts_that_it_was_placed_with(order: str, write: Write) -> None:
    page = status(order, "--verify", write("again.jsonl", THREE[::-1])).stdout
    assert page == status(order).stdout
    other = [package("a"), package("b", "300.00 USD"), THREE[2], {"resource": {"id": "d"}}]
    result = status(order, "--verify", write("other.jsonl", other[:3]))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "order.json: R1040 `lines[1]`: `decision.outcome` of `b` is `review_required`"
    )
    wrong = status(order, "--verify", write("wrong.jsonl", [*other[:3], package("e", "many")]))
    assert wrong.stderr.startswith("wrong.jsonl:4:")
    assert "R0903" in wrong.stderr


def test_an_order_that_was_changed_is_refused(order: str, write: Write) -> None:
    text = Path(order).read_text("utf-8")
    shorter = write("shorter.json", text.replace('"within": "PT24H"', '"within": "PT1H"'))
    for verb in ("show", "status"):
        result = rescind(verb, shorter)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("shorter.json: R1039 `number`: the order was changed")


def test_a_preview_has_no_status(write: Write) -> None:
    preview = request(write("rows.jsonl", THREE), "--reason", "other", "--format", "json").stdout
    result = status(write("preview.json", preview))
    assert result.exit_code == 1
    assert "R1031" in result.stderr


def test_what_is_no_order(order: str, write: Write) -> None:
    files = {
        "missing.json": None,
        "empty.json": "",
        "facts.json": package("a"),
        "list.json": "[]",
        "latin.json": b'{"number": "\xe9"}',
        "deep.json": "[" * 100_000,
        "half.json": Path(order).read_text("utf-8")[:1000],
    }
    for name, content in files.items():
        if content is not None:
            write(name, content)
        for verb in ("show", "status"):
            result = rescind(verb, name)
            assert result.exit_code == 1
            [error] = [line for line in result.stderr.splitlines() if not line.startswith("book: ")]
            assert error.startswith(f"{name}:")


@given(st.data())
def test_a_damaged_order_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    document = _document()
    place = data.draw(st.sampled_from(_places(document)))
    _put(
        document,
        place,
        data.draw(st.sampled_from([None, "", "x", 0, -1, [], {}, True, "soon", [None], {"a": 1}])),
    )
    path = tmp_path_factory.mktemp("order") / "order.json"
    path.write_text(json.dumps(document), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rescind.commands.request.load_engine", loaded)
        for args in (("show",), ("show", "--line", "b"), ("status",)):
            assert rescind(args[0], str(path), *args[1:]).exit_code in (0, 1)


@functools.cache
def _text() -> str:
    rows = "".join(json.dumps(each) + "\n" for each in THREE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rescind.commands.request.load_engine", loaded)
        return request("-", "--reason", "other", "--confirm", "--format", "json", stdin=rows).stdout


def _document() -> Any:
    return json.loads(_text())


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document but the whole."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, item in items for place in ((*path, key), *_places(item, (*path, key)))]


def _put(data: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value
