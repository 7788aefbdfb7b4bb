"""The exceptions of rescind.

    RescindError
    ├── BookError           the book does not load; `.problems` are located in its files
    ├── FactsError          one case cannot be decided as given; `.problems` point into the facts
    ├── RequestError        a request or a reviewer's word cannot be accepted; `.problems` say why
    ├── EngineError         the rules engine misbehaved; the case is undecided, never allowed
    └── InstallationError   what rescind needs cannot be loaded; no case can be decided until that is mended

Bad input never raises anything else. Every problem of the input is in `.problems` at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from rescind.problems.problem import Location, Problem

__all__ = [
    "BookError",
    "EngineError",
    "FactsError",
    "InstallationError",
    "RequestError",
    "RescindError",
    "facts_error",
]


class RescindError(Exception):
    """Base of all errors that rescind raises on purpose.

    `.problems` is a tuple of `rescind.problems.problem.Problem`, sorted by place; it may be empty.
    """

    def __init__(self, message: str = "", problems: Iterable[Problem] = ()) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(message or "\n".join(str(problem) for problem in self.problems))


class BookError(RescindError):
    """The book, or a file that it names, has errors."""


class FactsError(RescindError):
    """The facts of one case are missing, unknown, mistyped or contradict each other."""


class RequestError(RescindError):
    """A request, or a reviewer's word on one, cannot be accepted; nothing has changed."""


class EngineError(RescindError):
    """The rules engine failed or gave an impossible answer; there is no decision."""


class InstallationError(RescindError):
    """A part of the installation is missing or does not load; `.problems` say what mends it."""


def facts_error(code: str, path: str, message: str, hint: str = "") -> FactsError:
    """A `FactsError` with one problem at a path into the facts."""
    return FactsError(problems=[Problem(code, message, Location(path), hint)])
