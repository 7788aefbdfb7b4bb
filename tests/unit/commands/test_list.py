"""`rescind list`: what is shown, in which order and form, and what becomes of input that is broken."""

from __future__ import annotations

import csv
import functools
import io
import json
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from rescind.commands import main
from rescind.requests.external_sort import sorted_rows
from rescind.terminal.verb_options import load_engine

ROOT = Path(__file__).parents[3]
AT = "2024-11-05T09:00:00+08:00"

Write = Callable[[str, str | bytes], str]
loaded = functools.cache(load_engine)


@pytest.fixture(autouse=True)
def load_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rescind.commands.list.load_engine", loaded)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> str:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return write


def list_(*args: str, stdin: str | bytes | None = None) -> Result:
    arguments = ["list", "--book", str(ROOT), "--at", AT, *args]
    result = CliRunner().invoke(main, arguments, input=stdin, prog_name="rescind")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "R0999" not in result.stderr
    return result


def row(id_: str, **changes: Any) -> dict[str, Any]:
    """A package of USD 400, or what `changes` say: `amount`, or facts of the resource."""
    amount = changes.pop("amount", "400.00 USD")
    resource = {
        "id": id_,
        "name": f"name of {id_}",
        "product_type": "Content Delivery Network",
        "region": "ap-southeast-3",
        "package": "resource_package",
        "purchased_again": True,
        "effective_at": "2024-12-01T00:00:00+08:00",
        "transactions_in_progress": 0,
        "special_unsubscription_requested": False,
        "legal_freeze": False,
    }
    order = {
        "id": f"order-{id_}",
        "amount": amount,
        "promotional": False,
        "invoice_issuer": "none",
        "invoice_recipient": "none",
        "paid": {"cash": amount},
    }
    account = {"id": "acct-1", "legal_freeze": False}
    return {"resource": resource | changes, "order": order, "account": account}


def jsonl(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in rows)


THREE = (row("b"), row("c", amount="3000.00 USD"), row("a", legal_freeze=True))


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def names(result: Result) -> list[str]:
    return [each.get("resource", "?") for each in rows(result)]


# --- forms


def test_the_headings_come_from_the_book(tmp_path: Path) -> None:
    """A book that sets no words speaks of cancellation, which fits any field."""
    counter = Path(__file__).parents[2] / "corpus" / "counter"
    shutil.copytree(counter, tmp_path / "counter")
    file = tmp_path / "counter" / "policies.yaml"
    facts = str(tmp_path / "counter" / "rows.jsonl")
    damaged = (
        (tmp_path / "counter" / "rows.jsonl")
        .read_text("utf-8")
        .replace('"id": "b"', '"id": "b", "damaged": true')
    )
    (tmp_path / "counter" / "rows.jsonl").write_text(damaged, "utf-8")

    def headings() -> list[str]:
        result = CliRunner().invoke(main, ["list", facts, "--book", str(file), "--at", "2025-03-06"])
        assert result.exit_code == 0, result.output
        return [line for line in result.stdout.splitlines() if line.endswith("allowed")]

    assert headings()[:2] == ["Cancellation allowed", "Cancellation not allowed"]
    words = "words: {cancellation: Giving back, cancelled: given back}\n\npolicies:"
    file.write_text(file.read_text("utf-8").replace("\npolicies:", words), "utf-8")
    loaded.cache_clear()
    assert headings()[:2] == ["Giving back allowed", "Giving back not allowed"]
    options = ["--book", str(file), "--reason", "weather", "--confirm", "--all-or-nothing"]
    refused = CliRunner().invoke(main, ["request", facts, *options, "--at", "2025-03-06"])
    assert "R1008 `b` cannot be given back" in refused.stderr


def test_the_table_parts_allowed_from_not_allowed() -> None:
    result = list_("-", stdin=jsonl(*THREE))
    assert result.exit_code == 0
    allowed, refused = result.stdout.split("Unsubscription not allowed")
    assert allowed.startswith("Unsubscription allowed\n")
    assert "name of b" in allowed
    assert "after review" in allowed
    assert "to be reviewed by account_manager" in allowed
    assert "frozen for legal reasons" in refused
    assert "2 allowed (1 after review), 1 not allowed" in refused
    assert f"as of {AT}" in refused


def test_json_is_one_list_and_json_lines_are_rows() -> None:
    found = rows(list_("-", "--format", "json", stdin=jsonl(*THREE)))
    assert [(each["row"], each["allowed"], each["outcome"]) for each in found] == [
        (1, True, "allowed"),
        (2, True, "review_required"),
        (3, False, "blocked"),
    ]
    assert found[2]["blockers"][0]["id"] == "legal-freeze"
    lines = list_("-", "--format", "jsonl", stdin=jsonl(*THREE)).stdout.splitlines()
    assert [json.loads(line) for line in lines] == found
    assert rows(list_("-", "--format", "json", "--search", "nothing", stdin=jsonl(*THREE))) == []


def test_csv_output_can_be_read_back() -> None:
    result = list_("-", "--format", "csv", stdin=jsonl(row('ü, "x"\nx'), *THREE))
    found = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [each["resource"] for each in found] == ['ü, "x"\nx', "b", "c", "a"]
    assert found[2]["reviews"] == "large-order"
    assert found[3]["allowed"] == "false"
    assert found[3]["reasons"] == "The account or this resource is frozen for legal reasons"


def as_yaml(cases: tuple[dict[str, Any], ...]) -> str:
    return json.dumps(cases, indent=1)  # a list in JSON is a list in YAML


HEADER = (
    "resource.id,resource.name,resource.product_type,resource.region,resource.package,resource.purchased_again,"
    "resource.effective_at,resource.transactions_in_progress,resource.special_unsubscription_requested,"
    "resource.legal_freeze,order.id,order.amount,order.promotional,order.invoice_issuer,order.invoice_recipient,"
    "order.paid.cash,account.id,account.legal_freeze"
)


def cells(name: str = "b", amount: str = "400.00 USD", freeze: str = "false") -> str:
    return (
        f"{name},name of {name},Content Delivery Network,ap-southeast-3,resource_package,TRUE,"
        f"2024-12-01T00:00:00+08:00,0,false,{freeze},order-{name},{amount},false,none,none,{amount},acct-1,False"
    )


def test_every_kind_of_input_gives_the_same_list(write: Write) -> None:
    table = "\n".join([HEADER, cells("b"), cells("c", "3000.00 USD"), cells("a", freeze="true")])
    files = [
        write("rows.jsonl", jsonl(*THREE)),
        write("rows.json", json.dumps(THREE)),
        write("rows.yaml", as_yaml(THREE)),
        write("rows.csv", table),
        write("semicolons.csv", "\ufeff" + table.replace(",", ";").replace("\n", "\r\n")),
    ]
    lists = [rows(list_(name, "--format", "json")) for name in files]
    assert len(lists[0]) == 3
    assert all(each == lists[0] for each in lists)
    assert rows(list_("-", "--input", "csv", "--format", "json", stdin=table)) == lists[0]


def test_money_may_be_two_columns_and_empty_cells_are_left_out(write: Write) -> None:
    head = HEADER.replace("order.amount,", "order.amount.amount,order.amount.currency,")
    line = cells().replace("400.00 USD,false", "400.00,USD,false")
    name = write("rows.csv", f"{head},order.cash_coupon_valid_until,request.reviews\n{line},,[]\n")
    assert [each["outcome"] for each in rows(list_(name, "--format", "json"))] == ["allowed"]


def test_a_cell_that_nests_too_deep_is_no_list(write: Write) -> None:
    name = write("rows.csv", f"{HEADER},request.reviews\n{cells()},{'[' * 100}{']' * 100}\n")
    [found] = rows(list_(name, "--format", "json"))
    assert [(problem["code"], problem["line"]) for problem in found["problems"]] == [("R0903", 2)]
    assert "`request.reviews`" in found["problems"][0]["message"]


# --- search, filters, order


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], ["b", "c", "a"]),
        (["--allowed"], ["b", "c"]),
        (["--not-allowed"], ["a"]),
        (["--search", "NAME OF B"], ["b"]),
        (["--search", "order-c"], ["c"]),
        (["--search", "a", "--not-allowed"], ["a"]),
        (["--region", "ap-southeast-3", "--region", "x", "--limit", "2"], ["b", "c"]),
        (["--region", "x"], []),
        (["--product-type", "x"], []),
        (["--sort", "name"], ["a", "b", "c"]),
        (["--sort", "-name", "--limit", "1"], ["c"]),
        (["--sort", "refund"], ["b", "c", "a"]),
        (["--sort", "-refund"], ["c", "b", "a"]),
        (["--sort", "-row"], ["a", "c", "b"]),
        (["--sort", "enterprise_project"], ["b", "c", "a"]),
    ],
    ids=str,
)
def test_what_is_listed(args: list[str], expected: list[str]) -> None:
    assert names(list_("-", "--format", "json", *args, stdin=jsonl(*THREE))) == expected


def test_a_filter_by_enterprise_project_explains_itself() -> None:
    result = list_("-", "--enterprise-project", "marketing", stdin=jsonl(*THREE))
    assert result.exit_code == 1
    assert "R1020 the account `acct-1` has enterprise project management switched off" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "args",
    [["--sort", "colour"], ["--limit", "0"], ["--format", "xml"], ["--version", "1"], ["--policy", "x"], []],
    ids=str,
)
def test_a_wrong_command_line_ends_with_2(args: list[str]) -> None:
    assert list_(*args, *(["-"] if args else []), stdin="{}").exit_code == 2


@given(
    st.lists(st.tuples(st.integers(0, 3), st.text(max_size=3))),
    st.booleans(),
    st.none() | st.integers(1, 9),
    st.integers(1, 4),
)
def test_sorting_through_files_is_sorting(
    pairs: list[tuple[int, str]], reverse: bool, limit: int | None, run: int
) -> None:
    data = [{"key": key, "number": number, "text": text} for number, (key, text) in enumerate(pairs)]
    expected = sorted(data, key=lambda each: each["key"], reverse=reverse)[:limit]
    found = sorted_rows(data, lambda each: [each["key"]], reverse=reverse, limit=limit, run=run)
    assert list(found) == expected


def test_the_memory_for_a_list_does_not_grow_with_it(write: Write) -> None:
    def peak(count: int) -> int:
        name = write(f"{count}.jsonl", jsonl(row("a")) * count)
        tracemalloc.start()
        list_(name, "--format", "jsonl", "--not-allowed")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(600) < peak(60) + 300_000


# --- broken input: a located error, the other lines unharmed


GOOD = json.dumps(row("good"))


@pytest.mark.parametrize(
    ("bad", "code", "place"),
    [
        (b'{"broken', "R0910", "rows.jsonl:2:2"),
        (b"{}", "R0901", "rows.jsonl:2:1"),
        (b"[1, 2]", "R0903", "rows.jsonl:2:1"),
        (b"null", "R0903", "rows.jsonl:2:1"),
        (b'{"resource": {"id": "a"}, "resource": {}}', "R0006", "rows.jsonl:2:27"),
        (b'{"resource": {"name": "caf\xe9"}}', "R0003", "rows.jsonl:2:27"),
        ('{"resource": {"name": "x"}}'.encode("utf-16"), "R0003", "rows.jsonl:2:1"),
        (b'{"resource": {"id": 1.5e400}}', "R0903", "rows.jsonl:2:21"),
        (b'{"order": {"amount": 12.5}}', "R0903", "rows.jsonl:2:22"),
        (b'{"resource": ' + b"[" * 5000 + b"]" * 5000 + b"}", "R0014", "rows.jsonl:2:77"),
        (GOOD.replace("name of good", "n" * 1_000_000).encode(), "R0903", "rows.jsonl:2:37"),
        (GOOD.replace("name of good", "\\ud800").encode(), "R0903", "rows.jsonl:2:37"),
        (GOOD.replace('"id": "good"', '"id": 7').encode(), "R0903", "rows.jsonl:2:21"),
    ],
    ids=range(13),
)
def test_a_broken_line_harms_no_other(write: Write, bad: bytes, code: str, place: str) -> None:
    name = write("rows.jsonl", b"\n".join([GOOD.encode(), bad, GOOD.encode()]))
    result = list_(name, "--format", "jsonl")
    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["outcome"] for each in found] == ["allowed", "error", "allowed"]
    problem = found[1]["problems"][0]
    assert problem["code"] == code
    assert f"{problem['path']}:{problem['line']}:{problem['column']}" == place
    assert len(problem["message"]) < 300
    table = list_(name)
    assert f"{place}: {code}" in table.stderr
    assert "2 allowed, 1 not allowed (1 with errors)" in table.stdout


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"too,few", "R0912"),
        (cells("x").encode() + b",more", "R0912"),
        (cells("caf\xe9").encode("latin-1"), "R0003"),
        (cells("x").replace("TRUE", "yes").encode(), "R0903"),
        (cells("x", amount="12.345 USD").encode(), "R0903"),
        (cells("x").replace("order-x", "").encode() + b"", "allowed"),
        (cells("x").replace("resource_package", "").encode(), "R0901"),
        (cells("n" * 200_000).encode(), "R0912"),
        (cells("n" * 2_000_000).encode(), "R0912"),
        (cells("x").replace(",0,", ",zero,").encode(), "R0903"),
        (cells("x").replace(",0,", f",{'9' * 5000},").encode(), "R0903"),
    ],
    ids=range(11),
)
def test_a_broken_csv_line_harms_no_other(write: Write, bad: bytes, code: str) -> None:
    name = write("rows.csv", b"\n".join([HEADER.encode(), cells().encode(), bad, b"", cells().encode()]))
    result = list_(name, "--format", "jsonl")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(found) == 3
    assert found[0]["outcome"] == found[2]["outcome"] == "allowed"
    if code == "allowed":
        assert found[1]["outcome"] == code
        return
    problem = found[1]["problems"][0]
    assert (problem["code"], problem["path"], problem["line"]) == (code, "rows.csv", 3)
    assert len(problem["message"]) < 300


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "R0010"),
        (HEADER.encode(), "R0010"),
        (b"\n\n", "R0010"),
        (b"resource.id,resource.nmae\na,b\n", "R0902"),
        (b"resource.id,resource.id\na,b\n", "R0006"),
        (b"order.paid,order.paid.cash\n{},1 USD\n", "R0006"),
        (b"resource.id,\na,b\n", "R0902"),
        (b"\xff\xfe\x00\x00\n", "R0902"),
        (b'"resource.id\n', "R0010"),
        (b"n" * 3_000_000, "R0912"),
    ],
    ids=range(10),
)
def test_a_csv_whose_first_line_names_no_facts(write: Write, content: bytes, code: str) -> None:
    result = list_(write("rows.csv", content))
    assert result.exit_code == 1
    assert result.stderr.startswith("rows.csv")
    assert f" {code} " in result.stderr


def test_an_unclosed_quote_is_located_where_it_opens(write: Write) -> None:
    lines = [HEADER, cells(), '"' + cells("x"), *([cells("y")] * 3)]
    found = [
        json.loads(line)
        for line in list_(write("r.csv", "\n".join(lines)), "--format", "jsonl").stdout.splitlines()
    ]
    assert [each["outcome"] for each in found] == ["allowed", "error"]
    assert found[1]["problems"][0]["line"] == 3


def test_no_file_a_folder_and_an_odd_name(tmp_path: Path) -> None:
    for name in ("missing.csv", "missing.jsonl", str(tmp_path), "a\0.csv"):
        result = list_(name)
        assert result.exit_code == 1
        assert "R0001" in result.stderr


def test_names_cannot_speak_to_the_terminal() -> None:
    result = list_("-", stdin=jsonl(row("x", name="\x1b[31mred\r\n\u202egone")))
    assert "\x1b" not in result.stdout
    assert "\\x1b[31mred" in result.stdout


@given(st.lists(st.binary(max_size=60) | st.just(GOOD.encode()), max_size=5))
def test_any_lines_give_rows_or_problems(lines: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rescind.commands.list.load_engine", loaded)
        result = list_("-", "--input", "jsonl", "--format", "jsonl", stdin=b"\n".join(lines))
    good = sum(line == GOOD.encode() for line in lines)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert sum(each["allowed"] for each in found) == good
    assert result.exit_code == (0 if found and len(found) == good else 1)


@given(st.binary(max_size=200), st.booleans())
def test_any_csv_gives_rows_or_problems(content: bytes, headed: bool) -> None:
    head = b"resource.id,resource.legal_freeze,order.paid.cash,rates,request.reviews\n" if headed else b""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rescind.commands.list.load_engine", loaded)
        result = list_("-", "--input", "csv", "--format", "jsonl", stdin=head + content)
    assert result.exit_code in (0, 1)
    assert all(not json.loads(line)["allowed"] for line in result.stdout.splitlines())
