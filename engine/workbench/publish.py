"""Publishing: check, test, then write a version's digest into the book, which freezes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.diagnostics import Location, Problem, did_you_mean, one_of
from engine.errors import BookError
from engine.model import Book, Policy, Version
from engine.workbench.edits import Source, add_key, quoted, replace_file, set_text, staged
from engine.workbench.inspect import inspect_book

__all__ = ["Published", "Trial", "entry_path", "how_to_go_on", "policy_of", "publish", "version_named"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What the authors' cases say of one version.

    `cases`: how many try it. `failures`: the names of those that fail. `untried`: what no case tried, in words, of
    `parts` parts in all.
    """

    cases: int
    failures: tuple[str, ...]
    untried: tuple[str, ...]
    parts: int

    @property
    def covered(self) -> int:
        """How much of the version was tried, in whole percent, rounded down."""
        return 100 * (self.parts - len(self.untried)) // self.parts if self.parts else 100


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is frozen. `before`: it was so already, and nothing was written. `trial` is None then."""

    version: Version
    before: bool
    trial: Trial | None
    warnings: tuple[Problem, ...]


def publish(
    path: Path, policy: str, version: str, trial: Callable[[Book, Version], Trial], floor: int
) -> Published:
    """Freeze a version of the book at `path`, at once or not at all.

    `trial` runs the authors' cases; at least `floor` percent of the version must be covered by them. Raises `BookError`
    with everything that stands in the way.
    """
    source = Source.read(path, path.name)
    inspection = inspect_book(path)
    if inspection.book is None:
        raise BookError(problems=inspection.errors)
    found = version_named(inspection.book, policy, version)
    if found.frozen and found.frozen != found.digest:
        raise BookError(problems=[_changed(found)])
    if inspection.errors:
        raise BookError(problems=inspection.errors)
    warnings = tuple(each for each in inspection.problems if each not in inspection.errors)
    if found.frozen:
        return Published(found, before=True, trial=None, warnings=warnings)
    result = trial(inspection.book, found)
    if problems := _not_ready(found, result, floor):
        raise BookError(problems=problems)
    _write(source, found)
    return Published(found, before=False, trial=result, warnings=warnings)


def _changed(version: Version) -> Problem:
    return Problem(
        "R0651",
        f"`{version.path}` was changed after version `{version.version}` was frozen",
        version.entry,
        f"undo the change and put it into a new version: {how_to_go_on(version)}",
    )


def how_to_go_on(version: Version) -> str:
    """The command that starts the next version."""
    return f"`rescind new {version.policy} --from {version.version} --version NEW --in-force-from DATE`"


def _not_ready(version: Version, trial: Trial, floor: int) -> list[Problem]:
    if not trial.cases:
        message = f"no case tries version `{version.version}` of `{version.policy}`"
        return [Problem("R0650", message, version.entry, "write cases that show what the version does")]
    problems = [
        Problem("R0650", f"the case {name} fails", version.entry, "run `rescind test` to see why")
        for name in trial.failures
    ]
    if not problems and trial.covered < floor:
        message = f"the cases cover {trial.covered} % of the version, {floor} % are asked for"
        problems.append(Problem("R0650", message, version.entry, _missing(trial)))
    return problems


def _missing(trial: Trial) -> str:
    more = len(trial.untried) - 3
    return f"not tried: {'; '.join(trial.untried[:3])}{f'; and {more} more' if more > 0 else ''}"


def _write(source: Source, version: Version) -> None:
    """Write the digest into the book, after the new text was loaded and says what it should."""
    entry = entry_path(source, version.policy, version.version)
    given = source.data["policies"][entry[1]]["versions"][entry[3]]
    text = quoted(version.digest)
    edited = (
        set_text(source, (*entry, "digest"), text)
        if "digest" in given
        else add_key(source, entry, "digest", text)
    )
    given["digest"] = version.digest
    edited.must_say(source.data)
    with staged(edited) as new:
        inspection = inspect_book(new)
        if inspection.errors or inspection.book is None:
            raise BookError(problems=inspection.errors)
        if version_named(inspection.book, version.policy, version.version).frozen != version.digest:
            raise source.unsafe("the digest does not arrive where it should")
        replace_file(source, new)


def entry_path(source: Source, policy: str, version: str) -> tuple[str, int, str, int]:
    """The path of a version's entry in the data of a book."""
    for number, group in enumerate(source.data["policies"]):
        for place, entry in enumerate(group["versions"]):
            if (group["id"], entry["version"]) == (policy, version):
                return ("policies", number, "versions", place)
    raise source.unsafe(f"version `{version}` of `{policy}` is not in the book any more")


def policy_of(book: Book, name: str) -> Policy:
    """A policy of the book. Raises `BookError` with the names that there are."""
    for policy in book.policies:
        if policy.id == name:
            return policy
    names = [policy.id for policy in book.policies]
    hint = did_you_mean(name, names) or f"policies: {one_of(names)}"
    raise BookError(
        problems=[Problem("R0906", f"the book has no policy `{name}`", Location(book.path), hint)]
    )


def version_named(book: Book, policy: str, version: str) -> Version:
    """A version of the book. Raises `BookError` with the names that there are."""
    found = policy_of(book, policy)
    for each in found.versions:
        if each.version == version:
            return each
    names = [each.version for each in found.versions]
    hint = did_you_mean(version, names) or f"versions: {one_of(names)}"
    message = f"`{policy}` has no version `{version}`"
    raise BookError(problems=[Problem("R0906", message, found.location, hint)])
