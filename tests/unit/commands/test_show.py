"""`rescind show`, `rescind check` and `rescind schema`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from rescind.commands import main

ROOT = Path(__file__).parents[3]

BOOK = """
schema: rescind/book/1
title: Parcels
timezone: Europe/Berlin
facts: facts.yaml
policies:
  - id: parcels
    versions:
      - {version: v1, in_force_from: 2024-01-01, file: v1.yaml}
      - {version: v2, in_force_from: 2025-01-01, file: v2.yaml}
"""

FACTS = """
schema: rescind/facts/1
facts:
  parcel:
    fragile: {type: flag, description: True where the parcel holds glass.}
    insured: {type: flag}
    size: {type: choice, description: How big the parcel is., choices: {s: Small, m: Middling, l: Large}}
    owner: {type: text, optional: true, description: "To whom the parcel belongs, by name."}
    weight: {type: number, description: What the parcel weighs.}
    held: {type: duration, description: How long the parcel was held.}
    tags: {type: set, choices: [red, blue], description: the tags on the parcel}
    sent_at: {type: time, description: When the parcel was sent. Not when it was packed.}
    due_at: {type: time, description: When the parcel is due.}
  price: {type: money, description: What the parcel cost.}
  paid: {type: instruments, choices: {cash: Cash, voucher: A voucher}, description: What was paid.}
"""

V1 = """
schema: rescind/policy/1
policy: parcels
version: v1
title: Parcels that come back
source: {title: Parcel rules, url: "https://example.com/parcels"}
applies_to: {CONDITION}
blockers:
  - id: glass
    when: {parcel.fragile: true, parcel.insured: false}
    unless: {parcel.owner: {is: me}}
    message: Glass does not come back.
    remedy: Keep it.
review:
  - {id: dear, when: {fee: {over: 5 EUR}}, by: postmaster, within: 2d, on_timeout: reject, reason: It is dear.}
  - {id: vague, by: unspecified, within: unspecified, on_timeout: unspecified, scope: request}
values:
  rate:
    - {when: {parcel.size: l}, is: 20%}
    - {otherwise: 10%}
  fee: paid.cash * rate
refund:
  paid: paid
  rounding: {mode: half_even, place: each_deduction}
  below_zero: charge
  split: in_order
  terms:
    - id: late
      when: {parcel.held: {over: 3d}}
      deduct: {handling: {amount: fee, at_least: 1 EUR, when: {parcel.insured: true}}}
      instruments:
        cash: remainder
        voucher:
          return: full
          unless: {parcel.owner: me}
          to: [{when: {parcel.insured: true}, to: bank}, {otherwise: account}]
    - id: early
      instruments: {cash: full, voucher: none}
reasons: {broken: It is broken}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies.yaml").write_text(BOOK, "utf-8")
    (tmp_path / "facts.yaml").write_text(FACTS, "utf-8")
    write(tmp_path, "parcel.insured: true")
    return tmp_path


def write(folder: Path, condition: str) -> None:
    text = V1.replace("CONDITION", condition)
    (folder / "v1.yaml").write_text(text, "utf-8")
    (folder / "v2.yaml").write_text(text.replace("version: v1", "version: v2"), "utf-8")


def rescind(*args: str) -> Result:
    result = CliRunner().invoke(main, args, prog_name="rescind")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def words(*args: str) -> dict[str, object]:
    result = rescind("show", "parcels", "--format", "json", *args)
    assert result.stderr == ""
    found: dict[str, object] = json.loads(result.stdout)
    return found


# Conditions in words.


@pytest.mark.parametrize(
    ("condition", "phrase"),
    [
        ("parcel.fragile: true", "the parcel holds glass [parcel.fragile]"),
        ("parcel.fragile: false", "it is not so that the parcel holds glass [parcel.fragile]"),
        ("parcel.fragile: {is_not: true}", "it is not so that the parcel holds glass [parcel.fragile]"),
        ("not: {parcel.fragile: true}", "it is not so that the parcel holds glass [parcel.fragile]"),
        ("parcel.insured: true", "`parcel.insured` is true [parcel.insured]"),
        ("parcel.size: l", "how big the parcel is, is “Large” [parcel.size]"),
        ("parcel.size: [s, l]", "how big the parcel is, is “Small” or “Large” [parcel.size]"),
        ("parcel.size: {not_in: [s, l]}", "how big the parcel is, is neither “Small” nor “Large” [parcel.size]"),
        ("parcel.owner: me", "to whom the parcel belongs, by name, if given, is me [parcel.owner]"),
        ("parcel.owner: {present: false}", "to whom the parcel belongs, by name, is not given [parcel.owner]"),
        ("price: {over: 1234567.5 EUR}", "what the parcel cost is more than 1,234,567.50 EUR [price]"),
        ("not: {price: {over: 5 EUR}}", "what the parcel cost is at most 5.00 EUR [price]"),
        ("parcel.weight: {between: [1.5, 2]}", "what the parcel weighs is between 1.5 and 2, both included [parcel.weight]"),  # noqa: E501
        ("parcel.held: {at_least: 24h}", "how long the parcel was held is at least 24 hours [parcel.held]"),
        ("parcel.held: {under: 5d}", "how long the parcel was held is less than 5 days [parcel.held]"),
        ("parcel.tags: {has: red}", "`red` is among the tags on the parcel [parcel.tags]"),
        ("parcel.sent_at: {not_after: now}", "when the parcel was sent is at or before now [parcel.sent_at]"),
        (
            "parcel.sent_at: {before: {fact: parcel.due_at}}",
            "when the parcel was sent is before when the parcel is due [parcel.due_at] [parcel.sent_at]",
        ),
        ("paid.cash: {over: 0 EUR}", "what was paid in cash is more than 0.00 EUR [paid.cash]"),
        ("paid.total: {over: 0 EUR}", "what was paid in all is more than 0.00 EUR [paid.total]"),
        ("rate: {over: 0.15}", "the value `rate` is more than 0.15 [rate]"),
    ],
)  # fmt: skip
def test_each_comparison_reads_as_a_clause(condition: str, phrase: str, folder: Path) -> None:
    write(folder, condition)
    assert words()["applies_when"] == phrase


def test_groups_stay_groups_and_those_of_one_kind_are_joined(folder: Path) -> None:
    write(
        folder,
        "all: [{parcel.insured: true, parcel.fragile: true}, {any: [{parcel.size: s}, {price: 1 EUR}]}]",
    )
    assert words()["applies_when"] == {
        "all": [
            "`parcel.insured` is true [parcel.insured]",
            "the parcel holds glass [parcel.fragile]",
            {
                "any": [
                    "how big the parcel is, is “Small” [parcel.size]",
                    "what the parcel cost is 1.00 EUR [price]",
                ]
            },
        ]
    }
    write(folder, "not: {any: [{parcel.size: s}, {price: 1 EUR}]}")
    assert words()["applies_when"] == {
        "none": [
            "how big the parcel is, is “Small” [parcel.size]",
            "what the parcel cost is 1.00 EUR [price]",
        ]
    }


# The page.


def test_a_figure_that_nothing_uses_is_not_on_the_page(folder):
    text = (folder / "v2.yaml").read_text("utf-8")
    unused = "values:\n  spare: fee * 2\n  sparer: spare * 2\n"
    (folder / "v2.yaml").write_text(text.replace("values:\n", unused), "utf-8")
    assert [value["name"] for value in words()["values"]] == ["rate", "fee"]


def test_the_page_says_what_the_split_does(folder):
    """The order is that of the terms, and what is kept falls on the instrument that comes last."""
    text = (folder / "v2.yaml").read_text("utf-8")
    old = "        cash: remainder\n        voucher:\n          return: full\n"
    assert old in text
    text = text.replace(old, "        voucher: remainder\n        cash:\n          return: remainder\n")
    (folder / "v2.yaml").write_text(text, "utf-8")
    page = rescind("show", "parcels", "--version", "v2").stdout
    assert page.index("A voucher: what is left") < page.index("Cash: what is left")
    parcel = {"fragile": False, "insured": True, "size": "s", "owner": "you", "weight": 1, "held": "100h"}
    parcel |= {"sent_at": "2025-01-01T00:00:00Z", "due_at": "2025-01-02T00:00:00Z", "tags": []}
    facts = {"parcel": parcel, "price": "20 EUR", "paid": {"cash": "10 EUR", "voucher": "10 EUR"}}
    (folder / "facts.json").write_text(json.dumps(facts), "utf-8")
    result = rescind("decide", "facts.json", "--at", "2025-06-01", "--format", "json")
    lines = {line["instrument"]: line for line in json.loads(result.stdout)["refund"]["instruments"]}
    assert (lines["voucher"]["returned"]["amount"], lines["cash"]["returned"]["amount"]) == ("10.00", "9.00")


def test_the_page_says_everything_that_the_version_says(folder: Path) -> None:
    page = " ".join(rescind("show", "parcels", "--version", "v1").stdout.split())
    for sentence in (
        "Parcels that come back DRAFT: not frozen yet",
        "source Parcel rules, https://example.com/parcels",
        "in force from 2024-01-01T00:00:00+01:00 until 2025-01-01T00:00:00+01:00 (not included)",
        "1. Glass does not come back. Condition: all of these hold: - the parcel holds glass",
        "- this does not hold: - to whom the parcel belongs, by name, if given, is me",
        "What to do: Keep it.",
        "glass, v1.yaml:9",
        "1. By the postmaster: It is dear. Condition: the value `fee` is more than 5.00 EUR",
        "An answer counts within 2 days of the request, the last instant included.",
        "Without one, the request is rejected automatically.",
        "2. By someone Condition: none, it always holds",
        "The policy sets no time limit, and does not say what follows without an answer.",
        "Amounts are those of the whole request, over all of its orders.",
        "Under the terms `late`, which are used on this condition: how long the parcel was held is more than 3 days",
        "less `handling` = fee, at least 1 EUR (counted as fees)",
        "only if `parcel.insured` is true",
        "Cash: what is left of it after the deductions is paid back",
        "A voucher: all of it is paid back",
        "unless to whom the parcel belongs, by name, if given, is me",
        "Otherwise none of it is paid back.",
        "to the bank if `parcel.insured` is true",
        "to the account otherwise",
        "Under the terms `early`, in every other case:",
        "each deduction by itself: half a unit goes to the even digit",
        "goes back to one instrument after the other, in the order of the terms: each gets all of its own",
        "before the next gets anything, and the deductions fall on the last;",
        "the customer owes the rest",
        "rate, the first that holds: v1.yaml:18 20% if how big the parcel is, is “Large” [parcel.size] 10% otherwise",
        "fee = paid.cash * rate",
        "It is broken [broken]",
    ):
        assert sentence in page


def test_the_version_in_force_is_shown_from_its_first_instant_on(folder: Path) -> None:
    assert folder.is_dir()
    assert words("--at", "2024-12-31T23:59:59+01:00")["version"] == "v1"
    assert words("--at", "2025-01-01")["version"] == "v2"
    result = rescind("show", "parcels", "--at", "2023-12-31")
    assert result.exit_code == 1
    assert "R0905 no version of `parcels` is in force" in result.stderr


def test_the_ruleset_is_the_definition_that_runs(folder: Path) -> None:
    assert folder.is_dir()
    definition = json.loads(rescind("show", "parcels", "--ruleset").stdout)
    assert (definition["policy"], definition["version"]) == ("parcels", "v2")
    assert any("blockers/glass" in rule for rule in definition["rules"])


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["parcel"], "did you mean `parcels`?"),
        (["parcels", "--version", "v3"], "has no version `v3`"),
        (["parcels", "--at", "soon"], "expected a date or a time"),
        ([], "Missing argument"),
    ],
)
def test_a_wrong_name_is_status_2(args: list[str], hint: str, folder: Path) -> None:
    assert folder.is_dir()
    result = rescind("show", *args)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_every_version_of_the_shipped_book_can_be_shown() -> None:
    from rescind.authoring.version_in_words import describe
    from rescind.terminal.verb_options import load_engine
    from rescind.terminal.version_text import sheet

    engine = load_engine(ROOT / "policies.yaml")
    for policy in engine.book.policies:
        for version in policy.versions:
            definition = engine.definition(policy.id, version.version)
            page = sheet(describe(policy, version, engine.book, definition))
            for blocker in version.blockers:
                assert blocker.message in page


# check


def test_the_shipped_book_has_no_errors() -> None:
    result = rescind("check", str(ROOT))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("policies.yaml: no problems\n")


def test_check_reports_every_problem_of_every_file_sorted(folder: Path) -> None:
    write(folder, "parcel.size: xl")
    (folder / "facts.yaml").write_text(FACTS.replace("type: money", "type: monney"), "utf-8")
    assert "facts.yaml:" in rescind("check").stderr
    (folder / "facts.yaml").write_text(FACTS, "utf-8")
    result = rescind("check")
    lines = [line for line in result.stderr.splitlines() if not line.startswith(" ")]
    found = [(line.split(":")[0], line.split(" ")[1]) for line in lines]
    assert result.exit_code == 1
    assert found == [(path, code) for path in ("v1.yaml", "v2.yaml") for code in ("R0203", "R0332")]
    assert result.stdout == "policies.yaml: 2 errors, 2 warnings\n"


def test_check_names_paths_as_seen_from_here(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    inner = folder / "inner"
    inner.mkdir()
    for name in ("policies.yaml", "facts.yaml", "v1.yaml", "v2.yaml"):
        shutil.move(folder / name, inner / name)
    write(inner, "parcel.size: xl")
    assert "inner/v1.yaml:" in rescind("check", "inner").stderr
    assert "inner/v1.yaml:" in rescind("check", "inner/policies.yaml").stderr
    assert f"{inner}/v1.yaml:" not in rescind("check", str(inner)).stderr
    assert tmp_path_factory.getbasetemp().is_dir()


def test_warnings_alone_do_not_fail(folder: Path) -> None:
    (folder / "facts.yaml").write_text(FACTS + "  unread: {type: flag}\n", "utf-8")
    result = rescind("check")
    assert result.exit_code == 0
    assert "R0331" in result.stderr
    assert "warning" in result.stdout


def test_check_in_json_is_a_report_on_standard_output(folder: Path) -> None:
    write(folder, "parcel.size: xl")
    result = rescind("check", "--format", "json")
    assert (result.exit_code, result.stderr) == (1, "")
    found = [(row["path"], row["severity"]) for row in json.loads(result.stdout)]
    assert found == [(path, weight) for path in ("v1.yaml", "v2.yaml") for weight in ("error", "warning")]


@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe\x00", b"- a\n", b"schema: rescind/facts/1\n", b"a: [b\n"]
)
def test_a_book_that_is_none_is_a_problem(content: bytes | None, folder: Path) -> None:
    (folder / "policies.yaml").unlink()
    if content is not None:
        (folder / "policies.yaml").write_bytes(content)
    result = rescind("check", str(folder))
    assert result.exit_code == 1
    assert "policies.yaml" in result.stderr.splitlines()[0]
    assert "R0" in result.stderr


# schema


@pytest.mark.parametrize("name", ["book", "vocabulary", "policy", "shared", "facts", "decision"])
def test_each_schema_is_one(name: str, folder: Path) -> None:
    assert folder.is_dir()
    Draft202012Validator.check_schema(json.loads(rescind("schema", name).stdout))


def test_the_schema_of_callers_knows_the_facts_of_the_book(folder: Path) -> None:
    assert folder.is_dir()
    schema = json.loads(rescind("schema", "facts").stdout)
    assert schema["properties"]["parcel"]["properties"]["size"]["enum"] == ["s", "m", "l"]


def test_the_schema_of_policies_is_there_while_a_version_is_broken(folder: Path) -> None:
    write(folder, "parcel.size: xl")
    result = rescind("schema", "policy")
    assert result.exit_code == 0
    assert "parcel.size" in result.stdout


def test_a_schema_of_a_broken_vocabulary_is_an_error(folder: Path) -> None:
    (folder / "facts.yaml").write_text("schema: rescind/facts/1\n", "utf-8")
    result = rescind("schema", "facts")
    assert result.exit_code == 1
    assert "facts.yaml:" in result.stderr


def test_the_schema_of_facts_takes_what_the_shipped_book_decides() -> None:
    """A fact that only another policy reads is not required, as the engine does not ask for it either."""
    checker = Draft202012Validator(json.loads(rescind("schema", "facts", "--book", str(ROOT)).stdout))
    paths = [*ROOT.glob("examples/*.json"), *ROOT.glob("examples/sister-policies/*.json")]
    refused = [path.name for path in paths if not checker.is_valid(json.loads(path.read_text("utf-8")))]
    assert refused == ["bad.json"]
    assert [error.message for error in checker.iter_errors(checker.schema["examples"][0])] == []
