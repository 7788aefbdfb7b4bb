"""The schemas alone, and through `validate` as an author meets them."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rescind.authoring.facts_schema import callers_schema
from rescind.authoring.policy_schema import policy_schema
from rescind.book.vocabulary import Vocabulary, read_vocabulary
from rescind.problems.problem import Problems
from rescind.shape.schema_errors import faults_of
from rescind.shape.shipped_schemas import KINDS, base_schema
from rescind.shape.validate import validate
from rescind.shape.validators import validator_for
from rescind.source.read_source import read_file, read_text
from rescind.values.types import Kind, Type

from scripts import update_shared_schema

ROOT = Path(__file__).parents[3]
AUTHORED = ("book", "facts", "policy", "shared")
# What has a second form, which its name alone means.
SECOND = {"decision": 2}
each_kind = pytest.mark.parametrize("kind", KINDS)
SHIPPED = [ROOT / "policies.yaml", ROOT / "rules" / "facts.yaml", *sorted(ROOT.glob("rules/*/*.yaml"))]

BOOK = """\
schema: rescind/book/1
title: Book
timezone: Asia/Shanghai
currency: USD
facts: rules/facts.yaml
calendars:
  china: {country: CN, days_off: [2025-12-24], working_days: [2025-02-08]}
policies:
  - id: packages
    title: Packages
    governed_by: order.purchased_at
    otherwise: others
    versions:
      - {version: "1", in_force_from: 2024-10-29, in_force_until: 2025-01-01T00:00:00+08:00, file: rules/a.yaml}
"""
FACTS = """\
schema: rescind/facts/1
facts:
  rates: {type: rates, optional: true}
  extra: {open: true, description: Whatever the caller adds.}
  order:
    amount: {type: money, currency: USD, description: What was paid., examples: [1 USD]}
    kind: {type: choice, choices: {new: New, old: Old}, default: new}
    paid: {type: instruments, choices: [cash, coupon]}
    share: {type: number, at_least: 0, at_most: 1}
    term: {type: duration, calendar: true}
    tags: {type: set, choices: [a, b], default: []}
    words: {type: set}
    reviews: {type: list, fields: {by: {type: text}, at: {type: time, optional: true}}}
"""
POLICY = """\
schema: rescind/policy/1
policy: packages
version: "1"
title: Packages
source: {title: Page, updated: 2024-10-29, url: "https://example.com/page"}
applies_to: {order.kind: {is: new}, order.amount: {fact: order.limit}}
include: [rules/shared/values.yaml]
blockers:
  - include: rules/shared/legal.yaml
    only: [legal]
    except: [other]
  - id: large
    when: {all: [order.amount: {over: 1 USD, at_most: 2 USD}, {not: {any: [order.tags: {has: a}]}}]}
    unless: {order.at: {between: [2024-10-29T00:00:00+08:00, now]}, order.share: [0.5, 1, true]}
    message: Too large.
    remedy: Buy less.
review:
  - {id: look, by: unspecified, within: PT24H, on_timeout: unspecified, scope: request, reason: Because.}
values:
  hours: hours(a, b)
  rate: [{when: {order.kind: new}, is: 15%, description: New ones.}, {otherwise: 0.1}]
  table: {matrix: order.kind, columns: [fee, cap], rows: {new: [1%, 2 USD], otherwise: [2%, 3 USD]}}
refund:
  paid: order.paid
  rounding: {mode: half_even, place: each_deduction}
  below_zero: charge
  split: in_order
  terms:
    - id: some
      when: {order.kind: new}
      deduct:
        consumed: order.paid.cash / 2
        fee: {amount: 5 USD, as: fees, at_least: 1 USD, at_most: 9 USD, when: {order.kind: new}, unless: {a: 1}}
      instruments:
        cash: {return: remainder, to: [{when: {order.kind: new}, to: bank}, {otherwise: account}]}
        coupon: {return: full, unless: {order.until: {before: now}}, to: original_payment}
reasons: {mistake: Bought by mistake}
together: resource.group
"""
SHARED = """\
schema: rescind/shared/1
title: Shared
blockers: [{id: legal, when: {account.frozen: true}, message: Frozen.}]
review: [{include: rules/shared/other.yaml}]
values: {hours: 1}
"""
GOOD = {"book": BOOK, "facts": FACTS, "policy": POLICY, "shared": SHARED}


def data_of(text: str) -> Any:
    problems = Problems()
    document = read_text(text, "file.yaml", problems)
    assert document is not None, list(problems)
    return document.data


def found_in(text: str, kind: str) -> Problems:
    problems = Problems()
    document = read_text(text, "file.yaml", problems)
    assert document is not None, list(problems)
    assert not len(problems)
    assert validate(document, kind, problems) is (len(problems) == 0)
    return problems


def vocabulary(text: str = FACTS) -> Vocabulary:
    problems = Problems()
    document = read_text(text, "facts.yaml", problems)
    assert document is not None
    result = read_vocabulary(document, ZoneInfo("Asia/Shanghai"), problems)
    assert not len(problems), list(problems)
    return result


def walk(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from walk(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from walk(value)


# The schema files.


@each_kind
def test_a_shipped_schema_is_a_2020_12_schema_with_a_name_of_its_own(kind: str) -> None:
    schema = base_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    name, _, number = kind.partition("/")
    assert schema["$id"] == f"urn:rescind:schema:{name}:{number or SECOND.get(name, 1)}"
    assert schema["title"]


@each_kind
def test_everything_an_editor_hovers_over_is_described(kind: str) -> None:
    schema = base_schema(kind)
    schema["$defs"].pop("decision", None)
    for node in walk(schema):
        for key, item in (
            node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ()
        ):
            if (
                not isinstance(item, dict)
                or not item.keys() & {"type", "$ref", "enum"}
                or kind.startswith("decision")
            ):
                continue
            target = schema["$defs"].get(str(item.get("$ref")).rpartition("/")[2], {})
            assert "description" in item or "description" in target or node.keys() <= {"properties"}, key


@pytest.mark.parametrize("kind", AUTHORED)
def test_every_error_of_a_shipped_schema_can_be_said_in_words(kind: str) -> None:
    for node in walk(base_schema(kind)):
        assert not node.keys() & {"anyOf", "oneOf"}
        assert isinstance(node.get("pattern"), dict | None) or "x-form" in node
        assert "patternProperties" not in node or "x-names" in node
        assert node.get("additionalProperties") is not False or node.keys() & {"properties", "x-names"}


def test_the_rules_of_shared_files_have_the_same_form_as_those_of_a_version() -> None:
    text = update_shared_schema.SHARED.read_text("utf-8")
    assert text == update_shared_schema.renewed(), "run `python scripts/update_shared_schema.py`"
    shared, policy = base_schema("shared"), base_schema("policy")
    assert {name: policy["$defs"][name] for name in shared["$defs"]} == shared["$defs"]
    for section in ("blockers", "review", "values"):
        assert shared["properties"][section] == policy["properties"][section]


def test_a_schema_may_be_changed_without_changing_the_shipped_one() -> None:
    base_schema("book")["properties"].clear()
    assert base_schema("book")["properties"]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        base_schema("../book")


@pytest.mark.parametrize("kind", AUTHORED)
def test_a_document_that_uses_everything_is_right(kind: str) -> None:
    assert list(found_in(GOOD[kind], kind)) == []
    assert [error.message for error in validator_for(kind).iter_errors(data_of(GOOD[kind]))] == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_shipped_book_is_right(path: Path) -> None:
    problems = Problems()
    document = read_file(path, str(path), problems)
    assert document is not None
    kind = str(document.data["schema"]).split("/")[1]  # type: ignore[index]
    assert validate(document, kind, problems), list(problems)


def test_jsonschema_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, rescind.shape.validate; sys.exit('jsonschema' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# Mistakes, one at a time.

HEADS = {
    "policy": "schema: rescind/policy/1\npolicy: p\nversion: a\ntitle: t\n",
    "facts": "schema: rescind/facts/1\nfacts:\n  ",
    "shared": "schema: rescind/shared/1\n",
}
POLICY_HEAD = HEADS["policy"]


@pytest.mark.parametrize(
    ("kind", "text", "code", "place", "words"),
    [
        ("policy", "- a\n", "R0103", (1, 1), "expected a mapping that begins with `schema: rescind/policy/1`"),
        ("policy", "schema: rescind/book/1\nfoo: 1\n", "R0100", (1, 9), "a book is what `--book` names"),
        ("policy", "schema: rescind/polcy/1\n", "R0100", (1, 9), "did you mean `rescind/policy/1`?"),
        ("policy", "schema: rescind/policy/2\n", "R0100", (1, 9), "`rescind/policy/2`"),
        ("policy", "schema: 1\n", "R0100", (1, 9), "found `1`"),
        ("policy", "policy: p\nversion: a\ntitle: t\n", "R0102", (1, 1), "add `schema: rescind/policy/1`"),
        ("shared", "schema: rescind/shared/1\n", "R0106", (1, 1), "at least 2 keys, found 1"),
        ("policy", POLICY_HEAD.replace("title: t\n", ""), "R0102", (1, 1), "the key `title` is missing (add `title:"),
        ("policy", POLICY_HEAD.replace("title", "titel"), "R0101", (4, 1), "did you mean `title`?"),
        ("policy", POLICY_HEAD.replace("version: a", "version: 1.10"), "R0103", (3, 10), '`"1.10"`'),
        ("policy", POLICY_HEAD.replace("title: t", "title:"), "R0103", (4, 1), "found nothing (null)"),
        ("policy", POLICY_HEAD.replace("title: t", "title: [t]"), "R0103", (4, 8), "expected a text, found a list"),
        ("policy", POLICY_HEAD.replace("policy: p", "policy: My Policy"), "R0105", (2, 9), "such as `large-order`"),
        ("policy", POLICY_HEAD.replace("policy: p", 'policy: "p\\n"'), "R0105", (2, 9), "lower-case letters"),
        ("policy", POLICY_HEAD.replace("title: t", 'title: ""'), "R0105", (4, 8), "found an empty one"),
        ("policy", POLICY_HEAD.replace("title: t", "title: " + "t" * 201), "R0105", (4, 8), "at most 200"),
        ("book", BOOK.replace("Asia/Shanghai", "Beijing time"), "R0105", (3, 11), "an IANA time zone"),
        ("book", BOOK.replace("currency: USD", "currency: dollar"), "R0105", (4, 11), "ISO 4217"),
        ("book", BOOK.replace("country: CN", "country: China"), "R0105", (7, 20), "ISO 3166"),
        ("book", BOOK.replace("in_force_from: 2024-10-29", "in_force_from: 29.10.2024"), "R0105", (14, 39), "a date"),
        ("book", BOOK.replace("file: rules", "fille: rules"), "R0101", (14, 94), "did you mean `file`?"),
        ("book", BOOK.replace("a.yaml", "a.yaml, digest: sha256:12"), "R0105", (14, 122), "64 hex"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_problem_where_it_was_made(
    kind: str, text: str, code: str, place: tuple[int, int], words: str
) -> None:
    check_one_mistake(kind, text, code, place, words)


@pytest.mark.parametrize(
    ("kind", "body", "code", "place", "words"),
    [
        # Keys.
        ("policy", "blokers: []", "R0101", (5, 1), "did you mean `blockers`?"),
        ("policy", "xyzzy: []", "R0101", (5, 1), "known here: `schema`, `policy`"),
        ("policy", "source: {updated: 2024-10-29}", "R0102", (5, 9), "`title` is missing"),
        # Types.
        ("policy", "blockers: {id: a}", "R0103", (5, 11), "begin each blocker with `- id: …`"),
        ("policy", "blockers: [text]", "R0103", (5, 12), "a blocker is a mapping"),
        # Forms and sizes.
        ("policy", "include: [../a.yaml]", "R0105", (5, 11), "inside the book's folder"),
        ("policy", "include: [/a.yaml]", "R0105", (5, 11), "inside the book's folder"),
        ("policy", "include: [a/./b.yaml]", "R0105", (5, 11), "inside the book's folder"),
        ("policy", "blockers: []", "R0106", (5, 11), "found an empty list"),
        ("policy", "values: {}", "R0106", (5, 9), "found an empty mapping"),
        ("policy", "values: {Rate: 1}", "R0105", (5, 10), "did you mean `rate`?"),
        ("policy", "reasons: [a, b, a]", "R0108", (5, 17), "the text `a` appears twice"),
        ("policy", "reasons: {no reason: x}", "R0105", (5, 11), "did you mean `no_reason`?"),
        # Conditions.
        ("policy", "applies_to: order.new", "R0103", (5, 13), "write a condition such as"),
        ("policy", "applies_to: {}", "R0106", (5, 13), "at least one key"),
        ("policy", "applies_to: {all: {a: 1}}", "R0103", (5, 19), "begin each condition with `- `"),
        ("policy", "applies_to: {all: [{a: 1}], b: 1}", "R0107", (5, 29), "`b` cannot stand beside `all`"),
        ("policy", "applies_to: {any: [{a: 1}], not: {a: 1}}", "R0107", (5, 29), "one `all`"),
        ("policy", "applies_to: {Order.Amount: 1}", "R0105", (5, 14), "did you mean `order.amount`?"),
        ("policy", "applies_to: {ALL: [{a: 1}]}", "R0105", (5, 14), "did you mean `all`?"),
        ("policy", "applies_to: {a: {ovr: 1}}", "R0101", (5, 18), "did you mean `over`?"),
        ("policy", "applies_to: {a: {greater_than: 1}}", "R0101", (5, 18), "did you mean `over`?"),
        ("policy", "applies_to: {order: {id: {is: 1}}}", "R0101", (5, 22), "such as `order.amount`"),
        ("policy", "applies_to: {a: []}", "R0106", (5, 17), "at least one item"),
        ("policy", "applies_to: {a: }", "R0103", (5, 14), "write `{present: false}`"),
        ("policy", "applies_to: {a: {between: [1]}}", "R0106", (5, 27), "exactly 2 items, found 1"),
        ("policy", "applies_to: {a: {in: x}}", "R0103", (5, 22), "write a list such as"),
        ("policy", "applies_to: {a: {over: [1]}}", "R0103", (5, 24), "found a list"),
        ("policy", "applies_to: {a: {over: {fcat: b}}}", "R0101", (5, 25), "did you mean `fact`?"),
        ("policy", "applies_to: {a: {present: maybe}}", "R0103", (5, 27), "`true` or `false`"),
        ("policy", "applies_to: {a: {fact: b, over: 1}}", "R0107", (5, 27), "{over: {fact: name}}"),
        # Rules.
        ("policy", "blockers:\n  - {id: a, wen: {a: 1}, message: m}", "R0101", (6, 13), "`when`?"),
        ("policy", "blockers:\n  - {includes: a.yaml}", "R0101", (6, 6), "did you mean `include`?"),
        ("policy", "blockers:\n  - {foo: 1, bar: 2}", "R0101", (6, 6), "unknown keys: `foo` and `bar`"),
        ("policy", "blockers:\n  - {include: a.yaml, id: a, message: m}", "R0107", (6, 23), "`id` and `message`"),
        ("policy", "blockers:\n  - {only: [a]}", "R0102", (6, 5), "add `include: rules/"),
        ("policy", "blockers:\n  - {id: a, message: m}", "R0102", (6, 5), "add `when: {order.amount: {over: 1"),
        ("policy", "review: [{id: a, by: b, within: 1 day, on_timeout: approve}]", "R0105", (5, 33), "such as `24h`"),
        ("policy", "review: [{id: a, by: b, within: 24h, on_timeout: aprove}]", "R0104", (5, 50), "`approve`?"),
        ("shared", "review: [{id: a, by: b, on_timeout: reject}]", "R0102", (2, 10), "add `within: 24h`"),
        # Values and the refund.
        ("policy", "values: {a: {when: {b: 1}, is: 2}}", "R0101", (5, 14), "a list of rows, or a matrix"),
        ("policy", "values: {a: [{when: {b: 1}}]}", "R0102", (5, 14), "add `is: 15%`"),
        ("policy", "values: {a: [{otherwise: 1, when: {b: 1}}]}", "R0107", (5, 29), "beside `otherwise`"),
        ("policy", "values: {a: {matrix: b, columns: [c], rows: {d: 1}}}", "R0103", (5, 49), "one cell per column"),
        ("policy", "refund: {paid: p, terms: [{id: a}]}", "R0102", (5, 27), "`instruments` is missing"),
        ("policy", "refund: {paid: p, terms: [{id: a, instruments: {cash: ful}}]}", "R0104", (5, 55), "`full`?"),
        ("policy", "refund: {paid: p, terms: [{id: a, instruments: {cash: 1}}]}", "R0103", (5, 55), "`full`"),
        ("policy", "refund: {paid: p, split: even, terms: [{id: a, instruments: {c: full}}]}", "R0104", (5, 26), "in"),
        # The vocabulary.
        ("facts", "amount: money", "R0103", (3, 11), "a fact is a mapping with `type:`"),
        ("facts", "amount: {type: monye}", "R0104", (3, 18), "did you mean `money`?"),
        ("facts", "amount: {type: money, descripton: x}", "R0101", (3, 25), "`description`?"),
        ("facts", "Amount: {type: money}", "R0105", (3, 3), "did you mean `amount`?"),
        ("facts", "a: {type: choice}", "R0102", (3, 6), "the key `choices` is missing"),
        ("facts", "a: {type: list}", "R0102", (3, 6), "the key `fields` is missing"),
        ("facts", "a: {type: text, choices: [b]}", "R0107", (3, 19), "it is for `choice`"),
        ("facts", "a: {type: texxt, choices: [b]}", "R0104", (3, 13), "did you mean `text`?"),
        ("facts", "a: {type: text, default: b, optional: true}", "R0107", (3, 19), "beside `optional`"),
        ("facts", "a: {type: text, optional: false}", "R0104", (3, 29), "expected `true`, found `false`"),
        ("facts", "a: {type: choice, choices: [b, 1]}", "R0103", (3, 34), '`"1"`'),
        ("facts", "a: {type: instruments, choices: {Cash: x}}", "R0105", (3, 36), "such as `cash_coupon`"),
        ("facts", "a: {type: integer, at_least: 0.5}", "R0103", (3, 32), "expected an integer"),
        ("facts", "a: {type: 5}", "R0103", (3, 13), "expected a text"),
        ("facts", "a:", "R0103", (3, 3), "found nothing (null)"),
    ],
)  # fmt: skip
def test_one_mistake_below_the_head_is_one_problem_where_it_was_made(
    kind: str, body: str, code: str, place: tuple[int, int], words: str
) -> None:
    check_one_mistake(kind, HEADS[kind] + body + "\n", code, place, words)


def check_one_mistake(kind: str, text: str, code: str, place: tuple[int, int], words: str) -> None:
    problems = list(found_in(text, kind))
    assert [(p.code, (p.location.line, p.location.column)) for p in problems] == [(code, place)], problems
    assert words in str(problems[0])
    assert not any(
        jargon in str(problems[0]) for jargon in ("schemas", "regex", "^", "None", "dict", "Decimal(")
    )


def test_all_mistakes_of_a_file_are_found_at_once() -> None:
    text = POLICY_HEAD.replace("title: t", "titel: t") + (
        "blockers:\n"
        "  - {id: A, when: {a: 1}, message: m}\n"
        "  - {id: b, when: {all: [{a: {ovr: 1}}, {not: {}}]}, message: }\n"
        "  - text\n"
        "refund: {paid: p, split: evenly}\n"
    )
    found = [(p.code, p.location.line) for p in found_in(text, "policy")]
    lines = [("R0101", 4), ("R0105", 6), ("R0101", 7), ("R0106", 7), ("R0103", 7), ("R0103", 8), ("R0102", 9)]
    assert found == [*lines, ("R0104", 9)]


def test_messages_stay_short_whatever_the_author_wrote() -> None:
    long = "x" * 1_000
    text = (
        POLICY_HEAD.replace("policy: p", f"policy: A{long}")
        + f'"K{long}": 1\napplies_to: {{a: {{in: {long}}}}}\n'
    )
    problems = list(found_in(text, "policy"))
    assert len(problems) == 3
    assert all(len(str(problem)) < 500 for problem in problems)


def test_a_file_of_mistakes_is_reported_from_its_beginning_and_in_reasonable_number() -> None:
    text = POLICY_HEAD + "blockers:\n" + "  - 1\n" * 3_000
    problems = list(found_in(text, "policy"))
    assert len(problems) == 101
    assert problems[0].location.line == 6
    assert problems[-2].location.line == 105
    assert problems[-1].message == "2900 more problems are not told one by one"


# Anything at all.


def paths_of(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from paths_of(value, (*path, key))


JUNK = (
    None,
    True,
    1,
    Decimal("1.5"),
    "",
    "x",
    "X y\n",
    [],
    [1],
    ["a", "a"],
    {},
    {"a": 1},
    {"include": "a.yaml"},
)


@pytest.mark.parametrize("kind", AUTHORED)
@given(choices=st.data())
def test_what_the_schema_refuses_has_words(kind: str, choices: st.DataObject) -> None:
    data = copy.deepcopy(data_of(GOOD[kind]))
    for _ in range(choices.draw(st.integers(1, 3))):
        *above, last = choices.draw(st.sampled_from([path for path in paths_of(data) if path] or [("x",)]))
        node = data
        for step in above:
            node = node[step]
        change = choices.draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        if change == "replace" or not isinstance(node, dict):
            node[last] = copy.deepcopy(choices.draw(st.sampled_from(JUNK)))
        elif change == "add":
            word = choices.draw(
                st.sampled_from(["all", "when", "include", "fact", "otherwise", "x", "X", "x\n"])
            )
            node[word] = copy.deepcopy(choices.draw(st.sampled_from(JUNK)))
        else:
            value = node.pop(last, 1)
            node |= {f"{last}x": value} if change == "rename" else {}
    validator = validator_for(kind)
    faults = faults_of(validator.iter_errors(data), data, validator.schema)
    assert validator.is_valid(data) is not bool(faults)
    assert "R0199" not in {fault.code for fault in faults}


# The decision.

DECISION: dict[str, Any] = {
    "schema": "rescind/decision/1",
    "outcome": "review_required",
    "policy": {"id": "packages", "version": "1", "digest": "sha256:" + "0" * 64, "draft": False},
    "decided_at": "2024-11-05T09:00:00+08:00",
    "subject": {"resource": "r", "order": "o"},
    "blockers": [],
    "reviews": [
        {
            "id": "large",
            "by": "account_manager",
            "within": "PT24H",
            "on_timeout": "approve",
            "deadline": "2024-11-06T09:00:00+08:00",
            "because": [{"fact": "order.amount", "is": "1000.01 USD", "needs": "over 1000.00 USD"}],
            "at": "rules/a.yaml:31",
        }
    ],
    "refund": {
        "terms": "full",
        "total": "1000.01 USD",
        "instruments": [
            {
                "instrument": "cash",
                "paid": "1000.01 USD",
                "returned": "1000.01 USD",
                "consumed": "0.00 USD",
                "fees": "0.00 USD",
                "forfeited": "0.00 USD",
            }
        ],
        "deductions": [
            {
                "name": "fee",
                "amount": "33.33 USD",
                "exact": "100/3 USD",
                "counts_as": "fees",
                "at": "rules/a.yaml:50",
            }
        ],
        "at": "rules/a.yaml:48",
    },
    "request": {"state": "pending_review", "deadline": "2024-11-06T09:00:00+08:00"},
    "values": {"hours": 24},
}
BLOCKER = {
    "id": "legal",
    "message": "Frozen.",
    "because": [{"fact": "account.frozen", "is": True, "needs": "true"}],
    "at": "rules/a.yaml:3",
}


def decision(**changes: Any) -> dict[str, Any]:
    changed = DECISION | changes
    return {key: value for key, value in changed.items() if value is not ...}


@pytest.mark.parametrize(
    "answer",
    [
        decision(),
        decision(outcome="allowed", reviews=[]),
        decision(outcome="blocked", blockers=[BLOCKER], refund=None, request={"state": "blocked"}),
        decision(
            outcome="not_applicable",
            policy=...,
            reviews=[],
            refund=...,
            request=...,
            failed=[{"policy": "packages", "version": "1", "because": BLOCKER["because"]}],
        ),
    ],
    ids=lambda answer: answer["outcome"],
)
def test_a_decision_as_the_contract_shows_it_is_right(answer: dict[str, Any]) -> None:
    assert [
        error.message for error in Draft202012Validator(base_schema("decision/1")).iter_errors(answer)
    ] == []


@pytest.mark.parametrize(
    "answer",
    [
        decision(outcome="maybe"),
        decision(outcome="allowed"),  # with a review
        decision(reviews=[]),  # review required, and none
        decision(blockers=[BLOCKER]),
        decision(outcome="blocked", blockers=[BLOCKER]),  # with a refund
        decision(outcome="blocked", refund=...),  # without a blocker
        decision(outcome="not_applicable", reviews=[], refund=..., request=...),  # does not say what failed
        decision(policy=...),
        decision(extra=1),
        decision(request={"state": "done"}),
        decision(refund=DECISION["refund"] | {"total": 1000.01}),
        decision(decided_at="2024-11-05"),
    ],
)
def test_a_decision_that_breaks_the_contract_is_refused(answer: dict[str, Any]) -> None:
    assert not Draft202012Validator(base_schema("decision/1")).is_valid(answer)


# The schema of versions with a vocabulary, as an editor uses it.


@cache
def editors_schema() -> dict[str, Any]:
    schema = policy_schema(vocabulary(), {"usage": Type(Kind.DURATION, calendar=True)})
    Draft202012Validator.check_schema(schema)
    return schema


def editor(condition: str) -> bool:
    data = data_of(POLICY_HEAD + f"applies_to: {condition}\n")
    return Draft202012Validator(editors_schema()).is_valid(data)


@pytest.mark.parametrize(
    "condition",
    [
        "{order.kind: new}",
        "{order.kind: [new, old]}",
        "{order.kind: {not_in: [old]}}",
        "{order.amount: {over: 10 USD, at_most: {fact: order.paid.cash}}}",
        "{order.amount: 10 EUR}",
        "{order.paid.total: {between: [1 USD, 2 USD]}}",
        "{order.paid: {present: true}}",
        "{order.tags: {has: a}}",
        "{order.words: {has: anything}}",
        "{order.share: 15%}",
        "{order.term: {at_most: 1y}}",
        "{usage: {under: {fact: order.term}}}",
        "{now: {not_before: 2024-10-29T00:00:00}}",
        "{refund.total: {over: 1 USD}, refund.returned.cash: 1 USD, refund.deductions.fee: {over: 1 USD}}",
        "{some_value: {over: 1}, fee_table.rate: 15%}",
        "{all: [{order.kind: new}, {not: {order.kind: old}}]}",
    ],
)
def test_an_editor_accepts(condition: str) -> None:
    assert editor(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "{order.knid: new}",
        "{order.kind: newish}",
        "{order.kind: {over: new}}",
        "{order.amount: 10}",
        "{order.amount: {after: 10 USD}}",
        "{order.amount: {over: {fact: order.kind}}}",
        "{order.paid: {is: 1 USD}}",
        "{order.paid.card: 1 USD}",
        "{order.tags: {has: c}}",
        "{order.tags: a}",
        "{order.term: 24h}",
        "{usage: {under: 24h}}",
        "{now: {over: 2024-10-29T00:00:00Z}}",
        "{now: 2024-10-29}",
        "{extra.thing: 1}",
        "{refund.totl: 1 USD}",
    ],
)
def test_an_editor_refuses(condition: str) -> None:
    assert not editor(condition)


def test_an_editor_shows_what_a_fact_means_and_completes_its_choices() -> None:
    schema = policy_schema(vocabulary())
    names = schema["$defs"]["condition"]["properties"]
    assert names["order.amount"]["description"] == "What was paid. (money in USD)"
    assert "may be absent" in names["rates"]["description"]
    literal = schema["$defs"]["test.order.kind.operand"]["anyOf"][0]
    assert literal == {"enum": ["new", "old"], "enumDescriptions": ["New", "Old"]}
    assert schema["$defs"]["refund"]["properties"]["paid"]["enum"] == ["order.paid"]
    assert list(schema["$defs"]["term"]["properties"]["instruments"]["properties"]) == ["cash", "coupon"]


def test_the_shipped_versions_are_right_for_an_editor_with_the_shipped_vocabulary() -> None:
    problems = Problems()
    facts = (ROOT / "rules" / "facts.yaml").read_text("utf-8")
    checker = Draft202012Validator(policy_schema(vocabulary(facts)))
    for path in SHIPPED[2:]:
        document = read_file(path, str(path), problems)
        assert document is not None
        if document.data["schema"] == "rescind/policy/1":  # type: ignore[index]
            assert [error.message for error in checker.iter_errors(document.data)] == [], path


# The schema of callers' facts.


@cache
def facts_schema() -> dict[str, Any]:
    schema = callers_schema(vocabulary())
    Draft202012Validator.check_schema(schema)
    return schema


def caller(**changes: Any) -> bool:
    schema = facts_schema()
    facts = copy.deepcopy(schema["examples"][0])
    facts["order"] |= changes
    facts["order"] = {key: value for key, value in facts["order"].items() if value is not ...}
    return Draft202012Validator(schema).is_valid(facts)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"amount": "-1.50 USD"},
        {"amount": {"amount": "1.50", "currency": "USD"}},
        {"amount": {"amount": 1, "currency": "USD"}},
        {"kind": "old"},
        {"paid": {}},
        {"paid": {"coupon": "1 EUR"}},
        {"share": "50%"},
        {"tags": ["a"]},
        {"reviews": [{"by": "x", "at": None}, {"by": "x", "at": "2024-11-05T09:00:00Z"}]},
        {"term": "P1Y6M"},
    ],
)
def test_facts_that_a_caller_may_send(changes: dict[str, Any]) -> None:
    assert caller(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": ...},
        {"amount": None},
        {"amount": 1.5},
        {"amount": "1 EUR"},
        {"amount": {"amount": "1"}},
        {"kind": "odd"},
        {"kind": None},  # null is for optional facts
        {"paid": {"card": "1 USD"}},
        {"paid": {"cash": "-1 USD"}},
        {"share": 2},
        {"tags": ["c"]},
        {"reviews": [{}]},
        {"reviews": [{"by": "x", "at": "2024-11-05"}]},
        {"term": "24h"},
        {"colour": "red"},
    ],
)
def test_facts_that_a_caller_may_not_send(changes: dict[str, Any]) -> None:
    assert not caller(**changes)


def test_a_caller_reads_what_is_required_and_what_stands_in_for_what_is_left_out() -> None:
    schema = callers_schema(vocabulary())
    order = schema["properties"]["order"]
    assert schema["required"] == ["order"]
    assert schema["properties"]["extra"]["additionalProperties"] is True
    assert "kind" not in order["required"]
    assert order["properties"]["kind"]["default"] == "new"
    assert order["properties"]["tags"]["default"] == []
    assert order["properties"]["amount"]["description"] == "What was paid."
    assert order["properties"]["reviews"]["items"]["required"] == ["by"]
    json.dumps(schema)
