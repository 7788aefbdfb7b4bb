"""`rescind explain`: what a code means, from the page of problems."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import click

from rescind.problems.codes import CODES, RETIRED
from rescind.problems.suggestions import did_you_mean
from rescind.terminal.verb_options import Verb, clean

__all__ = ["explain", "page", "section"]


@click.command(cls=Verb, sections={"Examples": ["rescind explain R0332"]})
@click.argument("code", metavar="CODE")
def explain(code: str) -> None:
    """Print what CODE means: why it is a problem, and how to put it right."""
    name = code.strip().upper()
    if name in RETIRED:
        click.echo(f"{name} (retired) {RETIRED[name]}")
        return
    if name not in CODES:
        hint = did_you_mean(name, CODES) or "codes look like `R0332`"
        raise click.BadParameter(f"there is no problem `{clean(code[:40])}`: {hint}", param_hint="CODE")
    found = section(page(), name)
    row = CODES[name]
    click.echo(found or f"{name} {row.title} ({row.severity})")


def page() -> str:
    """The page of problems: that of the checkout, else the one inside the package; "" where there is none."""
    for place in (
        Path(__file__).parents[3] / "docs" / "problems.md",
        files("rescind") / "shipped" / "problems.md",
    ):
        if place.is_file():
            return place.read_text("utf-8")
    return ""


def section(text: str, code: str) -> str:
    """The part of the page under the heading of a code; "" where there is none."""
    heading = re.compile(rf"^(#+)[ \t]+`?{code}\b", re.MULTILINE)
    start = heading.search(text)
    if start is None:
        return ""
    # Up to the next heading of the same weight or more; a `#` inside a block of code is no heading.
    lines = text[start.start() :].split("\n")
    depth, fenced, kept = len(start[1]), False, lines[:1]
    for line in lines[1:]:
        fenced ^= line.startswith("```")
        found = re.match(r"(#+)\s", line)
        if found and not fenced and len(found[1]) <= depth:
            break
        kept.append(line)
    return "\n".join(kept).strip()
