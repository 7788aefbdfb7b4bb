"""A test run as plain data and as JUnit: for other programs.

Nothing in the data depends on layout or on the clock, so two runs of one book give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from rescind.authoring.coverage import Coverage, VersionCoverage, percent
from rescind.authoring.mismatches import Difference, PolicyLine
from rescind.authoring.mutation.find_mutants import MutantReport
from rescind.authoring.run_cases import Result
from rescind.problems.problem import Location, Problem

__all__ = ["coverage_data", "junit", "run_data"]

Place = Callable[[Location], Location]
SCHEMA = "rescind/test/1"
NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def run_data(
    results: Sequence[Result],
    problems: Iterable[Problem],
    coverage: Coverage | None,
    mutants: MutantReport | None,
    place: Place,
) -> dict[str, Any]:
    """The whole run. Coverage and mutants are in it where they were asked for."""
    failed = sum(not result.passed for result in results)
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "cases": len(results),
        "passed": len(results) - failed,
        "failed": failed,
        "problems": [problem.to_dict() for problem in problems],
        "results": [_result(result, place) for result in results],
    }
    if coverage:
        data["coverage"] = coverage_data(coverage)
    if mutants:
        data["mutants"] = _mutants(mutants, place)
    return data


def _result(result: Result, place: Place) -> dict[str, Any]:
    trial = result.trial
    where = place(trial.case.location)
    data: dict[str, Any] = {
        "suite": where.path,
        "line": where.line,
        "case": trial.case.name,
        "policy": trial.target.policy or None,
        "version": trial.target.version or None,
        "passed": result.passed,
    }
    if not result.passed:
        data["facts"] = _plain(trial.case.given)
        data["differences"] = [_difference(difference, place) for difference in result.differences]
    return data


def _plain(value: Any) -> Any:
    """Facts as JSON has them: exact decimals become text."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)


def _difference(difference: Difference, place: Place) -> dict[str, Any]:
    return {
        "what": difference.what,
        "expected": difference.expected,
        "got": difference.got,
        "because": [_worded(line, place).strip() for line in difference.because],
    }


def _worded(line: PolicyLine, place: Place) -> str:
    if line.at is None:
        return line.text
    at = place(line.at)
    return f"{line.text} at {at.path}:{at.line}"


def coverage_data(coverage: Coverage) -> dict[str, Any]:
    """Coverage as plain data: rules and what is to be seen of each, no lines."""
    return {
        "percent": percent(coverage.met, coverage.goals),
        "met": coverage.met,
        "goals": coverage.goals,
        "versions": [_version(version) for version in coverage.versions],
    }


def _version(version: VersionCoverage) -> dict[str, Any]:
    return {
        "policy": version.policy,
        "version": version.version,
        "cases": version.cases,
        "percent": percent(version.met, version.goals),
        "met": version.met,
        "goals": version.goals,
        "parts": [
            {
                "rule": part.rule,
                "what": part.words,
                "seen": [goal for goal in part.goals if goal in part.seen],
                "missing": list(part.missing),
            }
            for part in version.parts
        ],
    }


def _mutants(report: MutantReport, place: Place) -> dict[str, Any]:
    return {
        "made": report.made,
        "survivors": [
            {
                "policy": each.policy,
                "version": each.version,
                "mutant": each.mutant,
                "path": place(each.location).path,
                "line": each.location.line,
                "suggestion": f"a case {each.example}" if each.example else each.advice,
            }
            for each in report.survivors
        ],
        "equivalent": [
            {"policy": each.policy, "version": each.version, "mutant": each.mutant, "reason": each.reason}
            for each in report.accepted
        ],
    }


def junit(results: Sequence[Result], problems: Iterable[Problem], place: Place) -> str:
    """JUnit XML: a test suite for each file, a test case for each case, an error for each problem of a file."""
    files: dict[str, list[Result]] = {}
    for result in results:
        files.setdefault(place(result.trial.case.location).path, []).append(result)
    root = ET.Element("testsuites", name="rescind test")
    for path, group in files.items():
        _suite(root, path, group, place)
    found = list(problems)
    if found:
        suite = ET.SubElement(
            root, "testsuite", name="problems", tests=str(len(found)), errors=str(len(found))
        )
        for problem in found:
            case = ET.SubElement(
                suite, "testcase", classname=problem.location.path, name=_xml(str(problem.location))
            )
            ET.SubElement(case, "error", message=_xml(problem.message), type=problem.code).text = _xml(
                str(problem)
            )
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _suite(root: ET.Element, path: str, group: Sequence[Result], place: Place) -> None:
    failed = sum(not result.passed for result in group)
    time = sum(result.seconds for result in group)
    counts: dict[str, Any] = {
        "tests": str(len(group)),
        "failures": str(failed),
        "errors": "0",
        "time": f"{time:.6f}",
    }
    suite = ET.SubElement(root, "testsuite", name=_xml(path), **counts)
    for result in group:
        where = place(result.trial.case.location)
        case = ET.SubElement(
            suite, "testcase",
            classname=_xml(path), name=_xml(result.trial.name), file=_xml(path), line=str(where.line),
            time=f"{result.seconds:.6f}",
        )  # fmt: skip
        if not result.passed:
            first = result.differences[0]
            message = f"{first.what}: expected {first.expected}, got {first.got}"
            text = "\n".join(line for difference in result.differences for line in _text(difference, place))
            ET.SubElement(case, "failure", message=_xml(message), type="R0710").text = _xml(text)


def _text(difference: Difference, place: Place) -> list[str]:
    head = f"{difference.what}: expected {difference.expected}, got {difference.got}"
    return [head, *(f"  {_worded(line, place)}" for line in difference.because)]


def _xml(text: str) -> str:
    """Text without the characters that XML does not have."""
    return NOT_XML.sub("\ufffd", text)
