"""Publishing: check, test, then freeze: a version's digest goes into the book, and what was published into the lock.

A book whose digests are of the first form is renewed, and what was published is amended, by the same writes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rescind.authoring.author_problems import inspect_book
from rescind.authoring.coverage import VersionCoverage, cover, percent
from rescind.authoring.lock_file import lock_of, lock_text
from rescind.authoring.run_cases import Result, read_suites, run_trials, suite_files, trials_of
from rescind.authoring.yaml_edits import Source, add_key, place_file, replace_file, set_text, staged
from rescind.book.digest import is_by_first_rule
from rescind.book.lock import Amendment, Lock, lock_path
from rescind.book.lock_checks import DEVIATIONS, Deviation, deviations
from rescind.book.model import Book, Policy, Version
from rescind.engine import Engine
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Location, Problem, Problems
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.source.yaml_writer import quoted

__all__ = [
    "Published",
    "Rehearsal",
    "Renewed",
    "amend",
    "entry_path",
    "how_to_go_on",
    "policy_of",
    "publish",
    "rehearse",
    "renew",
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
    """A version that is frozen. `before`: it was frozen already, nothing was written and `rehearsal` is None."""

    version: Version
    before: bool
    rehearsal: Rehearsal | None
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Renewed:
    """What `renew` wrote: the versions with a new digest, as they were, and those that the lock did not hold."""

    digests: tuple[Version, ...]
    locked: tuple[Version, ...]
    warnings: tuple[Problem, ...]


def publish(path: Path, policy: str, version: str, floor: int, today: dt.date) -> Published:
    """Freeze a version of the book at `path`, at once or not at all.

    The cases that try it must pass and cover at least `floor` percent of it. Until `today` the lock keeps the days of
    calendars. Raises `BookError` with everything that stands in the way.
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
    warnings = inspection.others
    if found.frozen:
        return Published(found, before=True, rehearsal=None, warnings=warnings)
    result = rehearse(path, policy, version)
    if problems := _not_ready(found, result, floor):
        raise BookError(problems=problems)
    _write(source, [found], inspection.book.lock, today)
    return Published(found, before=False, rehearsal=result, warnings=warnings)


def renew(path: Path, today: dt.date) -> Renewed:
    """Write the digests of a book in their present form, and its lock, at once or not at all.

    Each digest that is there is first checked by its own rule: loading does. Raises `BookError` with what is wrong.
    """
    source = Source.read(path, path.name)
    inspection = inspect_book(path)
    if inspection.errors or inspection.book is None:
        raise BookError(problems=inspection.errors)
    book = inspection.book
    frozen = [version for policy in book.policies for version in policy.versions if version.frozen]
    old = tuple(version for version in frozen if is_by_first_rule(version.frozen))
    lock = book.lock
    unlocked = tuple(each for each in frozen if not (lock and lock.version(each.policy, each.version)))
    if old or unlocked:
        _write(source, old, lock, today)
    # A warning that this write has settled is dropped.
    warnings = tuple(each for each in inspection.others if each.code not in ("R0335", "R0336"))
    return Renewed(old, unlocked, warnings)


def amend(path: Path, because: str, today: dt.date) -> tuple[Deviation, ...]:
    """Write what the book says now into its lock, with what that changes and why. The book itself stays as it is.

    Raises `BookError` with everything that is wrong with the book otherwise.
    """
    source = Source.read(path, path.name)
    inspection = inspect_book(path)
    wrong = [problem for problem in inspection.errors if problem.code not in DEVIATIONS]
    if wrong or inspection.book is None:
        raise BookError(problems=wrong)
    book = inspection.book
    found = tuple(deviations(book))
    if found:
        amendment = Amendment(because, tuple(each.change for each in found))
        lock = lock_of(book, lock_path(path).name, today, book.lock, [amendment])
        with _staged_lock(source, lock, book) as put:
            put(path)
    return found


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


def _write(source: Source, versions: Sequence[Version], before: Lock | None, today: dt.date) -> None:
    """Write present digests into the book and its lock, after the new texts were loaded and say what they should.

    The book was held to the lock `before` when it was looked at: its new text is tried without one, then with its own.
    """
    edited = source
    for version in versions:
        edited = _with_digest(edited, source, version)
    edited.must_say(source.data)
    with staged(edited) as new:
        book = trial_load(new, source, lock_path(new))
        for version in versions:
            if version_named(book, version.policy, version.version).frozen != version.present_digest:
                raise source.unsafe("the digest does not arrive where it should")
        with _staged_lock(source, lock_of(book, lock_path(source.path).name, today, before), book) as put:
            put(new)


def _with_digest(edited: Source, source: Source, version: Version) -> Source:
    """The book with the digest of a version; the data of `source` is changed alike."""
    entry = entry_path(source, version.policy, version.version)
    given = source.data["policies"][entry[1]]["versions"][entry[3]]
    text = quoted(version.present_digest)
    known = "digest" in given
    given["digest"] = version.present_digest
    if known:
        return set_text(edited, (*entry, "digest"), text)
    return add_key(edited, entry, "digest", text)


@contextlib.contextmanager
def _staged_lock(source: Source, lock: Lock, book: Book) -> Iterator[Callable[[Path], None]]:
    """What puts a new lock in its place, and the new text of the book before it; both are on the disk until then.

    The book comes first: if the machine stops in between, a frozen version is missing from the lock, which is only
    a warning that `renew` fixes. In the other order the book would not load.
    """
    path = lock_path(source.path)
    there = Source.read(path, path.name) if path.exists() else None
    with staged(Source(path, path.name, lock_text(lock, book.zone), None)) as new_lock:

        def put(new: Path) -> None:
            again = trial_load(new, source, new_lock)
            if again.lock is None or lock_text(again.lock, book.zone) != lock_text(lock, book.zone):
                raise source.unsafe("the lock does not say what it should")
            if new != source.path:
                replace_file(source, new)
            if there:
                replace_file(there, new_lock)
            else:
                place_file(path, new_lock, source.path)

        yield put


def trial_load(new: Path, source: Source, lock: Path) -> Book:
    """The book with its new text and a lock, without errors. Raises `BookError` with places in the file it is for."""
    inspection = inspect_book(new, lock=lock)
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
