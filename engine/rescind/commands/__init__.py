"""The command `rescind`. Verbs live here, one module each, and are imported when they are used.

Only click is imported here, so that `rescind --help` and shell completion answer at once.
"""

from __future__ import annotations

import atexit
import gc
import os
from pathlib import Path
from typing import Any, NamedTuple

import click

__all__ = ["VERBS", "main"]


class VerbRow(NamedTuple):
    """Where a verb's command is (`module:name`), and what the list of verbs says of it."""

    command: str
    help: str


VERBS = {
    "check": VerbRow("rescind.commands.check:check", "Find every problem in a book of policies."),
    "decide": VerbRow("rescind.commands.decide:decide", "Decide one case or many, as a dry run."),
    "list": VerbRow(
        "rescind.commands.list:list_", "List resources as allowed or not allowed to be cancelled."
    ),
    "request": VerbRow(
        "rescind.commands.request:request",
        "Cancel one resource or many: the order, and its reviews.",
    ),
    "test": VerbRow("rescind.commands.test:test", "Run the authors' cases, with coverage and mutants."),
    "show": VerbRow("rescind.commands.show:show", "Say in plain English what a policy says."),
    "diff": VerbRow(
        "rescind.commands.diff:diff", "Say what changed in meaning between two versions or books."
    ),
    "init": VerbRow("rescind.commands.init:init", "Write a small book of one's own to start from."),
    "new": VerbRow("rescind.commands.new:new", "Start the next version of a policy, as a draft."),
    "publish": VerbRow("rescind.commands.publish:publish", "Check, test, then freeze a draft."),
    "schema": VerbRow("rescind.commands.schema:schema", "Print a JSON Schema for editors and callers."),
    "explain": VerbRow("rescind.commands.explain:explain", "Say what the code of a problem means."),
}


class Verbs(click.Group):
    """The verbs of `VERBS`, imported late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the verbs, in the order of the table."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb; None for an unknown one."""
        del ctx
        if cmd_name not in VERBS:
            return None
        from pkgutil import resolve_name

        command: click.Command = resolve_name(VERBS[cmd_name].command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in click, with a hint where the verb is misspelt."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            ctx.fail(f"there is no command `{args[0][:60]}`{_near(args[0])}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of verbs, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.help) for name, row in VERBS.items()])
        with formatter.section("Example"):
            formatter.write_text("rescind decide case.json --at 2025-11-05T09:00:00+08:00")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Completion of a verb, without importing any."""
        from click.shell_completion import CompletionItem

        verbs = [
            CompletionItem(name, help=row.help) for name, row in VERBS.items() if name.startswith(incomplete)
        ]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)


def _near(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word[:60], VERBS, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _print_version(ctx: click.Context, parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's call
    del parameter
    if asked and not ctx.resilient_parsing:
        click.echo(f"rescind {_version()}")
        ctx.exit()


def _version() -> str:
    """The version of the checkout that this file is in, else of the package that is installed."""
    project = Path(__file__).parents[3] / "pyproject.toml"
    if project.is_file():
        import tomllib

        return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])
    from importlib.metadata import version

    return version("rescind")


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version of rescind and exit.",
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Decide whether a resource may be cancelled, whether someone has to review it, and what is paid back."""
    # A book is many objects that all stay. Looking through them for cycles, again and again and once more at the end,
    # would be a quarter of the time of a short command.
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        ctx.color = False
