"""`rescind decide`: every form of input, every form of output, every way to go wrong."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from rescind.commands import main
from rescind.terminal.verb_options import load_engine

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
AT = "2026-01-01T00:00:00+08:00"

Write = Callable[[str, str | bytes], str]


# The shipped book is loaded once; what is tested here begins after that.
loaded = functools.cache(load_engine)


@pytest.fixture(autouse=True)
def load_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rescind.commands.decide.load_engine", loaded)


def decide(*args: str, stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(
        main, ["decide", "--book", str(ROOT), *args], input=stdin, prog_name="rescind"
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def example(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return facts


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> str:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return write


def lines(*names: str) -> str:
    return "".join(json.dumps(example(name)) + "\n" for name in names)


# What people read.


def test_an_allowed_case_shows_where_each_amount_goes() -> None:
    text = decide(str(EXAMPLES / "allowed.json"), "--at", AT).stdout
    assert text.startswith(
        "ALLOWED: 550.00 USD to pay back  (resource pkg-7d3a91c2, order CS2511050918ABCDE)\n"
    )
    assert "policy   inactive-resources, version 2025-07-28" in text
    assert f"as of    {AT}\n" in text
    (row,) = [line for line in text.splitlines() if line.startswith("  discount_coupon")]
    assert " ".join(row.split()) == "discount_coupon 20.00 USD 0.00 USD 0.00 USD 0.00 USD 20.00 USD"
    assert "request approved" in text


def test_a_blocked_case_shows_every_reason_with_what_to_do() -> None:
    text = decide(str(EXAMPLES / "blocked.json"), "--at", AT).stdout
    assert text.startswith("BLOCKED")
    assert text.count("\nblocked: ") == 3
    assert "  what to do: Contact customer service to have the freeze lifted." in text
    assert "  because resource.transactions_in_progress is 2, which is over 0" in text
    assert "  legal-freeze at rules/inactive-resources/2025-07-28.yaml:" in text
    assert "refund" not in text


def test_a_review_shows_who_until_when_and_what_then() -> None:
    text = decide(str(EXAMPLES / "review.json"), "--at", "2024-11-06T09:00:00+08:00").stdout
    assert text.startswith("REVIEW REQUIRED: 1100.01 USD to pay back once it is approved")
    assert "to be reviewed by the account manager" in text
    assert (
        "within 24 hours, until and at 2024-11-06T09:00:00+08:00; approved if nobody answers in time" in text
    )
    assert "order.amount is 1100.01 USD, which is over 1000.00 USD" in text
    assert "request waiting for review until and at 2024-11-06T09:00:00+08:00" in text


def test_a_rejected_request_pays_nothing_back() -> None:
    text = decide(str(EXAMPLES / "request-rejected.json"), "--at", AT).stdout
    assert text.startswith("REVIEW REQUIRED: nothing to pay back, the request was rejected")


def test_what_the_customer_owes_is_not_called_a_refund(tmp_path: Path) -> None:
    book = tmp_path / "book"
    assert CliRunner().invoke(main, ["init", str(book)]).exit_code == 0
    version = book / "rules" / "subscriptions" / "2025-01-01.yaml"
    text = version.read_text("utf-8").replace("{mode: half_up}", "{mode: half_up}\n  below_zero: charge")
    version.write_text(text.replace("order.paid.card * fee_rate", "order.paid.card * 2"), "utf-8")
    case = yaml.safe_load(
        (version.parent / "tests" / version.name).read_text("utf-8").replace(": 2025", ": !!str 2025")
    )
    facts = case["facts"] | {"order": case["facts"]["order"] | {"starts_at": "2025-01-01T00:00:00Z"}}
    result = decide("-", "--book", str(book), "--at", "2025-03-10T09:00:00Z", stdin=json.dumps(facts))
    assert result.stdout.startswith("ALLOWED: 100.00 EUR to be paid by the customer"), result.output


def test_what_does_not_apply_is_said_with_the_conditions_that_failed() -> None:
    text = decide(str(EXAMPLES / "not-applicable.json"), "--at", AT, "--policy", "inactive-resources").stdout
    assert text.startswith("NOT APPLICABLE")
    assert "because resource.package is none, which is not one of resource_package, addon_package" in text
    assert "because resource.purchased_again is false\n" in text


def test_without_a_time_the_clock_decides_and_the_output_says_so() -> None:
    text = decide(str(EXAMPLES / "allowed.json")).stdout
    assert "(the clock; `--at` sets another time)" in text


def test_terminal_codes_in_facts_do_not_reach_the_terminal() -> None:
    facts = example("allowed")
    facts["resource"]["id"] = "a\nb"
    text = decide("-", "--at", AT, stdin=json.dumps(facts, indent=1)).stdout
    assert "resource a\\nb" in text
    facts["resource"] |= {"id": "a\x1b[2Jb", "c\x1b[2J\U000e0041": 1}
    result = decide("-", "--at", AT, stdin=json.dumps(facts, indent=1))
    assert "the text holds the invisible character U+001B" in result.stderr
    assert "`resource.c\\x1b[2J\\U000e0041` is not a fact" in result.stderr
    assert "\x1b" not in result.stderr


# Forms of input: the same case gives the same decision.


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("case.json", lambda facts: json.dumps(facts, indent=2)),
        ("case.JSON", lambda facts: "\ufeff" + json.dumps(facts)),
        ("case.yaml", yaml.safe_dump),
        ("case.yml", json.dumps),
        ("case", json.dumps),
        ("case.txt", lambda facts: "\n\n" + yaml.safe_dump(facts)),
    ],
)
def test_one_case_is_read_from_json_and_yaml(name: str, form: Callable[[object], str], write: Write) -> None:
    text = form(example("allowed"))
    expected = decide(str(EXAMPLES / "allowed.json"), "--at", AT, "--format", "jsonl").stdout
    assert decide(write(name, text), "--at", AT, "--format", "jsonl").stdout == expected
    assert decide("-", "--at", AT, "--format", "jsonl", stdin=text).stdout == expected


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("cases.json", json.dumps),
        ("cases.jsonl", lambda rows: "".join(json.dumps(row) + "\r\n\n" for row in rows)),
        ("cases.ndjson", lambda rows: "\n".join(json.dumps(row) for row in rows)),
        ("cases.yaml", yaml.safe_dump),
        ("cases", lambda rows: "".join(json.dumps(row) + "\n" for row in rows)),
    ],
)
def test_many_cases_are_read_from_lists_and_lines(
    name: str, form: Callable[[list[object]], str], write: Write
) -> None:
    text = form([example("allowed"), example("blocked")])
    for result in (
        decide(write(name, text), "--at", AT, "--format", "json"),
        decide("-", "--at", AT, "--format", "json", stdin=text),
    ):
        assert [json.loads(line)["outcome"] for line in result.stdout.splitlines()] == ["allowed", "blocked"]


def test_the_kind_of_input_can_be_forced(write: Write) -> None:
    result = decide(write("cases.txt", lines("allowed")), "--input", "jsonl", "--at", AT)
    assert "1 case decided" in result.stdout


def test_a_fraction_in_json_is_the_decimal_that_it_spells() -> None:
    facts = json.dumps(example("allowed"), indent=1).replace(
        '"500.00 USD"', '{"amount": 0.1, "currency": "USD"}'
    )
    result = decide("-", "--at", AT, "--format", "json", stdin=facts)
    assert json.loads(result.stdout)["refund"]["instruments"][0]["paid"] == {
        "amount": "0.10",
        "currency": "USD",
    }


# Many.


def test_many_end_with_counts_and_sums_per_currency(write: Write) -> None:
    facts = example("allowed")
    facts["order"] |= {"amount": "90.00 EUR", "paid": {"cash": "90.00 EUR"}}
    facts["rates"] = {"EUR/USD": "1.1"}
    path = write("cases.jsonl", lines("allowed", "allowed", "blocked") + json.dumps(facts))
    text = decide(path, "--at", AT).stdout
    summary = text.partition("\n\n")[2].splitlines()
    assert summary[0] == "4 cases decided"
    assert summary[1].split() == ["3", "allowed", "90.00", "EUR,", "1100.00", "USD"]
    assert summary[2].split() == ["1", "blocked"]


def test_a_bad_line_is_reported_with_its_number_and_the_others_are_decided(write: Write) -> None:
    path = write("cases.jsonl", lines("allowed") + '{"order": }\n' + lines("bad", "blocked"))
    result = decide(path, "--at", AT)
    assert result.exit_code == 1
    assert "2 cases decided, 2 not decided because of errors" in result.stdout
    errors = result.stderr.splitlines()
    assert errors[0] == "cases.jsonl:2:11: R0910 expected a value, found `}`"
    assert all(line.startswith("cases.jsonl:3:") for line in errors[1:])


def test_in_json_a_bad_line_keeps_its_place(write: Write) -> None:
    path = write("cases.jsonl", lines("allowed") + "{\n" + lines("blocked"))
    result = decide(path, "--at", AT, "--format", "json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row.get("outcome") for row in rows] == ["allowed", None, "blocked"]
    assert rows[1]["line"] == 2
    assert [problem["code"] for problem in rows[1]["error"]] == ["R0910"]
    assert result.exit_code == 1


def test_strict_stops_at_the_first_bad_line(write: Write) -> None:
    path = write("cases.jsonl", lines("allowed") + "{\n" + lines("blocked"))
    result = decide(path, "--at", AT, "--strict")
    assert result.exit_code == 1
    assert "blocked" not in result.stdout
    assert "stopped at the first case with errors" in result.stdout


def test_an_item_of_a_list_is_found_at_its_line(write: Write) -> None:
    path = write("cases.json", json.dumps([example("allowed"), {"order": {"amount": "x"}}], indent=1))
    text = (EXAMPLES.parent / path).name
    errors = decide(path, "--at", AT).stderr
    row = next(
        number
        for number, line in enumerate(Path(path).read_text("utf-8").splitlines(), 1)
        if '"amount": "x"' in line
    )
    assert f"{text}:{row}:" in errors


# Errors.

BROKEN = {
    "nothing": (b"", "R0010"),
    "blank": (b"\n \n", "R0010"),
    "an empty list": (b"[]", "R0010"),
    "half an object": (b'{"order": {', "R0910"),
    "two values": (b'{"order": {}} {}', "R0910"),
    "not a number": (b'{"order": {"amount": NaN}}', "R0911"),
    "infinity": (b'{"order": {"amount": -Infinity}}', "R0911"),
    "a huge integer": (b'{"order": {"amount": ' + b"9" * 5000 + b"}}", "R0911"),
    "a huge exponent": (b'{"order": {"amount": 1e99999999999999999999}}', "R0911"),
    "a key twice": (b'{"order": {"id": "a", "id": "b"}}', "R0006"),
    "deep lists": (b"[" * 10_000, "R0014"),
    "deep objects": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "R0014"),
    "latin-1": (b'{"order": {"id": "caf\xe9"}}', "R0003"),
    "UTF-16": ('{"order": {}}'.encode("utf-16"), "R0003"),
    "random bytes": (bytes(range(128, 256)) * 9, "R0003"),
    "a scalar": (b"42", "R0903"),
    "null": (b"null", "R0903"),
    "a lone surrogate": (b'{"\\ud800": 1}', "R0902"),
}


@pytest.mark.parametrize(("content", "code"), BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("name", ["facts.json", "facts.jsonl", "-"])
def test_broken_input_is_a_located_error(content: bytes, code: str, name: str, write: Write) -> None:
    if name == "-":
        result, shown = decide("-", "--input", "json", "--at", AT, stdin=content), "<stdin>"
    else:
        result, shown = decide(write(name, content), "--at", AT), name
    if name == "facts.jsonl" and content == b"[]":
        code = "R0903"  # a line that is no case
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{shown}:")
    assert code in result.stderr.split()


def test_a_stream_that_begins_too_deep_is_read_as_one_text() -> None:
    deep = f'{{"order": {"[" * 5_000}{"]" * 5_000}}}\n'
    assert decide("-", "--at", AT, stdin=deep + lines("allowed")).stderr.splitlines() == [
        "<stdin>:1:74: R0014 the nesting is too deep: facts are groups of values"
    ]


def test_problems_of_facts_are_found_at_their_line_and_column(write: Write) -> None:
    text = (
        '{\n  "account": {"legal_freeze": 1},\n  "order": {\n    "amont": 1,\n\t"paid": {"cash": "x"}\n  },\n'
        '  "request": {"reviews": [{"by": "a", "outcome": "maybe", "decided_at": "2025-01-01T00:00:00Z"}]}\n}'
    )
    errors = decide(write("facts.json", text), "--at", AT).stderr
    assert "facts.json:2:31: R0903 `account.legal_freeze`: expected `true` or `false`, found `1`" in errors
    assert "facts.json:4:5: R0902 `order.amont` is not a fact" in errors
    assert "facts.json:5:19: R0903 `order.paid.cash`: expected" in errors
    assert "facts.json:7:50: R0903 `request.reviews[0].outcome`: expected" in errors


def test_problems_of_facts_in_yaml_are_found_too(write: Write) -> None:
    errors = decide(write("facts.yaml", "order:\n  paid: {cash: 1 USDD}\n"), "--at", AT).stderr
    assert "facts.yaml:2:16: R0903 `order.paid.cash`: " in errors


def test_a_missing_fact_is_named_at_its_group(write: Write) -> None:
    facts = example("allowed")
    del facts["account"]["legal_freeze"]
    text = json.dumps(facts, indent=1)
    row = text[: text.index('"account"')].count("\n") + 1
    errors = decide(write("facts.json", text), "--at", AT).stderr
    assert f"facts.json:{row}:2: R0901 the fact `account.legal_freeze` is missing" in errors


def test_errors_are_an_array_in_json(write: Write) -> None:
    result = decide(write("facts.json", '{"order": 1}'), "--format", "json")
    assert result.stdout == ""
    problems = json.loads(result.stderr)
    places = {(each["code"], each["path"], each["line"], each["column"]) for each in problems}
    assert ("R0903", "facts.json", 1, 11) in places
    # What is missing beside it is named in the same breath; what stands under the wrong value is not.
    missing = [each["message"] for each in problems if each["code"] == "R0901"]
    assert len(missing) == len(problems) - 1
    assert any("`resource.package`" in message for message in missing)
    assert not any("`order." in message for message in missing)


@pytest.mark.parametrize("path", ["nowhere.json", ".", "nul\0.json"])
def test_a_file_that_cannot_be_opened_is_an_error(path: str, write: Write) -> None:
    write("other", "")
    result = decide(path)
    assert result.exit_code == 1
    assert "R0001" in result.stderr


def test_a_line_too_long_does_not_harm_the_next(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rescind.deciding.facts_files.MAX_LINE", 5_000)
    path = write("cases.jsonl", lines("allowed") + '{"a": "' + "x" * 20_000 + '"}\n' + lines("blocked"))
    result = decide(path, "--at", AT)
    assert "2 cases decided, 1 not decided because of errors" in result.stdout
    assert result.stderr.startswith("cases.jsonl:2:1: R0002")


def test_a_line_is_read_only_when_the_one_before_is_decided() -> None:
    from rescind.deciding.facts_files import _lines

    read = []

    def chunks() -> Any:
        for number in range(3):
            read.append(number)
            yield b'{"a": %d}\n' % number

    rows = _lines(chunks(), "x")
    assert (next(rows).facts, read) == ({"a": 0}, [0])
    assert (next(rows).facts, read) == ({"a": 1}, [0, 1])


def test_a_broken_book_is_told_with_paths_from_here(write: Write) -> None:
    write("policies.yaml", "schema: rescind/book/1\ntitel: x\n")
    result = CliRunner().invoke(main, ["decide", str(EXAMPLES / "allowed.json")])
    assert result.exit_code == 1
    assert "policies.yaml:2:1: R0101" in result.stderr


# The command line.


@pytest.mark.parametrize(
    ("outcomes", "status"), [("allowed", 3), ("blocked, allowed", 3), ("blocked,review_required", 0)]
)
def test_fail_on_turns_outcomes_into_a_status(outcomes: str, status: int) -> None:
    result = decide(str(EXAMPLES / "allowed.json"), "--at", AT, "--fail-on", outcomes)
    assert result.exit_code == status
    assert result.stdout.startswith("ALLOWED")


def test_errors_weigh_more_than_fail_on(write: Write) -> None:
    path = write("cases.jsonl", lines("allowed") + "{\n")
    assert decide(path, "--at", AT, "--fail-on", "allowed").exit_code == 1


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["--policy", "inactive-resource"], "did you mean `inactive-resources`?"),
        (["--policy", "inactive-resources", "--version", "2024-10-28"], "did you mean `2024-10-29`?"),
        (["--version", "1.0"], "has no version `1.0`"),
        (["--at", "yesterday"], "expected a date or a time"),
        (["--fail-on", "alowed"], "did you mean `allowed`?"),
        (["--fail-on", ""], "is not an outcome"),
        (["--format", "xml"], "'xml' is not one of"),
        (["--input", "csv"], "'csv' is not one of"),
    ],
)
def test_a_wrong_command_line_is_status_2(args: list[str], hint: str) -> None:
    result = decide(str(EXAMPLES / "allowed.json"), *args)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_another_version_can_be_tried_whatever_its_dates() -> None:
    result = decide(str(EXAMPLES / "allowed.json"), "--at", AT, "--version", "2024-10-29", "--format", "json")
    assert json.loads(result.stdout)["policy"]["version"] == "2024-10-29"


def test_a_date_is_its_first_instant_in_the_zone_of_the_book() -> None:
    result = decide(str(EXAMPLES / "allowed.json"), "--at", "2026-01-01", "--format", "json")
    assert json.loads(result.stdout)["decided_at"] == AT


def test_the_form_of_before_is_given_on_request() -> None:
    case, first = str(EXAMPLES / "allowed.json"), "rescind/decision/1"
    for form in ("json", "jsonl"):
        data = json.loads(decide(case, "--at", AT, "--format", form, "--schema", first).stdout)
        assert data["schema"] == first
        assert data["refund"]["total"] == "550.00 USD"
        assert json.loads(decide(case, "--at", AT, "--format", form).stdout)["schema"] == "rescind/decision/2"
    assert decide(case, "--at", AT, "--schema", "rescind/decision/3").exit_code == 2
