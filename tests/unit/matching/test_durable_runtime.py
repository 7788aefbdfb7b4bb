"""The runtime answers exactly what the rules say, or raises."""

from __future__ import annotations

import gc
import itertools
import operator
import pickle
import subprocess
import sys
import threading

import durable_rules_engine
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.matching import durable_runtime as runtime
from rescind.matching.durable_runtime import Ruleset
from rescind.matching.ruleset_limits import (
    INT_MAX,
    INT_MIN,
    MAX_SIDS,
    OPERATORS,
    SENTINEL,
    SIDS_AT_LOAD,
    name_hash,
)
from rescind.problems.exceptions import EngineError

MEANING = {
    "": operator.eq,
    "$neq": operator.ne,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
}


def atom(symbol, field, literal):
    return {symbol: {field: literal}} if symbol else {field: literal}


def rule(*atoms):
    return {"all": [{"m": {"$and": [atom(*parts) for parts in atoms]}}]}


def shard(fields, rules):
    return {"fields": list(fields), "rules": {SENTINEL: rule(("", "k", 1)), **rules}}


def over(limit):
    return shard(["f0"], {f"over-{limit}": rule(("$gt", "f0", limit))})


class Spy:
    """The extension. Each call is noted as `(name, *arguments)` and passed to `before`; `lies` replace answers."""

    error = durable_rules_engine.error

    def __init__(self):
        self.calls = []
        self.before = None
        self.lies = {}

    def __getattr__(self, name):
        def call(*arguments):
            self.calls.append((name, *arguments))
            if self.before:
                self.before(self.calls[-1])
            answer = getattr(durable_rules_engine, name)(*arguments)
            return self.lies.get(name, answer)

        return call

    def count(self, name):
        return sum(call[0] == name for call in self.calls)


@pytest.fixture
def spy(monkeypatch):
    spy = Spy()
    monkeypatch.setattr(runtime, "_load_extension", lambda: spy)
    return spy


def test_the_rules_that_hold_are_named_in_their_order_without_the_sentinel():
    rules = {f"over-{limit}": rule(("$gt", "f0", limit)) for limit in (30, 10, 20)}
    assert Ruleset("s", ["f0"], [shard(["f0"], rules)]).fire([25]) == ["over-10", "over-20"]


def test_shards_are_matched_one_after_the_other_each_on_its_own_columns():
    first = shard(["f2"], {"a": rule(("", "f2", 3))})
    second = shard(["f2", "f0"], {"b": rule(("", "f0", 1), ("", "f2", 3)), "c": rule(("$gt", "f0", 1))})
    third = shard([], {})
    ruleset = Ruleset("s", ["f0", "f1", "f2"], [first, second, third])
    assert ruleset.fire([1, 2, 3]) == ["a", "b"]
    assert ruleset.fire((9, 2, 3)) == ["a", "c"]


def test_the_sentinel_may_stand_anywhere_in_the_definition():
    reordered = {"fields": ["f0"], "rules": {"a": rule(("", "f0", 1)), SENTINEL: rule(("", "k", 1))}}
    assert Ruleset("s", ["f0"], [reordered]).fire([1]) == ["a"]


@pytest.mark.parametrize("end", [INT_MIN, INT_MAX])
def test_integers_compare_exactly_at_the_ends_of_the_range(end):
    near = [end, end - 1] if end > 0 else [end, end + 1]
    rules = {
        f"{symbol or '=='}".strip("$").replace("==", "eq"): rule((symbol, "f0", end)) for symbol in MEANING
    }
    ruleset = Ruleset("s", ["f0"], [shard(["f0"], rules)])
    for value in near:
        expected = [(symbol or "eq").strip("$") for symbol, holds in MEANING.items() if holds(value, end)]
        assert ruleset.fire([value]) == expected


numbers = st.sampled_from([INT_MIN, INT_MIN + 1, -1, 0, 1, 2, 10**15, INT_MAX - 1, INT_MAX]) | st.integers(
    INT_MIN, INT_MAX
)


@st.composite
def stages(draw):
    fields = [f"f{number}" for number in range(draw(st.integers(1, 5)))]
    atoms = st.tuples(st.sampled_from(["", *OPERATORS]), st.sampled_from(fields), numbers)
    bodies = draw(st.lists(st.lists(atoms, min_size=1, max_size=4), max_size=12, unique_by=frozenset))
    records = draw(st.lists(st.tuples(*[numbers] * len(fields)), min_size=1, max_size=5))
    return fields, {f"r{place}": body for place, body in enumerate(bodies)}, records


@given(stages(), st.booleans())
def test_random_rules_agree_with_python(stage, split):
    fields, bodies, records = stage
    named = {name: rule(*body) for name, body in bodies.items()}
    halves = [dict(list(named.items())[:6]), dict(list(named.items())[6:])] if split else [named]
    ruleset = Ruleset("s", fields, [shard(fields, half) for half in halves])
    for record in records:
        row = dict(zip(fields, record, strict=True))
        expected = [
            name
            for name, body in bodies.items()
            if all(MEANING[op](row[field], value) for op, field, value in body)
        ]
        assert ruleset.fire(record) == expected


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], "expected 1 values, found 0"),
        ([1, 2], "expected 1 values, found 2"),
        ([True], "`True`"),
        ([1.0], "`1.0`"),
        ([float("nan")], "`nan`"),
        (["1"], "`'1'`"),
        ([None], "`None`"),
        ([INT_MAX + 1], "outside the 64-bit integers"),
        ([INT_MIN - 1], "outside the 64-bit integers"),
        ([10**5000], "outside the 64-bit integers"),
    ],
)
def test_values_that_are_not_the_record_are_refused_and_the_next_record_is_answered(values, found):
    ruleset = Ruleset("stage-7", ["f0"], [over(5)])
    with pytest.raises(EngineError, match="stage-7") as error:
        ruleset.fire(values)
    assert found in str(error.value)
    assert ruleset.fire([6]) == ["over-5"]


GOOD = rule(("", "f0", 1))
SENTINEL_RULE = rule(("", "k", 1))


@pytest.mark.parametrize(
    "shards",
    [
        [],
        ["text"],
        [{"fields": ["f0"]}],
        [{"fields": "f0", "rules": {SENTINEL: SENTINEL_RULE}}],
        [{"fields": ["f0"], "rules": {SENTINEL: SENTINEL_RULE}, "more": 1}],
        [{"fields": ["f0"], "rules": {"a": GOOD}}],
        [{"fields": ["f0"], "rules": {SENTINEL: GOOD}}],
        [{"fields": ["f0"], "rules": {SENTINEL: rule(("", "k", 0))}}],
        [{"fields": ["f0"], "rules": {SENTINEL: rule(("$gt", "k", 1))}}],
        [shard(["f9"], {})],
        [shard(["f0", "f0"], {})],
        [shard([1], {})],
        [shard(["f0"], {"a": rule(("", "f1", 1))})],
        [shard(["f0"], {"a": rule(("", "k", 1))})],
        [shard(["f0"], {"a": rule()})],
        [shard(["f0"], {"a": rule(("$eq", "f0", 1))})],
        [shard(["f0"], {"a": rule(("$ex", "f0", 1))})],
        [shard(["f0"], {"a": rule(("", "f0", True))})],
        [shard(["f0"], {"a": rule(("", "f0", 1.5))})],
        [shard(["f0"], {"a": rule(("", "f0", {"$m": "f0"}))})],
        [shard(["f0"], {"a": {"all": [{"m": {"$and": [{"f0": 1, "$gt": {"f0": 0}}]}}]}})],
        [shard(["f0"], {"a": {"all": [{"m": {"$and": [{"$gt": {"f0": 0, "k": 1}}]}}]}})],
        [shard(["f0"], {"a": {"all": [{"m": {"$or": [{"f0": 1}]}}]}})],
        [shard(["f0"], {"a": {"any": [{"m": {"$and": [{"f0": 1}]}}]}})],
        [shard(["f0"], {"a": {"all": [{"m": {"$and": [{"f0": 1}]}}], "count": 2}})],
        [shard(["f0"], {"a": {"all": [{"m": {"$and": [{"f0": 1}]}}] * 2}})],
        [shard(["f0"], {"a": {"all": [{"m$not": {"$and": [{"f0": 1}]}}]}})],
        [shard(["f0"], {'a"': GOOD})],
        [shard(["f0"], {"a\\": GOOD})],
        [shard(["f0"], {"é": GOOD})],
        [shard(["f0"], {"": GOOD})],
        [shard(["f0"], {1: GOOD})],
        [
            shard(
                ["f0"],
                {"a": rule(("", "f0", 1), ("$gt", "f0", 0)), "b": rule(("$gt", "f0", 0), ("", "f0", 1))},
            )
        ],
        [shard(["f0"], {"a": GOOD}), shard(["f0"], {"a": rule(("", "f0", 2))})],
    ],
)
def test_a_definition_outside_the_safe_subset_is_refused(shards, spy):
    with pytest.raises(EngineError, match="stage `s`: "):
        Ruleset("s", ["f0", "k"], shards)
    assert spy.calls == []


def test_a_column_declared_twice_in_the_stage_is_refused():
    with pytest.raises(EngineError, match="appears twice"):
        Ruleset("s", ["f0", "f0"], [over(1)])


@pytest.mark.parametrize(
    "fields",
    [
        ["oaysvct", "gldiswm"],
        ["abmnmbl_"],
        ["acfrsgcx"],
        ["avophgxr"],
        ["aokoqmd7"],
        ["atwcoce4"],
        ["sid"],
        ["id"],
    ],
)
def test_column_names_that_share_a_hash_with_another_name_are_refused(fields):
    with pytest.raises(EngineError, match="hash of a column name appears twice"):
        Ruleset("s", fields, [shard(fields, {})])


def test_no_two_sessions_and_no_fact_and_state_fact_share_a_hash():
    sids = {name_hash(str(number)) for number in range(MAX_SIDS)}
    assert len(sids) == MAX_SIDS
    state_facts = {name_hash(f"sid-{number}") for number in range(MAX_SIDS)}
    assert state_facts.isdisjoint(
        {name_hash(str(number)) for number in range(1, runtime._IDS_PER_SESSION + 1)}
    )


def test_name_hash_is_the_hash_that_the_extension_knows_its_words_by():
    assert (name_hash("id"), name_hash("sid"), name_hash("$and")) == (926444256, 3593476751, 3746487396)


STEPS = ["assert_fact", "start_action_for_state", "complete_and_start_action", "retract_fact"]


class Cut(BaseException):
    """What a timeout may raise from outside."""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "raised", [durable_rules_engine.error, MemoryError, RuntimeError, TimeoutError, KeyboardInterrupt, Cut]
)
def test_after_a_failure_inside_the_session_is_ended(spy, step, raised):
    ruleset = Ruleset("s", ["f0"], [over(5), over(7)])
    failure = raised("what")

    def fail(call):
        if call[0] == step:
            raise failure

    spy.before = fail
    with pytest.raises(BaseException, match="what") as error:
        ruleset.fire([8])
    if raised in {durable_rules_engine.error, MemoryError}:
        assert type(error.value) is EngineError
    else:  # what another raised, from a signal handler say, stays what it is
        assert error.value is failure
    spy.before = None
    assert spy.count("delete_state") == 2
    assert ruleset.fire([6]) == ["over-5"]
    assert len(ruleset._sessions) == SIDS_AT_LOAD - 1


@pytest.mark.parametrize("step", ["assert_fact", "start_action_for_state"])
@pytest.mark.parametrize("raised", [durable_rules_engine.error, MemoryError])
def test_a_session_that_does_not_begin_ends_the_stage_for_its_memory_is_unknown(spy, step, raised):
    ruleset = Ruleset("s", ["f0"], [over(5), over(7)])
    ruleset._idle.clear()

    def fail(call):
        if call[0] == step:
            raise raised

    spy.before = fail
    with pytest.raises(EngineError, match="the rules engine failed"):
        ruleset.fire([8])
    seen = len(spy.calls)
    for _ in range(3):
        with pytest.raises(EngineError, match="load the book again"):
            ruleset.fire([6])
    ruleset.close()
    del ruleset
    gc.collect()
    assert spy.calls[seen:] == []


# The second use of the session that was opened last.
FACT = '{"sid":"1","id":2,"k":1,"f0":6}'


@pytest.mark.parametrize(
    ("step", "answer", "message"),
    [
        ("assert_fact", (1, 1), "not accepted"),
        ("assert_fact", (2, 1), "not accepted"),
        ("start_action_for_state", None, "sentinel"),
        ("start_action_for_state", ("{}", f'{{"over-5":{{"m":{FACT}}}}}'), "sentinel"),
        ("complete_and_start_action", f'{{"sentinel":{{"m":{FACT}}}}}', "fired twice"),
        ("complete_and_start_action", f'{{"over-5":{{"m":{FACT}}}}}', "fired twice"),
        ("complete_and_start_action", f'{{"stranger":{{"m":{FACT}}}}}', "unknown"),
        ("retract_fact", (3, 1), "not taken back"),
    ],
)
def test_an_impossible_answer_of_the_extension_is_an_error(spy, step, answer, message):
    ruleset = Ruleset("s", ["f0"], [over(5)])
    spy.lies = {step: answer}
    with pytest.raises(EngineError, match=message):
        ruleset.fire([6])
    spy.lies = {}
    assert ruleset.fire([6]) == ["over-5"]


def test_a_closed_stage_answers_no_more_and_may_be_closed_again(spy):
    ruleset = Ruleset("s", ["f0"], [over(5), over(6)])
    assert ruleset.fire([6]) == ["over-5"]
    ruleset.close()
    ruleset.close()
    with pytest.raises(EngineError, match="stage `s` is closed"):
        ruleset.fire([6])
    assert (spy.count("delete_state"), spy.count("delete_ruleset")) == (2 * SIDS_AT_LOAD, 2)


def test_a_stage_closed_in_the_middle_of_a_decision_finishes_it_first(spy):
    ruleset = Ruleset("s", ["f0"], [over(5)])
    ruleset.fire([0])

    def close(call):
        if call[0] == "start_action_for_state":
            ruleset.close()
            assert spy.count("delete_ruleset") == 0

    spy.before = close
    assert ruleset.fire([6]) == ["over-5"]
    assert spy.count("delete_ruleset") == 1
    with pytest.raises(EngineError, match="closed"):
        ruleset.fire([6])


def test_a_stage_that_nobody_holds_is_freed(spy):
    ruleset = Ruleset("s", ["f0"], [over(5)])
    ruleset.fire([6])
    del ruleset
    gc.collect()
    assert [call[0] for call in spy.calls[-2:]] == ["delete_state", "delete_ruleset"]


def test_a_decision_inside_a_decision_has_a_session_of_its_own(spy):
    ruleset = Ruleset("s", ["f0"], [over(5), over(9)])
    ruleset.fire([0])
    inner = []

    def fire_again(call):
        if call[0] == "complete_and_start_action":
            spy.before = None
            inner.append(ruleset.fire([7]))

    spy.before = fire_again
    assert ruleset.fire([12]) == ["over-5", "over-9"]
    assert inner == [["over-5"]]


def test_a_stage_is_neither_copied_nor_pickled():
    with pytest.raises(TypeError, match="cannot be copied"):
        pickle.dumps(Ruleset("s", [], [shard([], {})]))


@pytest.mark.parametrize("count", [8])
def test_threads_that_share_a_stage_get_right_answers(count):
    fields = ["f0", "f1"]
    rules = {f"r{a}{b}": rule(("$gt", "f0", a), ("$lte", "f1", b)) for a in range(5) for b in range(5)}
    ruleset = Ruleset("s", fields, [shard(fields, rules)])
    wrong = []

    def work(seed):
        for record in itertools.islice(itertools.cycle(itertools.product(range(seed, 6), range(6))), 400):
            expected = [f"r{a}{b}" for a in range(5) for b in range(5) if record[0] > a and record[1] <= b]
            if ruleset.fire(record) != expected:
                wrong.append(record)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(seed % 6,)) for seed in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
    # Sessions are given back, so there are no more of them than there were threads.
    assert len(ruleset._idle) == len(ruleset._sessions) <= count


def python(script):
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_importing_the_runtime_does_not_load_the_extension():
    assert (
        python("import sys, rescind.matching.durable_runtime; print('durable_rules_engine' in sys.modules)")
        == "False\n"
    )


FORK = """
import gc, os
from rescind.matching.durable_runtime import Ruleset
rules = {"sentinel": {"all": [{"m": {"$and": [{"k": 1}]}}]}, "a": {"all": [{"m": {"$and": [{"f0": 1}]}}]}}
ruleset = Ruleset("s", ["f0"], [{"fields": ["f0"], "rules": rules}])
ruleset.fire([1])
child = os.fork()
if not child:
    assert ruleset.fire([1]) == ["a"]
    del ruleset
    gc.collect()
    raise SystemExit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ruleset.fire([1]), ruleset.fire([0]))
"""


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="needs fork")
def test_a_forked_child_uses_and_frees_its_own_copy():
    assert python(FORK) == "7 ['a'] []\n"
