"""Which book a command takes: the one here or above; the shipped one where nothing is judged or written by it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from rescind import load as load_module
from rescind.authoring.scaffold import init_book
from rescind.commands import main
from rescind.load import shipped_book

ROOT = Path(__file__).parents[3]
CASE = str(ROOT / "examples/allowed.json")
AT = ("--at", "2025-11-05T10:00:00+08:00")
NOWHERE = "R0658 there is no `policies.yaml` here or in a folder above"
BELOW = Path("rules/subscriptions/tests")
NEW = ("new", "subscriptions", "--from", "2025-01-01", "--version", "b", "--in-force-from", "2026-01-01")


def rescind(*arguments):
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def below(tmp_path, monkeypatch):
    """A folder deep in a book."""
    init_book(tmp_path / "book")
    monkeypatch.chdir(tmp_path / "book" / BELOW)
    return tmp_path / "book"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "--deployable"),
        ("test",),
        ("test", "--update"),
        ("publish", "inactive-resources", "2025-07-28"),
        (
            "new",
            "inactive-resources",
            "--from",
            "2025-07-28",
            "--version",
            "b",
            "--in-force-from",
            "2099-01-01",
        ),
    ],
)
@pytest.mark.parametrize("format_", ["text", "json"])
def test_nothing_is_judged_or_written_without_a_book(empty, arguments, format_):
    before = shipped_book().read_bytes()
    done = rescind(*arguments, "--format", format_)
    assert done.exit_code == 1
    assert done.stdout == ""
    if format_ == "text":
        assert NOWHERE in done.stderr
    else:
        assert [each["code"] for each in json.loads(done.stderr)] == ["R0658"]
    assert shipped_book().read_bytes() == before
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("decide", CASE, *AT),
        ("list", str(ROOT / "examples/desk.jsonl"), *AT),
        ("request", str(ROOT / "examples/desk.jsonl"), "--reason", "no_longer_needed", *AT),
        ("show", "inactive-resources"),
        ("schema", "facts"),
        ("diff", "inactive-resources@2024-10-29", "inactive-resources@2025-07-28"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_decides_or_shows_takes_the_shipped_book_and_says_so(empty, arguments):
    del empty
    done = rescind(*arguments)
    assert done.exit_code == 0, done.stderr
    assert done.stderr == (
        "book: the one shipped with rescind: there is no policies.yaml here or in a folder above\n"
    )
    assert "book:" not in done.stdout


def test_the_shipped_book_is_judged_where_it_is_asked_for(empty):
    del empty
    done = rescind("check", "--shipped")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{shipped_book()}: no problems\n"
    done = rescind("test", "--shipped", "-k", "coupon")
    assert done.exit_code == 0
    assert "all passed" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--shipped", "."),
        ("check", "--shipped", "--book", "."),
        ("test", "--shipped", "--book", "."),
        ("test", "--shipped", "policies.yaml"),
    ],
)
def test_two_books_are_a_wrong_command_line(below, monkeypatch, arguments):
    monkeypatch.chdir(below)
    assert rescind(*arguments).exit_code == 2


def test_the_book_above_is_found_from_every_folder_in_it(below):
    path = below / "rules/subscriptions/2025-01-01.yaml"
    path.write_text(path.read_text("utf-8").replace("order.state: ended", "order.stat: ended"), "utf-8")
    done = rescind("check")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "book: ../../../policies.yaml"
    assert done.stderr.splitlines()[1].startswith(
        "../../../rules/subscriptions/2025-01-01.yaml:21:12: R0201 "
    )
    assert done.stdout == "../../../policies.yaml: 1 error\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("test",), "20 cases of 1 suite, all passed"),
        (("test", "2025-01-01.yaml"), "20 cases of 1 suite, all passed"),
        (("test", "--update"), "every case passes"),
        (("show", "subscriptions", "--version", "2025-01-01"), "Giving a subscription back"),
        (("schema", "policy"), "order.starts_at"),
        (("diff", "subscriptions@2025-01-01", "subscriptions@2025-01-01"), "nothing changed in meaning"),
        (NEW, "wrote ../b.yaml\nwrote b.yaml\nedited ../../../policies.yaml\n"),
        (("publish", "subscriptions", "2025-01-01"), "is frozen in ../../../policies.yaml"),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else "",
)
def test_every_command_takes_the_book_above_and_says_so(below, arguments, said):
    del below
    done = rescind(*arguments)
    assert done.exit_code == 0, done.stderr
    assert done.stderr == "book: ../../../policies.yaml\n"
    assert said in done.stdout


def test_with_json_every_line_of_standard_error_is_json(below):
    done = rescind("test", "--format", "json")
    assert json.loads(done.stderr) == {"book": "../../../policies.yaml"}
    assert json.loads(done.stdout)["failed"] == 0
    facts = below / BELOW / "facts.json"
    facts.write_text("{}", "utf-8")
    done = rescind("decide", "facts.json", "--at", "2025-03-10", "--format", "json")
    which, problems = map(json.loads, done.stderr.splitlines())
    assert which == {"book": "../../../policies.yaml"}
    assert problems


@pytest.mark.parametrize("arguments", [("check",), ("test",), ("check", "--book", "."), ("check", ".")])
def test_nothing_is_said_where_it_is_obvious(below, monkeypatch, arguments):
    monkeypatch.chdir(below)
    done = rescind(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")


def test_the_nearest_book_counts(below, monkeypatch):
    inner = below / "inner"
    init_book(inner)
    monkeypatch.chdir(inner / BELOW)
    assert rescind("test").stderr == "book: ../../../policies.yaml\n"
    monkeypatch.chdir(below)
    assert rescind("test", str(Path("inner") / BELOW)).stderr == "book: inner/policies.yaml\n"


def test_the_book_inside_an_installed_package_is_not_written(tmp_path, monkeypatch):
    """As a wheel installs it: named, or found from within."""
    package = tmp_path / "rescind"
    init_book(package / "shipped")
    shutil.copy(load_module.__file__, package / "load.py")
    monkeypatch.setattr(load_module, "__file__", str(package / "load.py"))
    before = contents(package)
    book = str(package / "shipped/policies.yaml")
    for arguments in (NEW, ("publish", "subscriptions", "2025-01-01"), ("test", "--update")):
        monkeypatch.chdir(tmp_path)
        assert (
            "R0659 the book shipped with rescind is never written"
            in rescind(*arguments, "--book", book).stderr
        )
        monkeypatch.chdir(package / "shipped/rules")
        done = rescind(*arguments)
        assert done.exit_code == 1
        assert "rescind: R0659" in done.stderr
    assert contents(package) == before
    assert rescind("check").exit_code == 0
