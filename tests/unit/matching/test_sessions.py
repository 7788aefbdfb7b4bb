"""Sessions come back whatever strikes: exceptions between any two steps, failures, threads, the end of memory.

The steps are those of the interpreter: a tracer stops before each operation of the runtime in turn. That is finer than
signals, which Python delivers only after calls, at the start of functions and where a loop goes back, and it leaves
nothing to luck.
"""

from __future__ import annotations

import dis
import errno
import functools
import gc
import itertools
import json
import mmap
import sys
import threading
import time
import types
from contextlib import contextmanager, suppress

import durable_rules_engine
import pytest
from rescind import Engine
from rescind.matching import durable_runtime as runtime
from rescind.matching.durable_runtime import Ruleset
from rescind.matching.ruleset_limits import MAX_SIDS, SENTINEL, SIDS_AT_LOAD
from rescind.problems.exceptions import EngineError


def rule(*atoms):
    return {"all": [{"m": {"$and": list(atoms)}}]}


def shard(number):
    rules = {f"{number}-over-{limit}": rule({"$gt": {"f0": limit}}) for limit in (5, 7)}
    return {"fields": ["f0"], "rules": {SENTINEL: rule({"k": 1}), **rules}}


def stage(shards=2):
    return Ruleset("s", ["f0"], [shard(number) for number in range(shards)])


def answers_right(ruleset):
    """Whether all three records are answered right, the last one before the first again."""
    return [ruleset.fire([value]) for value in (9, 0, 6)] == [
        ["0-over-5", "0-over-7", "1-over-5", "1-over-7"],
        [],
        ["0-over-5", "1-over-5"],
    ]


def nothing(*_):
    """What happens before a call, usually."""


class Extension:
    """The extension, counting the rulesets that live; `before` sees each call by its name."""

    error = durable_rules_engine.error

    def __init__(self):
        self.alive = 0
        self.before = nothing

    def __getattr__(self, name):
        def call(*arguments):
            self.before(name)
            answer = getattr(durable_rules_engine, name)(*arguments)
            self.alive += {"create_ruleset": 1, "delete_ruleset": -1}.get(name, 0)
            return answer

        return call


@pytest.fixture
def extension(monkeypatch):
    extension = Extension()
    monkeypatch.setattr(runtime, "_load_extension", lambda: extension)
    return extension


def sids_in(handle):
    """The sids that the extension remembers in a ruleset; None where there is no such ruleset."""
    found = set()
    for sid in map(str, range(MAX_SIDS)):
        try:
            durable_rules_engine.get_state(handle, sid)
        except durable_rules_engine.error as error:
            if "111" in str(error):
                return None
        else:
            found.add(sid)
    return found


AROUND_EXCEPT = {"PUSH_EXC_INFO", "POP_EXCEPT", "RERAISE"}
STRUCK = "StruckError('time is up')"


class StruckError(TimeoutError):
    """What a signal handler of the caller raises. Also an `OSError`, as real timeouts are."""


class Strike:
    """Strikes before the operation of the runtime with a number, from 0; `struck` says whether it came to that."""

    def __init__(self, step, strike):
        self.left, self.strike, self.struck = step, strike, False

    def before(self, code, offset):
        # Passed over: an exception there, where no signal comes, would be chained to all later ones.
        if not self.struck and dis.opname[code.co_code[offset]] not in AROUND_EXCEPT:
            self.left -= 1
            if self.left < 0:
                self.struck = True
                self.strike()


def strike_before(step, act, strike):
    """Do `act`, and `strike` before the operation of the runtime with that number; say whether there was one."""
    found = Strike(step, strike)
    with (monitored if sys.version_info >= (3, 12) else traced)(found.before):
        act()
    return found.struck


@contextmanager
def traced(before):
    def trace(frame, event, _):
        if frame.f_code.co_filename != runtime.__file__:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            before(frame.f_code, frame.f_lasti)
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)


@contextmanager
def monitored(before):
    """Since Python 3.12, which misses operations where it traces."""
    tool, instruction = sys.monitoring.OPTIMIZER_ID, sys.monitoring.events.INSTRUCTION
    sys.monitoring.use_tool_id(tool, "strike")
    sys.monitoring.register_callback(tool, instruction, before)
    for code in codes_of(runtime):
        sys.monitoring.set_local_events(tool, code, instruction)
    try:
        yield
    finally:
        for code in codes_of(runtime):
            sys.monitoring.set_local_events(tool, code, 0)
        sys.monitoring.free_tool_id(tool)


@functools.cache
def codes_of(module):
    """The code of every function of a module, of its methods and of the functions within functions."""
    functions = [each for each in gc.get_objects() if isinstance(each, types.FunctionType)]
    waiting = [each.__code__ for each in functions if each.__code__.co_filename == module.__file__]
    found = {}
    while waiting:
        code = waiting.pop()
        found[code] = None
        waiting += [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return tuple(found)


def steps(act, strike, prepare=tuple):
    """Strike before each step of `act` in turn; yield what came of it: the exception, as text, or nothing.

    The exception itself goes, for its traceback holds the frames and what they own. Garbage of other tests is not
    collected meanwhile: Python swallows what strikes in a finalizer.
    """
    gc.collect()
    gc.disable()
    try:
        yield from _steps(act, strike, prepare)
    finally:
        gc.enable()


def _steps(act, strike, prepare):
    prepare()
    act()
    for step in itertools.count():
        prepare()
        try:
            if not strike_before(step, act, strike):
                return
            came = ""
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller of this judges it
            came = repr(error)
        yield came


def struck():
    raise StruckError("time is up")


def nothing_is_lost(ruleset):
    """Whether the session that a step lost is found, and the extension remembers just what the stage knows of."""
    ruleset._reap()
    known = set(ruleset._sessions)
    return len(ruleset._idle) == len(known) and all(sids_in(shard[0]) == known for shard in ruleset._shards)


def fail_to_retract(name):
    if name == "retract_fact":
        raise durable_rules_engine.error("no")


@pytest.mark.parametrize("situation", ["idle session", "new session", "failing session"])
def test_an_exception_before_any_step_of_a_decision_costs_no_session(extension, situation):
    ruleset = stage()

    def prepare():
        extension.before = fail_to_retract if situation == "failing session" else nothing
        if situation == "new session":
            ruleset._idle.clear()

    def decide():
        with suppress(EngineError):  # where the session fails
            ruleset.fire([6])

    count = 0
    for came in steps(decide, struck, prepare):
        count += 1
        assert came == STRUCK
        extension.before = nothing
        assert answers_right(ruleset)
        assert nothing_is_lost(ruleset)
    assert count > 100


def test_exceptions_that_are_kept_with_their_tracebacks_hold_no_session_for_ever(extension, monkeypatch):
    monkeypatch.setattr(runtime, "MAX_SIDS", 4)
    ruleset = stage()
    kept = []

    def fail(name):
        if name == "complete_and_start_action":
            raise StruckError

    for _ in range(20):
        extension.before = fail
        with pytest.raises(StruckError) as error:
            ruleset.fire([6])
        kept.append(error.value)
        extension.before = nothing
        assert answers_right(ruleset)
    assert len(kept) == 20
    assert nothing_is_lost(ruleset)


def test_a_stage_that_is_struck_while_it_is_made_leaves_no_ruleset(extension, monkeypatch):
    definitions = runtime._verify("s", ("f0",), [shard(0)])
    monkeypatch.setattr(runtime, "_verify", lambda *_: definitions)  # many steps in which nothing is made
    monkeypatch.setattr(runtime, "SIDS_AT_LOAD", 1)
    count = 0
    made = []
    for came in steps(lambda: made.append(stage(1)), struck):
        assert came == STRUCK
        made.clear()
        assert extension.alive == 0
        count += 1
    assert count > 300


def close(made):
    made[0].close()


def test_a_stage_that_is_struck_while_it_is_closed_is_closed_by_the_next_who_tries(extension):
    made = []

    def prepare():
        made[:] = [stage()]
        answers_right(made[0])

    count = 0
    for came in steps(lambda: close(made), struck, prepare):
        assert came == STRUCK
        handles = [shard[0] for shard in made[0]._shards]
        made[0].close()
        made[0].close()
        assert [sids_in(handle) for handle in handles] == [None, None]
        assert extension.alive == 0
        with pytest.raises(EngineError, match="closed"):
            made[0].fire([6])
        count += 1
    assert count > 30


@pytest.mark.parametrize("situation", ["idle session", "new session"])
def test_a_signal_handler_may_decide_before_any_step_of_a_decision(extension, situation):
    ruleset = stage()
    inner, outer = [], []

    def handler():
        sys.settrace(None)
        inner.append(ruleset.fire([9]))

    def prepare():
        if situation == "new session":
            ruleset._idle.clear()

    for came in steps(lambda: outer.append(ruleset.fire([6])), handler, prepare):
        assert came == ""
    assert len(outer) == len(inner) + 2 > 50  # the first decision and the last are not struck
    assert all(rules == ["0-over-5", "1-over-5"] for rules in outer)
    assert all(rules == ["0-over-5", "0-over-7", "1-over-5", "1-over-7"] for rules in inner)
    assert nothing_is_lost(ruleset)


def test_a_signal_handler_may_close_the_stage_before_any_step_of_a_decision(extension):
    made = []

    def prepare():
        made[:] = [stage()]

    for came in steps(lambda: made[0].fire([6]), lambda: close(made), prepare):
        assert came == "" or "is closed" in came
        made[0].close()
        assert extension.alive == 0


def test_many_failures_use_nothing_up(extension, monkeypatch):
    monkeypatch.setattr(runtime, "MAX_SIDS", 3)
    ruleset = stage()
    for _ in range(500):
        extension.before = fail_to_retract
        with pytest.raises(EngineError, match="the rules engine failed"):
            ruleset.fire([6])
        extension.before = nothing
        assert ruleset.fire([6]) == ["0-over-5", "1-over-5"]
    assert nothing_is_lost(ruleset)
    assert len(ruleset._sessions) <= 3


def test_some_sessions_are_there_from_the_start(extension):
    ruleset = stage()
    assert len(ruleset._idle) == SIDS_AT_LOAD
    calls = []
    extension.before = calls.append
    assert ruleset.fire([0]) == []
    assert calls == ["assert_fact", "start_action_for_state", "complete_and_start_action", "retract_fact"] * 2


def test_beyond_the_bound_threads_wait_for_a_session(extension, monkeypatch):
    monkeypatch.setattr(runtime, "MAX_SIDS", 2)
    ruleset = stage()
    inside, most, right = [], [], []

    def dawdle(name):
        if name == "start_action_for_state":
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.002)
            inside.pop()

    extension.before = dawdle
    threads = [threading.Thread(target=lambda: right.append(answers_right(ruleset))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 12
    assert max(most) == 2 == len(ruleset._sessions)


def test_who_waits_in_vain_is_told_and_a_session_that_was_lost_meanwhile_is_found(monkeypatch):
    monkeypatch.setattr(runtime, "MAX_SIDS", 3)
    monkeypatch.setattr(runtime, "SID_WAIT_SECONDS", 0.02)
    ruleset = stage()
    busy = [ruleset._idle.pop(), ruleset._idle.pop(), ruleset._open()]
    with pytest.raises(EngineError, match="all 3 sessions are in use"):
        ruleset.fire([6])
    monkeypatch.setattr(runtime, "SID_WAIT_SECONDS", 60)
    timer = threading.Timer(0.05, busy.pop)
    timer.start()
    assert answers_right(ruleset)
    timer.join()


def test_the_names_are_used_again_and_the_extension_never_holds_more_than_the_bound():
    ruleset = stage(1)
    for _ in range(3):
        busy = [ruleset._open() for _ in range(MAX_SIDS - SIDS_AT_LOAD)]
        assert len(sids_in(ruleset._shards[0][0])) == MAX_SIDS
        busy.clear()
        ruleset._reap()
        assert len(sids_in(ruleset._shards[0][0])) == SIDS_AT_LOAD


def test_without_memory_for_a_session_there_is_an_error_and_later_a_session(extension, monkeypatch):
    ruleset = stage()
    ruleset._idle.clear()
    real, asked = mmap.mmap, []

    def refused(where, size, **flags):
        asked.append(size)
        raise OSError(errno.ENOMEM, "no memory")

    monkeypatch.setattr(mmap, "mmap", refused)
    with pytest.raises(EngineError, match="too little memory"):
        ruleset.fire([6])
    with pytest.raises(EngineError, match="too little memory"):
        stage()
    assert all(2 * 900_000 < size < 20 * 2**20 for size in asked)
    assert extension.alive == 2  # those of the first stage
    monkeypatch.setattr(mmap, "mmap", real)
    assert answers_right(ruleset)
    assert nothing_is_lost(ruleset)


def book(folder):
    """A policy of two stages, so that its program makes one ruleset after the other."""
    files = {
        "policies.yaml": {
            "schema": "rescind/book/1", "title": "t", "timezone": "UTC", "facts": "facts.yaml",
            "policies": [{"id": "p", "versions": [{"version": "1", "in_force_from": "2024-01-01", "file": "p.yaml"}]}],
        },
        "facts.yaml": {
            "schema": "rescind/facts/1",
            "facts": {"n": {"type": "integer"}, "paid": {"type": "instruments", "choices": ["cash"]}},
        },
        "p.yaml": {
            "schema": "rescind/policy/1", "policy": "p", "version": "1", "title": "t",
            "blockers": [{"id": "b", "when": {"n": 1}, "message": "no"}],
            "review": [
                {"id": "r", "when": {"refund.total": {"over": "5 USD"}}, "by": "x", "within": "1h",
                 "on_timeout": "approve"}
            ],
            "refund": {"paid": "paid", "terms": [{"id": "t", "instruments": {"cash": "remainder"}}]},
        },
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).write_text(json.dumps(data), "utf-8")
    return folder


@pytest.mark.parametrize("failing", range(2))
def test_a_policy_whose_stages_are_made_by_half_is_made_anew_the_next_time(extension, tmp_path, failing):
    engine = Engine.load(book(tmp_path), drafts=True)
    made = extension.alive
    left = [failing]

    def interrupt(name):
        if name == "create_ruleset":
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

    def outcome(n, cash):
        return engine.decide({"n": n, "paid": {"cash": cash}}, at="2024-11-05T09:00:00Z").outcome

    extension.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        outcome(1, "9 USD")
    gc.collect()
    assert extension.alive == made
    extension.before = nothing
    assert [outcome(1, "9 USD"), outcome(2, "5 USD"), outcome(2, "9 USD")] == [
        "blocked",
        "allowed",
        "review_required",
    ]
    assert extension.alive == made + 2
