"""docs/command-line.md has every verb and every option."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from rescind.commands import VERBS, main

PAGE = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text("utf-8")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its words; those below a verb too."""
    from rescind.commands.request import BELOW

    context = click.Context(main)
    for verb in VERBS:
        command = main.get_command(context, verb)
        assert command
        yield verb, command
    for name, command in BELOW.items():
        yield f"request {name}", command


@pytest.mark.parametrize(
    ("words", "command"), list(commands()), ids=lambda given: given if isinstance(given, str) else ""
)
def test_a_command_and_its_options_are_on_the_page(words, command):
    assert re.search(rf"`(?:rescind )?{words}(?: [A-Z]+)?`|\$ rescind {words} ", PAGE), words
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    missing = {name for name in options - {"--help"} if not re.search(rf"(?<![\w-]){name}(?![\w-])", PAGE)}
    assert not missing


def test_every_verb_has_a_section():
    headings = " ".join(re.findall(r"^## (.*)$", PAGE, flags=re.MULTILINE))
    assert {verb for verb in VERBS if f"`rescind {verb}`" not in headings} == set()
