"""One engine under eight threads and after `fork`, and memory that stays flat however much is decided or reloaded."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rescind import Engine

ROOT = Path(__file__).parents[2]
AT = "2027-01-01T00:00:00+08:00"  # after every submission in the examples


@pytest.fixture(scope="module")
def cases():
    with (ROOT / "examples" / "cases.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines][::5]


@pytest.fixture(scope="module")
def engine():
    return Engine.load(ROOT, drafts=True)


@pytest.fixture(scope="module")
def answers(engine, cases):
    return [engine.decide(case, at=AT).to_json() for case in cases]


def wrong_answers(engine, cases, answers, seed, rounds=1):
    """The numbers of the cases that are decided otherwise now, in a random order."""
    order = list(range(len(cases))) * rounds
    random.Random(seed).shuffle(order)
    return [number for number in order if engine.decide(cases[number], at=AT).to_json() != answers[number]]


def in_threads(engine, cases, answers, rounds):
    wrong, errors = [], []

    def work(seed):
        try:
            wrong.extend(wrong_answers(engine, cases, answers, seed, rounds))
        except Exception as error:  # noqa: BLE001 - a thread's error would be lost
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return wrong, errors


def test_eight_threads_on_one_engine_answer_as_one_does(engine, cases, answers):
    assert len(set(answers)) > 100
    assert in_threads(engine, cases, answers, 1) == ([], [])


def test_children_of_a_fork_go_on_with_the_engine(engine, cases, answers):
    children = []
    for seed in range(3):
        child = os.fork()
        if not child:
            status = 1
            try:
                status = bool(wrong_answers(engine, cases, answers, seed))
            finally:
                os._exit(status)
        children.append(child)
    assert not wrong_answers(engine, cases, answers, 9)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]


@pytest.mark.soak
def test_eight_threads_for_long(engine, cases, answers):
    assert in_threads(engine, cases, answers, 150) == ([], [])


MEMORY = f"""
import gc, json, resource, sys
from pathlib import Path
from rescind import Engine
ROOT = Path({str(ROOT)!r})
AT = {AT!r}
cases = [json.loads(line) for line in (ROOT / "examples" / "cases.jsonl").read_text("utf-8").splitlines()]
def resident():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
"""
DECISIONS = """
engine = Engine.load(ROOT, drafts=True)
def decide(first, count):
    for number in range(first, first + count):
        case = cases[number % len(cases)]
        if fresh:  # an amount and a time that no case had before
            amount = f"{number // 100}.{number % 100:02} USD"
            case = case | {"order": case["order"] | {"amount": amount}}
        engine.decide(case, at=AT).to_json()
decide(0, warm)
before = resident()
decide(warm, count)
"""
RELOADS = """
def reload(count):
    for number in range(count):
        engine = Engine.load(folder, drafts=True)
        assert [engine.decide(case, at=AT).outcome for case in given]
reload(warm)
before = resident()
reload(count)
"""
needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")


def grown(script, seconds=120, **settings):
    """By how many bytes a process grows while a script runs, once it is warm."""
    lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
    done = subprocess.run(
        [sys.executable, "-c", f"{MEMORY}{lines}\n{script}\nprint(resident() - before)"],
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    print(f"{settings}: grown by {done.stdout.strip()} bytes")  # noqa: T201 - the figure for the record
    return int(done.stdout)


@needs_proc
def test_memory_stays_flat_over_decisions():
    assert grown(DECISIONS, warm=1_000, count=3_000, fresh=False) < 500_000


SMALL_BOOK = {
    "policies.yaml": """
schema: rescind/book/1
title: small
timezone: UTC
facts: facts.yaml
policies: [{id: p, versions: [{version: "1", in_force_from: 2024-01-01, file: p.yaml}]}]
""",
    "facts.yaml": "schema: rescind/facts/1\nfacts: {size: {type: integer}}\n",
    "p.yaml": """
schema: rescind/policy/1
policy: p
version: "1"
title: small
values: {twice: size * 2}
blockers: [{id: b, when: {size: [1, 2, 3]}, message: "no"}]
review: [{id: r, when: {twice: {over: 10}}, by: somebody, within: 24h, on_timeout: approve}]
""",
}


@needs_proc
def test_memory_stays_flat_over_reloads(tmp_path):
    # Two rulesets a time: left alone, each would keep 90 kB and more, 11 MB in all. The heap has settled by then.
    for name, text in SMALL_BOOK.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = [{"size": 2}, {"size": 6}]
    assert grown(RELOADS, warm=200, count=60, folder=repr(str(tmp_path)), given=given) < 4_000_000


@needs_proc
@pytest.mark.soak
def test_memory_stays_flat_over_a_million_decisions():
    assert grown(DECISIONS, 3_000, warm=20_000, count=1_000_000, fresh=False) < 2_000_000


@needs_proc
@pytest.mark.soak
def test_memory_stays_flat_over_amounts_never_seen():
    # What is remembered of texts already read is bounded: before the count begins it is full and has stopped growing.
    assert grown(DECISIONS, 3_000, warm=500_000, count=500_000, fresh=True) < 2_000_000


@needs_proc
@pytest.mark.soak
def test_memory_stays_flat_over_a_thousand_reloads():
    assert grown(RELOADS, 3_000, warm=100, count=1_000, folder="ROOT", given="cases[:20]") < 4_000_000
