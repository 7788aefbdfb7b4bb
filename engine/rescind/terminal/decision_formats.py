"""How `rescind decide` writes decisions: a writer for each format, in one table.

A writer gets one case, or many one after the other and then how they ended. It writes to standard output; errors of a
case among many are its business too, since in formats for programs they take the place of the decision.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from rescind.deciding.decision import Decision
from rescind.problems.problem import Problem
from rescind.terminal.decision_text import OutcomeTally, decision_line, decision_text, working_text
from rescind.terminal.verb_options import echo_json, echo_problems

__all__ = ["FORMATS", "DecisionWriter"]


@dataclass(frozen=True, slots=True)
class DecisionWriter(ABC):
    """What every format answers. `as_of` is the evaluation time, `clock` says that nobody set it.

    `schema` is the form of decisions in formats for programs.
    """

    as_of: str
    clock: str
    explain: bool
    schema: str

    @abstractmethod
    def one(self, decision: Decision) -> None:
        """The decision of the only case."""

    @abstractmethod
    def of_many(self, decision: Decision, line: int) -> None:
        """The decision of the case on this line."""

    @abstractmethod
    def errors(self, problems: Iterable[Problem], line: int) -> None:
        """What is wrong with the case on this line."""

    @abstractmethod
    def end(self, tally: OutcomeTally, *, stopped: bool) -> None:
        """What follows after many."""


class TextWriter(DecisionWriter):
    """A page for one case, a line for each of many and a summary; errors go to standard error."""

    def one(self, decision: Decision) -> None:
        """The decision of the only case."""
        data = decision.to_dict()
        self._write(decision_text(data, self.clock), data)

    def of_many(self, decision: Decision, line: int) -> None:
        """The decision of the case on this line."""
        data = decision.to_dict()
        self._write(decision_line(data, line), data)

    def _write(self, text: str, data: Mapping[str, Any]) -> None:
        click.echo(text)
        if self.explain:
            click.echo(working_text(data))

    def errors(self, problems: Iterable[Problem], line: int) -> None:
        """What is wrong with the case on this line."""
        del line  # the problems say where they are
        echo_problems(problems, "text")

    def end(self, tally: OutcomeTally, *, stopped: bool) -> None:
        """The summary."""
        click.echo("")
        for line in tally.lines():
            click.echo(line)
        if stopped:
            click.echo("stopped at the first case with errors, as `--strict` asks")
        click.echo(f"as of {self.as_of}{self.clock}")


class JsonLinesWriter(DecisionWriter):
    """A JSON object on a line of its own for each case, decided or not."""

    def one(self, decision: Decision) -> None:
        """The decision of the only case."""
        click.echo(decision.to_json(self.schema))

    def of_many(self, decision: Decision, line: int) -> None:
        """The decision of the case on this line."""
        del line
        click.echo(decision.to_json(self.schema))

    def errors(self, problems: Iterable[Problem], line: int) -> None:
        """What is wrong with the case on this line."""
        error: dict[str, Any] = {"error": [problem.to_dict() for problem in problems], "line": line}
        click.echo(json.dumps(error, ensure_ascii=False))

    def end(self, tally: OutcomeTally, *, stopped: bool) -> None:
        """Nothing: each line stands for itself."""


class JsonWriter(JsonLinesWriter):
    """An indented object for one case; many are a line each, so that they can be read one by one."""

    def one(self, decision: Decision) -> None:
        """The decision of the only case."""
        echo_json(decision.to_dict(self.schema))


# The first is the default.
FORMATS: Mapping[str, type[DecisionWriter]] = {
    "text": TextWriter,
    "json": JsonWriter,
    "jsonl": JsonLinesWriter,
}
