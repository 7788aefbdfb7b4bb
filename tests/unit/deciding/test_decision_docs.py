"""The examples of docs/decision.md: run, and right."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from rescind import Engine
from rescind.commands import main
from rescind.deciding.decision_forms import CURRENT
from rescind.shape.shipped_schemas import base_schema

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "decision.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```(console|json|python)\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def engine():
    return Engine.load(ROOT)


@pytest.fixture(scope="module")
def facts():
    return json.loads((ROOT / "examples" / "review.json").read_text("utf-8"))


def test_the_command_of_the_page(monkeypatch):
    monkeypatch.chdir(ROOT)
    command, expected = BLOCKS["console"].strip().split("\n")
    result = CliRunner().invoke(main, shlex.split(command.removeprefix("$ rescind ")))
    assert result.stdout.startswith(expected.removesuffix("…"))


def test_the_python_of_the_page(engine, facts):
    names = {"engine": engine, "facts": facts}
    first, *lines = BLOCKS["python"].strip().split("\n")
    exec(first, names)  # noqa: S102 - the page's own line
    assert len(lines) > 5
    for line in lines:
        expression, _, expected = line.partition("#")
        assert repr(eval(expression, names)) == expected.strip()  # noqa: S307 - as above


def test_the_reason_of_the_page(engine, facts):
    (review,) = engine.decide(facts, at="2024-11-05T09:00:00+08:00").to_dict()["reviews"]
    assert review["because"] == [json.loads(BLOCKS["json"])]


def test_the_page_names_every_key():
    table = PAGE.partition("## Values")[0]
    for key in base_schema("decision")["properties"]:
        assert key == "schema" or f"`{key}`" in table
    assert f"`{CURRENT}`" in table
