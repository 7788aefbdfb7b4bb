"""A book and its files: each read once, strictly, and never passed over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rescind.book import read_book as book
from rescind.book.read_book import BookReader
from rescind.load import load_book
from rescind.matching import compile_version as ruleset
from rescind.problems.problem import Problems
from rescind.shape import validate as schema
from rescind.shape.validate import validate

ROOT = Path(__file__).parents[3]
BASE = ROOT / "tests" / "corpus" / "base"
BOOKS = [BASE, ROOT, ROOT / "examples" / "books" / "china"]


def read(folder):
    problems = Problems()
    reader = BookReader(folder / "policies.yaml", problems)
    return reader.read(), reader, problems


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_book_as_records():
    found, _, problems = read(BASE)
    assert list(problems) == []
    assert (found.title, found.currency, found.zone.key) == ("Bicycle hire", "EUR", "Europe/Berlin")
    assert [(policy.id, policy.otherwise) for policy in found.policies] == [("hire", "rest"), ("rest", "")]
    [first, second] = found.policies[0].versions
    assert (first.version, second.path, second.title) == (
        "1",
        "rules/hire/2.yaml",
        "Giving back a hired bicycle",
    )
    assert [blocker.id for blocker in second.blockers] == ["damaged", "worn", "insured"]
    assert [value.name for value in second.values] == [
        *("fee_rate", "hours_left", "hours_in_all", "parts_used", "early", "daily.price", "daily.rate")
    ]
    assert second.reasons == {"too_long": "too long", "weather": "weather"}
    assert "order.paid" in second.facts
    assert "order.placed_on" not in second.facts


def test_every_file_is_read_once(monkeypatch):
    opened = []
    real = book.read_file
    monkeypatch.setattr(book, "read_file", lambda path, *rest: opened.append(path.name) or real(path, *rest))
    _, reader, _ = read(BASE)
    assert sorted(opened) == [
        "1.yaml",
        "1.yaml",
        "2.yaml",
        "facts.yaml",
        "fees.yaml",
        "policies.yaml",
        "rules.yaml",
    ]
    assert reader.documents["rules/shared/fees.yaml"][0] == "shared"


@pytest.mark.parametrize("folder", BOOKS, ids=lambda folder: folder.name)
def test_what_the_parser_takes_the_schema_takes_too(folder):
    found, reader, problems = read(folder)
    assert found
    assert not problems.errors
    for kind, document in reader.documents.values():
        assert validate(document, kind, problems), list(problems)


def test_a_shape_that_only_the_parser_refuses_is_reported(copied, monkeypatch):
    path = copied / "rules" / "hire" / "1.yaml"
    path.write_text(path.read_text("utf-8").replace("title: Giving", "titel: Giving"), "utf-8")
    monkeypatch.setattr(schema, "validate", lambda *_: True)
    _, _, problems = read(copied)
    assert [(problem.code, problem.location.line, str(problem.message)) for problem in problems] == [
        ("R0199", 4, "expected a known key")
    ]


def test_more_rules_than_the_engine_runs_safely_are_an_error(copied, monkeypatch):
    monkeypatch.setattr(ruleset, "MAX_RULES_PER_VERSION", 100)
    blockers = "".join(
        f"  - {{id: b{number}, when: {{bike.kilometres: {number}}}, message: No.}}\n" for number in range(90)
    )
    path = copied / "rules" / "rest" / "1.yaml"
    path.write_text(
        path.read_text("utf-8").replace("  - include: rules/shared/rules.yaml\n", blockers), "utf-8"
    )
    _, _, problems = load_book(copied / "policies.yaml")
    assert [problem.code for problem in problems.errors] == []
    monkeypatch.setattr(ruleset, "MAX_RULES_PER_VERSION", 80)
    _, _, problems = load_book(copied / "policies.yaml")
    assert [(problem.code, problem.location.path) for problem in problems.errors] == [
        ("R0402", "rules/rest/1.yaml")
    ]


def test_a_fragment_that_two_versions_include_is_reported_once(copied):
    path = copied / "rules" / "shared" / "rules.yaml"
    path.write_text(path.read_text("utf-8").replace("bike.damaged: true", "bike.damaged: 1"), "utf-8")
    _, _, problems = read(copied)
    assert [problem.code for problem in problems] == ["R0203"]


def test_a_link_that_leads_out_of_the_book_is_refused(copied, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "1.yaml"
    outside.write_text((BASE / "rules" / "hire" / "1.yaml").read_text("utf-8"), "utf-8")
    inside = copied / "rules" / "hire" / "1.yaml"
    inside.unlink()
    inside.symlink_to(outside)
    _, _, problems = read(copied)
    assert [problem.code for problem in problems] == ["R0301"]


def test_an_include_of_itself_ends(copied):
    path = copied / "rules" / "shared" / "rules.yaml"
    path.write_text("schema: rescind/shared/1\nblockers: [{include: rules/shared/rules.yaml}]\n", "utf-8")
    _, _, problems = read(copied)
    assert {problem.code for problem in problems} <= {"R0102", "R0107", "R0101", "R0227", "R0199"}
    assert problems.errors


# Frozen versions


def test_a_mistake_in_what_a_frozen_version_includes_is_said_once_and_not_to_be_mended_there(tmp_path):
    """The draft that includes the same file, before or after, would only hear what to write instead."""
    for number, frozen in enumerate(["2", "3"]):
        folder = tmp_path / str(number)
        shutil.copytree(BASE, folder)
        third = (folder / "rules/hire/2.yaml").read_text("utf-8").replace('version: "2"', 'version: "3"')
        (folder / "rules/hire/3.yaml").write_text(third, "utf-8")
        digest = f', digest: "sha256:{"0" * 64}"'
        entries = [
            f'      - {{version: "{name}", in_force_from: {year}-01-01, file: rules/hire/{name}.yaml'
            f"{digest if name == frozen else ''}}}\n"
            for name, year in (("2", 2025), ("3", 2026))
        ]
        book = folder / "policies.yaml"
        lines = book.read_text("utf-8").splitlines(keepends=True)
        [place] = [index for index, line in enumerate(lines) if 'version: "2"' in line]
        lines[place : place + 1] = entries
        book.write_text("".join(lines), "utf-8")
        shared = folder / "rules/shared/rules.yaml"
        shared.write_text(shared.read_text("utf-8").replace("bike.damaged", "bike.damagd"), "utf-8")
        found = [each for each in load_book(book)[2] if each.code == "R0201"]
        assert [each.location.path for each in found] == ["rules/shared/rules.yaml"]
        assert found[0].hint.startswith(f"version `{frozen}` is frozen: restore what was deleted or edited")
