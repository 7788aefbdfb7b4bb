"""`rescind init`: a small book of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from rescind.authoring.scaffold import init_book
from rescind.terminal.places_from_here import from_here
from rescind.terminal.verb_options import Verb, clean

__all__ = ["init"]


@click.command(cls=Verb, sections={"Examples": ["rescind init cancellations"]})
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Write a small, complete, tested book into DIR, which must be new or empty.

    Its files explain themselves: the vocabulary, a policy with one version, the cases of that version, and schemas with
    which editors complete and check what is typed.
    """
    begun = init_book(folder)
    for path in begun.files:
        click.echo(f"wrote {clean(from_here(path))}")
    click.echo(f"Next: `cd {clean(from_here(folder))}`, then `rescind check` and `rescind test`.")
