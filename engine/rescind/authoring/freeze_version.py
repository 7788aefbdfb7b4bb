"""Publishing: check, test, then write a version's digest into the book, which freezes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rescind.authoring.author_problems import inspect_book
from rescind.authoring.coverage import VersionCoverage, cover, percent
from rescind.authoring.run_cases import Result, read_suites, run_trials, suite_files, trials_of
from rescind.authoring.yaml_edits import Source, add_key, replace_file, set_text, staged
from rescind.book.model import Book, Policy, Version
from rescind.engine import Engine
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Location, Problem, Problems
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.source.yaml_writer import quoted

__all__ = [
    "Published",
    "Rehearsal",
    "entry_path",
    "how_to_go_on",
    "policy_of",
    "publish",
    "rehearse",
    "trial_load",
    "version_named",
]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the authors' cases say of one version: its coverage, the cases that try it, those that fail."""

    coverage: VersionCoverage
    cases: int
    failures: tuple[Result, ...]

    @property
    def covered(self) -> str:
        """How much of the version was tried, in percent."""
        return percent(self.coverage.met, self.coverage.goals)

    def reaches(self, floor: int) -> bool:
        """Whether at least `floor` percent was tried."""
        return 100 * self.coverage.met >= floor * self.coverage.goals


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is frozen. `before`: it was so already, and nothing was written. `rehearsal` is None then."""

    version: Version
    before: bool
    rehearsal: Rehearsal | None
    warnings: tuple[Problem, ...]


def publish(path: Path, policy: str, version: str, floor: int) -> Published:
    """Freeze a version of the book at `path`, at once or not at all.

    The cases that try it must pass and cover at least `floor` percent of it. Raises `BookError` with everything that
    stands in the way.
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
        return Published(found, before=True, rehearsal=None, warnings=warnings)
    result = rehearse(path, policy, version)
    if problems := _not_ready(found, result, floor):
        raise BookError(problems=problems)
    _write(source, found)
    return Published(found, before=False, rehearsal=result, warnings=warnings)


def rehearse(path: Path, policy: str, version: str) -> Rehearsal:
    """Run the cases that try a version. Raises `BookError` where a suite cannot be read."""
    engine, problems = Engine.load(path, drafts=True), Problems()
    folder = path.parent
    suites = read_suites(suite_files(engine.book, folder), folder, engine.book, problems)
    if problems.errors:
        raise BookError(problems=problems.errors)
    wanted = ("", policy), ("", version)
    trials = [
        trial
        for trial in trials_of(suites)
        if trial.target.policy in wanted[0] and trial.target.version in wanted[1]
    ]
    results = [each for each in run_trials(engine, trials) if _tries(each, policy, version)]
    coverage = next(
        each for each in cover(engine, results).versions if (each.policy, each.version) == (policy, version)
    )
    failures = tuple(result for result in results if not result.passed)
    return Rehearsal(coverage, len(results), failures)


def _tries(result: Result, policy: str, version: str) -> bool:
    """Whether a case was for a version, or was decided by it."""
    target, decided = result.trial.target, result.decision.version if result.decision else None
    if (target.policy, target.version) == (policy, version):
        return True
    return decided is not None and (decided.policy, decided.version) == (policy, version)


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


def _not_ready(version: Version, rehearsal: Rehearsal, floor: int) -> list[Problem]:
    if not rehearsal.cases:
        message = f"no case tries version `{version.version}` of `{version.policy}`"
        return [Problem("R0650", message, version.entry, "write cases that show what the version does")]
    problems = [_failed(result) for result in rehearsal.failures]
    if not problems and not rehearsal.reaches(floor):
        message = f"the cases try {rehearsal.covered} % of version `{version.version}`, less than {floor} %"
        problems.append(Problem("R0650", message, version.entry, _missing(rehearsal.coverage.untried)))
    return problems


def _failed(result: Result) -> Problem:
    words = "; ".join(f"{each.what}: expected {each.expected}, got {each.got}" for each in result.differences)
    message = f"the case `{result.trial.name}` fails: {words}"
    return Problem("R0650", message, result.trial.case.location, "see `rescind test` for what led there")


def _missing(untried: Sequence[str]) -> str:
    more = len(untried) - 3
    return f"not tried: {'; '.join(untried[:3])}{f'; and {more} more' if more > 0 else ''}"


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
        book = trial_load(new, source)
        if version_named(book, version.policy, version.version).frozen != version.digest:
            raise source.unsafe("the digest does not arrive where it should")
        replace_file(source, new)


def trial_load(new: Path, source: Source) -> Book:
    """The book with its new text, which must have no errors. Raises `BookError` with places in the file it is for."""
    inspection = inspect_book(new)
    if inspection.errors or inspection.book is None:
        raise BookError(problems=[_renamed(problem, new.name, source.shown) for problem in inspection.errors])
    return inspection.book


def _renamed(problem: Problem, name: str, shown: str) -> Problem:
    if problem.location.path != name:
        return problem
    return replace(problem, location=replace(problem.location, path=shown))


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
