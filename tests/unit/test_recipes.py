"""`docs/recipes.md`: its files are there, what a recipe names last is not forgotten, and one recipe is carried out."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from rescind.authoring.problem_reports import REPORTS
from rescind.book.read_conditions import OPERATORS
from rescind.commands import VERBS, main
from rescind.shape.shipped_schemas import base_schema
from rescind.terminal import decision_formats, list_formats
from rescind.terminal.verb_options import DOCUMENT_FORMATS

ROOT = Path(__file__).parents[2]
RECIPES = (ROOT / "docs" / "recipes.md").read_text("utf-8")
PAGES = ("command-line.md", "requests.md", "testing-policies.md")
TITLES = ("An operator", "A formula function", "A refund option", "An output format", "A verb")


def recipe(title):
    return RECIPES.partition(f"## {title}\n")[2].partition("\n## ")[0]


def files_of(title):
    """The files that the numbered steps of a recipe begin with."""
    return re.findall(r"^\d+\. `([\w/.-]+)`", recipe(title), re.MULTILINE)


def test_there_are_the_five_recipes_and_their_files():
    assert re.findall(r"^## (.*)$", RECIPES, re.MULTILINE) == list(TITLES)
    named = re.findall(r"`((?:engine|docs|tests|rules)/[\w/.-]+)`", RECIPES)
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert all(files_of(title) for title in TITLES)


def test_the_formats_of_each_table_are_those_of_its_verbs():
    tables = {
        "decide": decision_formats.FORMATS,
        "list": list_formats.FORMATS,
        "check": ("text", *REPORTS),
        **dict.fromkeys(("show", "diff", "new", "publish", "request"), DOCUMENT_FORMATS),
    }
    for verb, table in tables.items():
        assert f"`{verb}`" in recipe("An output format")
        assert choices_of(verb) == tuple(table), verb


def choices_of(verb):
    command = main.get_command(click.Context(main), verb)
    [choice] = [each.type for each in command.params if "--format" in each.opts]
    return tuple(choice.choices)


@pytest.mark.parametrize("verb", VERBS)
def test_a_page_speaks_of_every_verb_and_of_its_formats(verb):
    text = "".join((ROOT / "docs" / name).read_text("utf-8") for name in PAGES)
    assert f"| `rescind {verb}" in text
    command = main.get_command(click.Context(main), verb)
    if any("--format" in each.opts for each in command.params):
        assert [name for name in choices_of(verb)[1:] if not re.search(rf"\b{name}\b", text)] == []


def test_schemas_and_the_page_of_the_language_know_every_operator():
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    for kind in ("policy", "shared"):
        assert base_schema(kind)["$defs"]["test"]["properties"].keys() == {"fact", *OPERATORS}
    assert [name for name in OPERATORS if not re.search(rf"`{name}\b", page)] == []


# A formula function, by the three files of its recipe: the steps below, in the order of the page.

FUNCTION = """\
def _sign(call: CallSite) -> Typed:
    (value,) = call.typed(*NUMERIC)
    run: Value = value.run
    return call.result(INTEGER, lambda read: (run(read) > 0) - (run(read) < 0))


"""
STEPS = (
    (
        ("FUNCTIONS = (\n", FUNCTION + "FUNCTIONS = (\n"),
        ('    Function("abs(x)", 1, 1, _abs),\n', '    Function("sign(x)", 1, 1, _sign),\n'),
    ),
    (("| `abs(x)` |", "| `sign(x)` | -1, 0 or 1 | `sign(2 - 5)` | -1 |\n"),),
    (('    ("min(1)", "R0505"', '    ("sign(order.note)", "R0511", 6, "text", "sign(x)"),\n'),),
)


@pytest.fixture
def copy(tmp_path):
    """What the tests of formulas need, apart from the tree in use."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("engine", "docs", "tests/unit/formula"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("pyproject.toml", "tests/conftest.py"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_formula_function_needs_the_files_of_its_recipe_and_no_others(copy):
    first, page, tests = files_of("A formula function")
    put(copy / first, STEPS[0])
    assert "sign" in tried(copy, passes=False)  # the page does not have it yet
    put(copy / page, STEPS[1])
    put(copy / tests, STEPS[2])
    tried(copy, passes=True)


def put(path, edits):
    """Text put in place of an anchor, or before the line that begins with it."""
    text = path.read_text("utf-8")
    for anchor, new in edits:
        assert text.count(anchor) == 1, anchor
        text = text.replace(anchor, new if anchor in new else new + anchor)
    path.write_text(text, "utf-8")


def tried(folder, *, passes):
    """Run the tests of the page and of the compiler in the copy; what they print."""
    names = ("test_formula_docs.py", "test_compile_formula.py")
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"),
        *(f"tests/unit/formula/{name}" for name in names),
    ]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (run.returncode == 0) is passes, run.stdout + run.stderr
    return run.stdout
