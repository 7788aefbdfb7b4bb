"""`rescind test`: the authors' cases, what of the policies they try, and what they would miss."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from rescind.authoring.cases import Suite
from rescind.authoring.coverage import Coverage, VersionCoverage, cover, percent
from rescind.authoring.coverage_html import coverage_page
from rescind.authoring.mutation.find_mutants import MutantReport, find_mutants
from rescind.authoring.run_cases import (
    Result,
    Trial,
    matching,
    read_suites,
    run_trials,
    suite_files,
    trials_of,
    with_siblings,
)
from rescind.authoring.test_run_data import junit, run_data
from rescind.engine import Engine
from rescind.load import BOOK, is_installed
from rescind.problems.problem import Location, Problem, Problems
from rescind.terminal.test_run_text import closing, coverage_lines, failure_lines, mutant_lines
from rescind.terminal.verb_options import (
    HAS_ERRORS,
    Verb,
    clean,
    echo_json,
    echo_problems,
    format_option,
    load_engine,
    policy_named,
    relocated,
    version_option,
)
from rescind.terminal.which_book import book_option, book_to_check, near_book, not_written, shipped_option

__all__ = ["test"]

CASES = "schema: rescind/cases"


@dataclass(frozen=True, slots=True)
class SuitePlaces:
    """What is to be tested: a book, and the suites of it (None: all that stand beside its versions)."""

    book: Path
    suites: tuple[Path, ...] | None

    @property
    def folder(self) -> Path:
        """The folder of the book, from which its files are named."""
        return self.book.parent


@dataclass(frozen=True, slots=True)
class TestOptions:
    """What was asked for, beside the running of cases. `floor` is in percent."""

    coverage: bool
    html: str | None
    floor: int | None
    mutants: bool
    whole: bool

    @property
    def measures(self) -> bool:
        """Whether coverage is needed, although the text shows it anyway."""
        return self.coverage or self.html is not None or self.floor is not None


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run. `engine` is the book's; `problems` are those of the suites."""

    engine: Engine
    suites: Sequence[Suite]
    results: Sequence[Result]
    problems: tuple[Problem, ...]
    seconds: float


@click.command(
    cls=Verb,
    sections={
        "Examples": [
            "rescind test",
            "rescind test rules/inactive-resources/tests -k coupon",
            "rescind test --coverage --html coverage.html --fail-under 95",
            "rescind test --mutants --policy in-use-resources",
            "rescind test --update",
        ]
    },
)
@click.argument("path", metavar="[PATH]", required=False)
@book_option()
@shipped_option
@click.option("--policy", metavar="ID", help="Only cases about this policy.")
@version_option("Only cases about this version.")
@click.option(
    "-k",
    "words",
    metavar="WORDS",
    default="",
    help="Only cases whose file, name or version hold all of these words.",
)
@click.option("--fail-fast", "-x", is_flag=True, help="Stop at the first case that fails.")
@click.option(
    "--update",
    is_flag=True,
    help="Write what is found now into the cases that fail, and show the difference.",
)
@click.option("--coverage", is_flag=True, help="List what no case tries.")
@click.option("--html", metavar="FILE", help="Write the coverage as an HTML page.")
@click.option(
    "--fail-under",
    type=click.IntRange(0, 100),
    metavar="PERCENT",
    help="Fail where less of a version is tried.",
)
@click.option(
    "--mutants",
    is_flag=True,
    help="Change the policies in small ways, and list the changes that no case notices.",
)
@format_option("text", "json", "junit")
def test(  # noqa: PLR0913, PLR0917 - one parameter for each option
    path: str | None,
    book: str | None,
    policy: str | None,
    version: str | None,
    words: str,
    html: str | None,
    fail_under: int | None,
    format_: str,
    *,
    shipped: bool,
    fail_fast: bool,
    update: bool,
    coverage: bool,
    mutants: bool,
) -> None:
    """Run the cases in `tests/` beside the versions of a book. Drafts are tested like any other version.

    PATH is a book, a suite, or a folder of suites. Default: all suites of the book.

    Ends with status 1 where a case fails, a suite has problems, or there is no case at all.
    """
    if update and fail_fast:
        raise click.UsageError("`--update` needs every result of a case: leave `--fail-fast` out")
    where = _where(path, book, shipped=shipped)
    if update and (shipped or is_installed(where.book)):
        raise not_written()
    with _no_collecting():
        engine = load_engine(where.book)
        suites, problems = _suites(where, engine)
    trials = _chosen(trials_of(suites), engine, policy, version, words)
    if update:  # an expectation speaks for every version that its case is about, chosen or not
        trials = with_siblings(trials_of(suites), trials)
    started = time.perf_counter()
    results = run_trials(engine, trials, fail_fast=fail_fast)
    done = FinishedRun(engine, suites, results, problems, time.perf_counter() - started)
    if update:
        _update(where, done)
        return
    whole = where.suites is None and not (policy or version or words or fail_fast)
    asked = TestOptions(coverage, html, fail_under, mutants, whole)
    if not _report(where, done, asked, format_):
        raise click.exceptions.Exit(HAS_ERRORS)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Without the garbage collector: reading makes no garbage, and looking for it takes as long as reading."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


# What to test.


def _where(path: str | None, book: str | None, *, shipped: bool) -> SuitePlaces:
    if path is None:
        return SuitePlaces(book_to_check(book, shipped=shipped), None)
    given = Path(path)
    if not given.exists():
        raise click.BadParameter(f"there is no file or folder `{clean(path)}`", param_hint="PATH")
    if (given / BOOK).is_file() or (given.is_file() and not _is_suite(given)):
        if shipped or (book is not None and Path(book) not in (given, given / BOOK)):
            other = "--shipped" if shipped else "--book"
            raise click.UsageError(f"PATH and `{other}` name different books: give one of them")
        return SuitePlaces(given / BOOK if given.is_dir() else given, None)
    suites = (
        (given,)
        if given.is_file()
        else tuple(sorted(each for each in given.rglob("*.yaml") if _is_suite(each)))
    )
    near = None if book or shipped else near_book(given.resolve().parent)
    return SuitePlaces(near or book_to_check(book, shipped=shipped), suites)


def _is_suite(path: Path) -> bool:
    """Whether a file says that it holds cases; what is wrong with it is for its reader to say."""
    text = path.read_text("utf-8", errors="replace")
    return any(line.startswith(CASES) for line in text.splitlines())


def _suites(where: SuitePlaces, engine: Engine) -> tuple[list[Suite], tuple[Problem, ...]]:
    problems = Problems()
    root = where.folder.resolve()
    files = (
        suite_files(engine.book, root) if where.suites is None else [each.resolve() for each in where.suites]
    )
    suites = read_suites(files, root, engine.book, problems)
    if not files:
        hint = "write them into `tests/` beside the versions; docs/testing-policies.md shows how"
        problems.add("R0706", "there are no suites of cases", Location(where.book.name), hint)
    return suites, relocated(problems, where.book)


def _chosen(
    trials: list[Trial], engine: Engine, policy: str | None, version: str | None, words: str
) -> list[Trial]:
    if policy is not None:
        policy_named(engine.book, policy, "--policy")
        trials = [trial for trial in trials if trial.target.policy == policy]
    if version is not None:
        trials = [trial for trial in trials if trial.target.version == version]
    return matching(trials, words)


# What to show.


def _report(where: SuitePlaces, done: FinishedRun, asked: TestOptions, format_: str) -> bool:
    """Show the run; whether everything is as it should be."""
    passed = all(result.passed for result in done.results)
    problems = list(done.problems)
    if not done.results and not problems:
        hint = "no case is about what was asked for"
        problems.append(Problem("R0706", "there is no case to run", Location(str(where.book)), hint))
    coverage = cover(done.engine, done.results) if asked.measures or format_ == "text" else None
    coverage = _in_scope(coverage, whole=asked.whole) if coverage else None
    if coverage and asked.html is not None:
        Path(asked.html).write_text(coverage_page(coverage, done.engine.book.title), "utf-8")
    low = list(_too_low(coverage, asked.floor, where)) if coverage and asked.floor is not None else []
    mutants = _mutants(done, asked) if asked.mutants and passed and not problems else None
    stale = relocated(mutants.stale, where.book) if mutants else ()
    _show(where, replace(done, problems=tuple(problems)), asked, format_, coverage, mutants)
    if format_ != "json":
        echo_problems((*low, *stale), "text")
    return passed and not problems and not low and not stale and not (mutants and mutants.survivors)


def _show(  # noqa: PLR0913, PLR0917 - all that was found
    where: SuitePlaces,
    done: FinishedRun,
    asked: TestOptions,
    format_: str,
    coverage: Coverage | None,
    mutants: MutantReport | None,
) -> None:
    def place(location: Location) -> Location:
        return relocated([Problem("R0710", "", location)], where.book)[0].location

    if format_ == "json":
        shown = coverage if asked.measures else None
        echo_json(run_data(done.results, done.problems, shown, mutants, place))
    elif format_ == "junit":
        click.echo(junit(done.results, done.problems, place))
    else:
        echo_problems(done.problems, format_)
        _text(done, asked, coverage, mutants, lambda location: str(place(location)))


def _text(
    done: FinishedRun,
    asked: TestOptions,
    coverage: Coverage | None,
    mutants: MutantReport | None,
    place: object,
) -> None:
    where = place if callable(place) else str
    for result in done.results:
        if not result.passed:
            _echo(failure_lines(result, where, _paint))
            click.echo("")
    if coverage and done.results:
        _echo(coverage_lines(coverage, _paint, untried=asked.coverage))
    if mutants:
        click.echo("")
        _echo(mutant_lines(mutants, where, _paint))
    elif asked.mutants:
        click.echo("mutants are tried once every case passes")
    click.echo(closing(done.results, len(done.problems), f"{done.seconds:.2f}", _paint))


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _paint(text: str, style: str) -> str:
    if style in ("bold", "dim"):
        return click.style(text, **{style: True})
    return click.style(text, fg=style, bold=True)


def _in_scope(coverage: Coverage, *, whole: bool) -> Coverage:
    """Every version of the book, or those that the chosen cases came upon."""
    if whole:
        return coverage
    return Coverage(tuple(version for version in coverage.versions if version.cases))


def _too_low(coverage: Coverage, floor: int, where: SuitePlaces) -> Iterable[Problem]:
    for version in coverage.versions:
        if 100 * version.met < floor * version.goals:
            yield _low(version, floor, where)


def _low(version: VersionCoverage, floor: int, where: SuitePlaces) -> Problem:
    share = percent(version.met, version.goals)
    message = f"{share} % of `{version.policy}` {version.version} is tried, {floor} % is asked for"
    return Problem("R0711", message, Location(str(where.book)), "`--coverage` lists what no case tries")


# Mutants and updates.


def _mutants(done: FinishedRun, asked: TestOptions) -> MutantReport:
    """The mutants of the versions that the cases are about."""
    named = {key for result in done.results if (key := _about(result))}
    versions = [
        version
        for policy in done.engine.book.policies
        for version in policy.versions
        if asked.whole or (version.policy, version.version) in named
    ]
    equivalents = [each for suite in done.suites for each in suite.equivalents]
    if not asked.whole:
        equivalents = [
            each
            for each in equivalents
            if any((target.policy, target.version) in named for target in each.targets)
        ]
    report = find_mutants(done.engine, done.results, equivalents, versions)
    # With a part of the cases, an argument can seem to be about no mutant at all.
    return report if asked.whole else replace(report, stale=())


def _about(result: Result) -> tuple[str, str] | None:
    """The version that a result is about: the one that was named, else the one that decided."""
    target, decided = result.trial.target, result.decision.version if result.decision else None
    if target.version:
        return target.policy, target.version
    return (decided.policy, decided.version) if decided else None


def _update(where: SuitePlaces, done: FinishedRun) -> None:
    """Rewrite what fails, show the difference."""
    from rescind.authoring.update_expectations import bless

    if done.problems:
        echo_problems(done.problems, "text")
        raise click.exceptions.Exit(HAS_ERRORS)
    left = 0
    for blessed in bless(where.folder.resolve(), done.results):
        click.echo(blessed.diff, nl=False)
        for name, location, why in blessed.left:
            left += 1
            [problem] = relocated(
                [Problem("R0710", f"`{name}` is not rewritten: {why}", location)], where.book
            )
            echo_problems([problem], "text")
    if left:
        raise click.exceptions.Exit(HAS_ERRORS)
    if not any(not result.passed for result in done.results):
        click.echo("every case passes; nothing to write")
