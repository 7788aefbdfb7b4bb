"""A small book for the tests of the workbench, and suites about it."""

from __future__ import annotations

from pathlib import Path

from rescind.authoring.cases import Suite
from rescind.authoring.run_cases import Result, read_suites, run_trials, suite_files, trials_of
from rescind.engine import Engine
from rescind.problems.problem import Problem, Problems

BOOK = """\
schema: rescind/book/1
title: Hire of bicycles
timezone: Europe/Berlin
currency: EUR
facts: rules/facts.yaml
policies:
  - id: hire
    otherwise: rest
    versions:
      - {version: "1", in_force_from: 2025-01-01, file: rules/hire/1.yaml}
      - {version: "2", in_force_from: 2025-03-01, file: rules/hire/2.yaml}
  - id: rest
    versions:
      - {version: "1", in_force_from: 2025-01-01, file: rules/rest/1.yaml}
"""
FACTS = """\
schema: rescind/facts/1
facts:
  bike:
    id: {type: text}
    kind: {type: choice, choices: [city, cargo, toy]}
    damaged: {type: flag}
    days: {type: integer, at_least: 0}
  order:
    amount: {type: money, currency: EUR}
    coupon_until: {type: time, optional: true}
    paid: {type: instruments, currency: EUR, choices: [card, coupon]}
  request:
    submitted_at: {type: time, optional: true}
    reviews:
      type: list
      default: []
      fields: {by: {type: text}, outcome: {type: choice, choices: [approve, reject]}, decided_at: {type: time}}
"""
HIRE = """\
schema: rescind/policy/1
policy: hire
version: "VERSION"
title: Hire
applies_to: {bike.kind: [city, cargo]}
blockers:
  - {id: damaged, when: {bike.damaged: true}, message: The bicycle is damaged., remedy: Have it mended.}
review:
  - {id: dear, when: {order.amount: {over: 500 EUR}}, by: manager, within: 24h, on_timeout: approve}
values:
  rate:
    - {when: {bike.kind: cargo, bike.days: {over: 7}}, is: 20%}
    - {otherwise: 10%}
refund:
  paid: order.paid
  terms:
    - id: usual
      deduct:
        fee: order.paid.card * rate
      instruments:
        card: {return: remainder, to: account}
        coupon: {return: full, unless: {order.coupon_until: {before: now}}}
"""
REST = """\
schema: rescind/policy/1
policy: rest
version: "1"
title: The rest
refund: {paid: order.paid, terms: [{id: none, instruments: {card: none, coupon: none}}]}
"""
HEAD = """\
schema: rescind/cases/1
policy: hire
version: "1"
at: 2025-02-10T12:00:00+01:00
facts:
  bike: {id: b-1, kind: city, damaged: false, days: 3}
  order: {amount: 100.00 EUR, paid: {card: 90.00 EUR, coupon: 10.00 EUR}}
"""
# Where the cases begin, with the line on which they stand.
CASES = HEAD + "cases:\n"
FIRST_LINE = CASES.count("\n") + 1


def write_book(folder: Path, suite: str = "") -> Path:
    """The book in a folder, with a suite about its policy `hire`."""
    files = {
        "policies.yaml": BOOK,
        "rules/facts.yaml": FACTS,
        "rules/hire/1.yaml": HIRE.replace("VERSION", "1"),
        "rules/hire/2.yaml": HIRE.replace("VERSION", "2").replace("over: 500 EUR", "over: 700 EUR"),
        "rules/rest/1.yaml": REST,
    }
    if suite:
        files["rules/hire/tests/suite.yaml"] = suite
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "policies.yaml"


def opened(folder: Path, suite: str) -> tuple[Engine, list[Suite], list[Problem]]:
    """The engine of the book, its suites, and what is wrong with them."""
    path = write_book(folder, suite)
    engine = Engine.load(path, drafts=True)
    problems = Problems()
    suites = read_suites(suite_files(engine.book, folder), folder, engine.book, problems)
    return engine, suites, list(problems)


def ran(folder: Path, suite: str) -> tuple[Engine, list[Suite], list[Result]]:
    """The results of a suite that has no problems."""
    engine, suites, problems = opened(folder, suite)
    assert problems == [], [str(problem) for problem in problems]
    return engine, suites, run_trials(engine, trials_of(suites))
