"""Sessions under real signals, thousands of failures, and with the memory nearly used up; each in a child process.

A child that crashes is what these look for: its status is negative then. `tests/unit/matching/test_sessions.py` shows
the same step by step, without luck.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")

# ruff: noqa: E501 - the scripts below stand in strings
PRELUDE = """
import itertools, json, random, resource, signal, sys, time
from pathlib import Path
from rescind import Engine
from rescind.matching import durable_runtime
from rescind.matching.durable_runtime import Ruleset
from rescind.matching.ruleset_limits import MAX_SIDS
from rescind.problems.exceptions import EngineError
import durable_rules_engine

def pages(which):
    "The size (0) or the resident part (1) of this process, in bytes."
    return int(Path("/proc/self/statm").read_text().split()[which]) * resource.getpagesize()

def rule(*atoms):
    return {"all": [{"m": {"$and": list(atoms)}}]}

def stage(rules, shards=1):
    numbered = lambda shard: {f"{shard}-{n}": rule({"$gt": {"f0": n}}) for n in range(rules)}
    return Ruleset("s", ["f0"], [{"fields": ["f0"], "rules": {"sentinel": rule({"k": 1}), **numbered(shard)}} for shard in range(shards)])

def right(ruleset, rules, value, shards=1):
    return ruleset.fire([value]) == [f"{shard}-{n}" for shard in range(shards) for n in range(min(rules, value))]
"""


def run(script, limit=60, **settings):
    lines = "\n".join(f"{name} = {value!r}" for name, value in settings.items())
    # Freed and fresh memory is filled with rubbish, so that a read of unset memory cannot pass by luck.
    environment = {**os.environ, "MALLOC_PERTURB_": "165"}
    return subprocess.run(
        [sys.executable, "-c", f"{PRELUDE}{lines}\n{script}"],
        capture_output=True,
        text=True,
        timeout=limit,
        cwd=ROOT,
        env=environment,
        check=False,
    )


STORM = """
class Struck(TimeoutError):
    pass

def strike(*_):
    raise Struck

def storm(act, longest):
    "Act until the time is over while a signal strikes, at random moments; count how often it did."
    rng, end, struck = random.Random(seed), time.monotonic() + seconds, 0
    signal.signal(signal.SIGALRM, strike)
    for number in itertools.count():
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, longest))
                act(number)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except Struck:
            struck += 1
        if time.monotonic() > end:
            return struck
"""

OPENING = (
    STORM
    + """
ruleset = stage(60, 2)
def act(number):
    ruleset._idle.clear()
    assert right(ruleset, 60, number % 70, 2)
before = pages(1)
struck = storm(act, 2e-3)
assert right(ruleset, 60, 7, 2)
ruleset._reap()
assert len(ruleset._sessions) <= 2, ruleset._sessions
print(struck, "interrupts, resident", before // 2**20, "to", pages(1) // 2**20, "MB")
assert struck > 100 * seconds and pages(1) - before < 15_000_000
"""
)

DECIDING = (
    STORM
    + """
cases = [json.loads(line) for line in Path("examples/cases.jsonl").read_text("utf-8").splitlines()][::40]
engine = Engine.load(".", drafts=True)
decide = lambda number: engine.decide(cases[number % len(cases)], at="2027-01-01T00:00:00+08:00").to_json()
answers = [decide(number) for number in range(len(cases))]
before = pages(1)
def act(number):
    assert decide(number) == answers[number % len(cases)]
struck = storm(act, 4e-4)
assert [decide(number) for number in range(len(cases))] == answers
print(struck, "interrupts, resident", before // 2**20, "to", pages(1) // 2**20, "MB")
assert struck > 100 * seconds and pages(1) - before < 15_000_000
"""
)


@pytest.mark.parametrize("script", [OPENING, DECIDING], ids=["opening sessions", "deciding"])
def test_a_storm_of_signals_wears_nothing_out(script):
    done = run(script, seed=1, seconds=2)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.soak
@pytest.mark.parametrize("script", [OPENING, DECIDING], ids=["opening sessions", "deciding"])
@pytest.mark.parametrize("seed", range(3))
def test_a_long_storm_of_signals_wears_nothing_out(script, seed):
    done = run(script, 200, seed=seed, seconds=60)
    print(done.stdout)  # noqa: T201 - the figures for the record
    assert done.returncode == 0, done.stderr[-2000:]


def test_twelve_thousand_failed_decisions_wear_nothing_out():
    done = run("""
class Extension:
    error, failing = durable_rules_engine.error, False
    def __getattr__(self, name):
        call = getattr(durable_rules_engine, name)
        if name == "retract_fact" and self.failing:
            raise self.error("no")
        return call
extension = Extension()
durable_runtime._load_extension = lambda: extension
ruleset = stage(9)
def fail(times):
    for number in range(times):
        extension.failing = True
        try:
            ruleset.fire([number % 12])
            raise SystemExit("did not fail")
        except EngineError:
            extension.failing = False
        assert right(ruleset, 9, number % 12)
fail(500)
before = pages(1)
fail(11_500)
assert pages(1) - before < 2_000_000, pages(1) - before
""")
    assert done.returncode == 0, done.stderr[-2000:]


# Children, each with its limit of memory; prints how they ended: 0 is a right answer, 3 a refusal.
LIMITED = """
import os
from collections import Counter

def act(what, ruleset, rules, shards):
    kept = [ruleset._open() for _ in range(30 if what == "open many" else 0)]
    assert right(ruleset, rules, 7, shards)
    if what == "make":
        assert right(stage(rules, shards), rules, 7, shards)

def child(what, kilobytes, rules, shards):
    ruleset, status = stage(rules, shards), 9
    if what != "decide":
        ruleset._idle.clear()
    resource.setrlimit(resource.RLIMIT_AS, (pages(0) + kilobytes * 1024,) * 2)
    try:
        act(what, ruleset, rules, shards)
        status = 0
    except (EngineError, MemoryError):
        status = 3
    finally:
        os._exit(status)

ended = Counter()
for kilobytes in [*range(0, 1000, 100), *range(1000, 20_000, 1000), 40_000, 80_000, 160_000]:
    for rules, shards in ((4, 1), (60, 1), (60, 3)):
        pid = os.fork()
        if not pid:
            child(what, kilobytes, rules, shards)
        ended[os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])] += 1
print(json.dumps(ended))
"""


@pytest.mark.parametrize("what", ["decide", "open", "open many", "make"])
def test_with_the_memory_nearly_used_up_a_decision_is_right_or_an_error(what):
    done = run(LIMITED, what=what)
    assert done.returncode == 0, done.stderr[-2000:]
    ended = json.loads(done.stdout)
    print(what, ended)  # noqa: T201 - the figures for the record
    assert ended.keys() == ({"0"} if what == "decide" else {"0", "3"})  # no crash: those are negative
