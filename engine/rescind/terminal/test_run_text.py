"""A test run as text for people: failures with what is behind them, coverage, mutants, and a closing line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rescind.authoring.coverage import Coverage, percent
from rescind.authoring.mismatches import Difference
from rescind.authoring.mutation.find_mutants import MutantReport
from rescind.authoring.run_cases import Result
from rescind.problems.problem import Location
from rescind.source.yaml_writer import flow

__all__ = ["closing", "coverage_lines", "failure_lines", "mutant_lines"]

Place = Callable[[Location], str]
Paint = Callable[[str, str], str]


def failure_lines(result: Result, place: Place, paint: Paint) -> Iterator[str]:
    """One failed case. `place` words a location, `paint` colours a text (`red`, `green`, `dim`, `bold`)."""
    trial = result.trial
    where = f"{paint('FAILED', 'red')} {place(trial.case.location)}: R0710"
    yield f"{where} {paint(trial.name, 'bold')}  ({trial.target})"
    width = max(len(difference.what) for difference in result.differences)
    for difference in result.differences:
        yield from _difference(difference, width, place, paint)
    facts = flow(dict(trial.case.given)) if trial.case.given else "those of the suite"
    yield f"  {'facts':<{width}}  {facts}"


def _difference(difference: Difference, width: int, place: Place, paint: Paint) -> Iterator[str]:
    yield f"  {difference.what:<{width}}  expected {paint(difference.expected, 'green')}"
    yield f"  {'':<{width}}  got      {paint(difference.got, 'red')}"
    for line in difference.because:
        at = f"  at {place(line.at)}" if line.at else ""
        yield f"  {'':<{width}}    {paint(line.text + at, 'dim')}"


def coverage_lines(coverage: Coverage, paint: Paint, *, untried: bool) -> Iterator[str]:
    """A line for each version; with `untried`, what no case tried below it."""
    width = max((len(f"{each.policy} {each.version}") for each in coverage.versions), default=0)
    for each in coverage.versions:
        name = f"{each.policy} {each.version}"
        share = percent(each.met, each.goals)
        colour = "green" if each.met == each.goals else "yellow"
        cases = f"{each.cases} case{'s' * (each.cases != 1)}{', a draft' * each.draft}"
        yield f"  {name:<{width}}  {paint(f'{share:>5} %', colour)}  {each.met} of {each.goals} tried by {cases}"
        if untried:
            yield from (f"    {line}" for line in each.untried)


def mutant_lines(report: MutantReport, place: Place, paint: Paint) -> Iterator[str]:
    """The mutants that survive, each with a case that would notice it, then those that are argued away."""
    for each in report.survivors:
        yield f"{paint('SURVIVED', 'red')} {place(each.location)}: R0712 {each.policy} {each.version}"
        yield f"  {paint(each.mutant, 'bold')}"
        yield (
            f"  would be noticed by a case {each.example}"
            if each.example
            else f"  would be noticed by {each.advice}"
        )
    for accepted in report.accepted:
        yield paint(f"equivalent: {accepted.policy} {accepted.version} {accepted.mutant}", "dim")
        yield paint(f"  {accepted.reason}", "dim")
    killed = report.made - len(report.survivors) - len(report.accepted)
    words = f"{report.made} mutants: {killed} noticed, {len(report.accepted)} equivalent, "
    colour = "red" if report.survivors else "green"
    yield words + paint(f"{len(report.survivors)} survived", colour)


def closing(results: Sequence[Result], problems: int, seconds: str, paint: Paint) -> str:
    """The closing line of a run."""
    failed = sum(not result.passed for result in results)
    suites = len({result.trial.case.suite for result in results})
    words = [f"{len(results)} case{'s' * (len(results) != 1)} of {suites} suite{'s' * (suites != 1)}"]
    words += [f"{failed} failed"] if failed else [] if problems else ["all passed"]
    words += [f"{problems} problem{'s' * (problems != 1)} in suites"] if problems else []
    return paint(f"{', '.join(words)} ({seconds} s)", "red" if failed or problems or not results else "green")
