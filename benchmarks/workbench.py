"""How long `check` and `test` take on a large book: 50 policies, 200 versions, 5,000 rules and 5,000 cases.

    python benchmarks/workbench.py [FOLDER]

The book is generated the same way each time. Each command runs in a process of its own; its time is that of the wall,
its memory the most that it held. The goals: check within 5 seconds, test within 20, memory under 500 MB. Ends with
status 1 where one is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
POLICIES, VERSIONS, CASES = 50, 4, 25
# Rules of a version: with the terms 25.
BLOCKERS, REVIEWS, ROWS = 12, 3, 9
REGIONS = [f"region-{number}" for number in range(12)]
GOALS = {"check": 5, "test": 20}
MEMORY = 500

BOOK = """\
schema: rescind/book/1
title: A large book
timezone: UTC
currency: USD
facts: rules/facts.yaml
policies:
"""
FACTS = """\
schema: rescind/facts/1
facts:
  resource:
    id: {{type: text}}
    kind: {{type: choice, choices: [{kinds}]}}
    region: {{type: choice, choices: [{regions}]}}
    frozen: {{type: flag}}
    jobs: {{type: integer, at_least: 0}}
  order:
    id: {{type: text}}
    amount: {{type: money, currency: USD}}
    months: {{type: integer, at_least: 0}}
    hours_used: {{type: integer, at_least: 0}}
    paid: {{type: instruments, currency: USD, choices: [cash, coupon]}}
  request:
    submitted_at: {{type: time, optional: true}}
    reviews:
      type: list
      default: []
      fields:
        by: {{type: text}}
        outcome: {{type: choice, choices: [approve, reject]}}
        decided_at: {{type: time}}
"""
HEAD = """\
schema: rescind/policy/1
policy: policy-{policy}
version: "{start}"
title: Policy {policy}
applies_to: {{resource.kind: kind_{policy}}}
refund:
  paid: order.paid
  terms:
    - id: usual
      deduct:
        consumed: order.paid.cash * order.hours_used / 1000
        fee: order.paid.cash * rate
      instruments: {{cash: remainder, coupon: none}}
blockers:
  - {{id: frozen, when: {{resource.frozen: true}}, message: The resource is frozen., remedy: Ask.}}
  - {{id: busy, when: {{resource.jobs: {{over: {version}}}}}, message: Jobs are running., remedy: Wait.}}
"""
BLOCKER = """\
  - id: region-{number}
    when:
      all:
        - resource.region: {region}
        - order.amount: {{over: {limit} USD}}
        - order.months: {{at_least: {months}}}
    message: Region {number} takes no orders of this size.
    remedy: Ask for region {number}.
"""
REVIEW = """\
  - id: large-{number}
    when: {{order.amount: {{over: {limit} USD}}, order.months: {{over: {number}}}}}
    by: manager_{number}
    within: {hours}h
    on_timeout: approve
"""
SUITE = """\
schema: rescind/cases/1
policy: policy-{policy}
version: "{start}"
at: {year}-06-01T12:00:00Z
facts:
  resource: {{id: r, kind: kind_{policy}, region: region-0, frozen: false, jobs: 0}}
  order:
    id: o
    amount: 100.00 USD
    months: 20
    hours_used: 100
    paid: {{cash: 100.00 USD, coupon: 5.00 USD}}
cases:
  - name: the usual
    expect:
      values: {{rate: 1%}}
      refund:
        total: 89.00 USD
        instruments: {{cash: 89.00 USD}}
        deductions: {{consumed: 10.00 USD, fee: 1.00 USD}}
  - name: frozen
    facts: {{resource.frozen: true}}
    expect: {{blockers: [frozen]}}
  - name: of another kind
    facts: {{resource.kind: kind_{other}}}
    expect: not_applicable
  - name: late
    facts: {{request.submitted_at: {year}-06-01T12:00:00Z, order.amount: {above}.00 USD}}
    expect:
      reviews: [large-0]
      states:
        - {{at: {year}-06-02T12:00:00Z, state: pending_review}}
        - {{at: {year}-06-02T12:00:01Z, state: auto_approved}}
  - name: jobs
    table:
      columns: [resource.jobs, expect.blockers]
      rows:
        - [{version}, []]
        - [{busy}, [busy]]
  - name: regions
    facts: {{order.amount: 900.00 USD}}
    table:
      columns: [resource.region, expect.blockers]
      rows:
        - [region-0, []]
        - [region-1, []]
        - [region-2, []]
        - [region-3, []]
        - [region-4, []]
        - [region-5, []]
  - name: rates
    table:
      columns: [order.months, expect.refund]
      rows:
"""
REVIEWED = """\
  - name: review {number}
    facts:
      order: {{amount: {amount}.00 USD, months: 20}}
    expect: {{reviews: {reviews}}}
"""


def book() -> Iterable[str]:
    """The book itself."""
    yield BOOK
    for policy in range(POLICIES):
        yield f"  - id: policy-{policy}\n    versions:\n"
        for version in range(VERSIONS):
            start = f"202{version}-01-01"
            file = f"rules/policy-{policy}/{start}.yaml"
            yield f'      - {{version: "{start}", in_force_from: {start}, file: {file}}}\n'


def rules(policy: int, version: int) -> Iterable[str]:
    """One version: 12 blockers, 3 reviews, a table of 9 rows, and terms."""
    yield HEAD.format(policy=policy, version=version, start=f"202{version}-01-01")
    for number in range(BLOCKERS - 2):
        limit = 100_000 + 1_000 * number + policy
        yield BLOCKER.format(number=number, region=REGIONS[number], limit=limit, months=number + 1)
    yield "review:\n"
    for number in range(REVIEWS):
        yield REVIEW.format(number=number, limit=1_000 * (number + 1) + policy, hours=24 * (number + 1))
    yield "values:\n  rate:\n"
    for number in range(ROWS - 1):
        yield f"    - {{when: {{order.months: {{at_most: {number}}}}}, is: {20 - 2 * number}%}}\n"
    yield "    - otherwise: 1%\n"


def cases(policy: int, version: int) -> Iterable[str]:
    """The suite of one version: 25 cases, most of them in tables."""
    year, limit = f"202{version}", 1_000 + policy
    yield SUITE.format(
        policy=policy, version=version, year=year, start=f"{year}-01-01",
        other=(policy + 1) % POLICIES, above=limit + 1, busy=version + 1,
    )  # fmt: skip
    for months in range(ROWS - 1):
        yield f"        - [{months}, {70 + 2 * months}.00 USD]\n"
    for number in range(5):
        above = number % 2
        yield REVIEWED.format(number=number, amount=limit + above, reviews="[large-0]" if above else "[]")


def generate(folder: Path) -> None:
    """Write the whole book."""
    kinds = ", ".join(f"kind_{number}" for number in range(POLICIES))
    write(folder / "policies.yaml", book())
    write(folder / "rules/facts.yaml", [FACTS.format(kinds=kinds, regions=", ".join(REGIONS))])
    for policy in range(POLICIES):
        for version in range(VERSIONS):
            place = folder / f"rules/policy-{policy}"
            write(place / f"202{version}-01-01.yaml", rules(policy, version))
            write(place / f"tests/202{version}-01-01.yaml", cases(policy, version))


def write(path: Path, parts: Iterable[str]) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(parts), "utf-8")


def measure(verb: str, folder: Path) -> tuple[float, float, int, str]:
    """Seconds of the wall, of the processor, megabytes and the last line of one command."""
    command = [sys.executable, str(ROOT / "cli.py"), verb, str(folder / "policies.yaml")]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    lines = output.strip().splitlines() or ["no output"]
    last = f"{lines[-1]} (status {process.returncode})"
    busy = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - started, busy, usage.ru_maxrss // 1024, last


def main() -> None:
    """Generate, run, compare with the goals."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="where to write the book; default: a temporary folder")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(folder or temporary)
        generate(place)
        versions = POLICIES * VERSIONS
        print(f"{POLICIES} policies, {versions} versions, {versions * 25} rules, {versions * CASES} cases")
        missed = False
        for verb, goal in GOALS.items():
            seconds, busy, megabytes, line = measure(verb, place)
            missed |= seconds > goal or megabytes > MEMORY
            figures = f"{seconds:6.2f} s of {goal} ({busy:.2f} s busy)   {megabytes:4} MB of {MEMORY}"
            print(f"{verb:5}  {figures}   {line}")
    sys.exit(missed)


if __name__ == "__main__":
    main()
