"""The limits of durable-rules as authors and callers can come near them: books are generated, loaded and decided.

From both sides of each limit: the right answer, or an error with its place. Never a hang, a crash or a blocker that is
missing. Every probe is a process of its own with a time limit, for what lies beyond these limits kills processes. The
probes are forked from one that has imported the engine, with freed and fresh memory filled with rubbish.
"""

# ruff: noqa: E501 - probes are scripts in strings, and their tables read best unbroken

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PRELUDE = """
import json, random, tempfile
from decimal import Decimal
from pathlib import Path
from rescind import Engine
from rescind.problems.exceptions import BookError, EngineError, FactsError

AT = "2024-11-05T09:00:00Z"
FILLER = {"id": "filler", "when": {"now": {"is_not": "now"}}, "message": "never"}

def load(facts, **version):
    files = {
        "policies.yaml": {"schema": "rescind/book/1", "title": "limits", "timezone": "UTC", "facts": "facts.yaml",
                          "policies": [{"id": "p", "versions": [{"version": "1", "in_force_from": "2024-01-01", "file": "p.yaml"}]}]},
        "facts.yaml": {"schema": "rescind/facts/1", "facts": facts},
        "p.yaml": {"schema": "rescind/policy/1", "policy": "p", "version": "1", "title": "limits", **version},
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=0)
            (Path(folder) / name).write_text(text, "utf-8")
        return Engine.load(folder, drafts=True)

def load_blockers(facts, conditions):
    return load(facts, blockers=blockers(conditions))

def blockers(conditions):
    return [{"id": f"b{n}", "when": condition, "message": "no"} for n, condition in enumerate(conditions)]

def blocked(engine, facts):
    decision = engine.decide(facts, at=AT)
    assert (decision.outcome == "blocked") is bool(decision.blockers)
    assert all(blocker.because for blocker in decision.blockers)
    return [int(blocker.id[1:]) for blocker in decision.blockers]

def refused(make, *arguments, **named):
    "The codes of the problems of a book that does not load; each has its place."
    try:
        make(*arguments, **named)
    except BookError as error:
        assert error.problems and all(problem.location.line > 0 for problem in error.problems), error
        return {problem.code for problem in error.problems}
    return set()

def loaded(*arguments, **named):
    "The engine, or None where the book has problems."
    try:
        return load(*arguments, **named)
    except BookError as error:
        assert error.problems and all(problem.location.line > 0 for problem in error.problems), error

def bad(engine, facts):
    "The codes of facts that are not decided; each has its place."
    try:
        engine.decide(facts, at=AT)
    except FactsError as error:
        assert error.problems and all(problem.location.path or "``" in problem.message for problem in error.problems), error
        assert all(len(str(problem)) < 1000 for problem in error.problems)
        return {problem.code for problem in error.problems}
    return set()

def flags(count, **more):
    return {f"f{n}": {"type": "flag", **more} for n in range(count)}

INTEGER = {"n": {"type": "integer"}}
"""


# Reads scripts, one JSON text a line; answers each with its exit status, negative for a signal, and what it said.
SERVE = """
import os, signal, sys, tempfile, traceback
for line in sys.stdin:
    script, seconds = json.loads(line)
    with tempfile.TemporaryFile("w+") as said:
        pid = os.fork()
        if not pid:
            signal.alarm(seconds)  # its default action ends even a process that holds the interpreter lock for ever
            try:
                exec(compile(script, "probe", "exec"), dict(globals()))
            except BaseException:
                traceback.print_exc(file=said)
                said.flush()
                os._exit(1)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said.seek(0)
        print(json.dumps([status, said.read()]), flush=True)
"""


@pytest.fixture(scope="module")
def probe():
    environment = {**os.environ, "MALLOC_PERTURB_": "165", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PRELUDE + SERVE]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:

        def ask(script, seconds=60):
            server.stdin.write(json.dumps([script, seconds]) + "\n")
            server.stdin.flush()
            status, said = json.loads(server.stdout.readline())
            assert status == 0, said[-3000:] or f"ended by signal {-status}"

        yield ask
        server.stdin.close()


def test_a_probe_that_crashes_or_hangs_is_noticed(probe):
    for script, signal in (("os.abort()", 6), ("while True: pass", 14)):
        with pytest.raises(AssertionError, match=f"ended by signal {signal}"):
            probe(script, seconds=1)


def test_distinct_comparisons_of_one_fact(probe):
    probe("""
for count in (256, 511, 512, 513):
    engine = load_blockers(INTEGER, [{"n": list(range(count))}, {"n": {"not_in": list(range(count))}}])
    for n in (-1, 0, 1, count // 2, count - 1, count, count + 1):
        assert blocked(engine, {"n": n}) == [0 if 0 <= n < count else 1], (count, n)
""")


def test_distinct_comparisons_of_as_many_blockers(probe):
    probe("""
for count in (512, 513):
    engine = load_blockers(INTEGER, [{"n": {"at_least": n}} for n in range(count)])
    for n in (-1, 0, 59, 60, 61, 254, 255, 256, 510, 511, 512, 600):
        assert blocked(engine, {"n": n}) == list(range(min(n + 1, count))), (count, n)
""")


def test_identical_conditions_of_different_blockers(probe):
    probe("""
for count in (255, 256, 257):
    engine = load_blockers(INTEGER, [{"n": {"over": 5}} for _ in range(count)] + [{"n": {"over": 6}}])
    assert blocked(engine, {"n": 5}) == []
    assert blocked(engine, {"n": 6}) == list(range(count))
    assert blocked(engine, {"n": 7}) == list(range(count + 1))
""")


def test_many_optional_facts(probe):
    probe("""
for count in (1, 2, 128, 201):
    facts = flags(count, optional=True)
    conditions = [{f"f{n}": {"is_not": True}} for n in range(count)] + [{"not": {f"f{n}": True}} for n in range(count)]
    engine = load_blockers(facts, [*conditions, {"all": [{f"f{n}": {"present": False}} for n in range(count)]}])
    denied = list(range(count, 2 * count))
    assert blocked(engine, {}) == [*denied, 2 * count]
    assert blocked(engine, {name: True for name in facts}) == []
    assert blocked(engine, {name: False for name in facts}) == [*range(count), *denied]
    one = count // 2
    assert blocked(engine, {f"f{one}": True}) == [n for n in denied if n != count + one]
    assert blocked(engine, {"f0": None, f"f{one}": False}) == [one, *denied]
""")


def test_rules_of_one_version(probe):
    probe("""
def lists(count):
    "Blockers with `count` rules between them."
    sizes = [1000] * (count // 1000) + [count % 1000]
    return [{"n": [10_000 * at + n for n in range(size)]} for at, size in enumerate(sizes) if size]
engine = load_blockers(INTEGER, lists(2048))
for n, found in ((0, [0]), (999, [0]), (1000, []), (10_000, [1]), (10_999, [1]), (20_000, [2]), (20_047, [2]), (20_048, [])):
    assert blocked(engine, {"n": n}) == found, n
for count in (2049, 4096, 4097):
    assert refused(load_blockers, INTEGER, lists(count)) == {"R0402"}, count
""")


def test_blockers_that_match_at_once(probe):
    probe("""
for count in (60, 61, 64, 65, 300):
    engine = load_blockers(INTEGER | flags(1), [{"n": {"over": n}, "f0": True} for n in range(count)])
    assert blocked(engine, {"n": 1000, "f0": True}) == list(range(count))
    assert blocked(engine, {"n": 1000, "f0": False}) == []
    assert blocked(engine, {"n": 1, "f0": True}) == [0]
    reviews = [{"id": f"r{n}", "when": {"n": {"over": n}}, "by": "x", "within": "1h", "on_timeout": "reject"} for n in range(count)]
    decision = load(INTEGER, review=reviews).decide({"n": 1000}, at=AT)
    assert [review.id for review in decision.reviews] == [f"r{n}" for n in range(count)]
""")


def test_alternatives_inside_a_conjunction(probe):
    probe("""
for pairs in (4, 5, 13, 14, 15, 20, 200):
    every = {"all": [{"any": [{f"f{2 * n}": True}, {f"f{2 * n + 1}": True}]} for n in range(pairs)]}
    engine = load_blockers(flags(2 * pairs), [every, {"not": every}])
    rng = random.Random(pairs)
    for miss in (None, 0, pairs // 2, pairs - 1):
        for both in (0, 1):
            facts = {f"f{n}": False for n in range(2 * pairs)}
            for n in range(pairs):
                facts[f"f{2 * n + rng.randrange(2)}"] = n != miss
                if both and n != miss:
                    facts |= {f"f{2 * n}": True, f"f{2 * n + 1}": True}
            assert blocked(engine, facts) == [0 if miss is None else 1], (pairs, miss, both)
""")


def test_alternatives_and_conjunctions_by_turns(probe):
    probe("""
def tree(depth, width, at=()):
    if not depth:
        return {"f" + str(sum(width**place * index for place, index in enumerate(at))): True}
    return {"all" if depth % 2 else "any": [tree(depth - 1, width, (*at, n)) for n in range(width)]}
def truth(condition, facts):
    (key, items), = condition.items()
    return facts[key] is items if isinstance(items, bool) else {"all": all, "any": any}[key](truth(item, facts) for item in items)
rng = random.Random(1)
for depth, width in ((2, 12), (3, 5), (4, 3), (8, 2)):
    condition = tree(depth, width)
    engine = load_blockers(flags(width**depth), [condition, {"not": condition}])
    for likely in (0.1, 0.5, 0.8, 0.97):
        for _ in range(10):
            facts = {f"f{n}": rng.random() < likely for n in range(width**depth)}
            assert blocked(engine, facts) == [0 if truth(condition, facts) else 1]
""")


def test_facts_of_many_properties(probe):
    probe("""
def try_all(count, alone):
    "One rule of all the facts, and one for each of the first `alone`."
    every = {"all": [{f"f{n}": True} for n in range(count)]}
    together = {f"f{n}": True for n in range(count)}
    engine = load_blockers(flags(count), [*({f"f{n}": True} for n in range(alone)), every, together, {"not": every}])
    full = {f"f{n}": True for n in range(count)}
    assert blocked(engine, full) == list(range(alone + 2))
    for miss in (0, count // 2, count - 1):
        facts = full | {f"f{miss}": False}
        assert blocked(engine, facts) == [n for n in range(alone) if n != miss] + [alone + 2], (count, miss)
for count, alone in ((200, 2), (201, 2), (255, 255)):
    try_all(count, alone)
""")


def test_long_texts_and_equal_beginnings(probe):
    probe("""
TEXT = {"t": {"type": "text"}}
longest = 4096
for size in (1, 255, 4095, 4096):
    word = "x" * (size - 1)
    engine = load_blockers(TEXT, [{"t": word + "a"}, {"t": [word + "b", "a"]}, {"t": {"is_not": word + "a"}}])
    assert blocked(engine, {"t": word + "a"}) == ([0, 1] if size == 1 else [0])
    assert blocked(engine, {"t": word + "b"}) == [1, 2] and blocked(engine, {"t": word + "c"}) == [2]
    assert blocked(engine, {"t": word}) == [2] and blocked(engine, {"t": (word + "aa")[:longest - 1]}) in ([2], [0])
engine = load_blockers(TEXT, [{"t": "a"}, {"t": {"is_not": "a"}}])
for size in (4097, 65_535, 65_536, 65_537, 131_073, 5_000_000):
    assert bad(engine, {"t": "a" + "b" * (size - 1)}) == {"R0903"}
    if size < 1_000_000:
        assert refused(load_blockers, TEXT, [{"t": "a" + "b" * (size - 1)}])
assert blocked(engine, {"t": "a"}) == [0]
""")


def test_deep_conditions(probe):
    probe("""
def nested(depth, joints):
    condition = {"n": {"over": 5}}
    for level in range(depth):
        joint = joints[level % len(joints)]
        condition = {joint: condition if joint == "not" else [condition]}
    return condition
count = 0
for joints in (["not"], ["not", "any", "not", "all"]):
    for depth in (1, 2, 10, 11, 12, 13, 24, 25, 26, 64, 400):
        condition = nested(depth, joints)
        if found := refused(load_blockers, INTEGER, [condition]):
            assert depth > 10, (depth, joints)
            continue
        count += 1
        flipped = sum(joints[level % len(joints)] == "not" for level in range(depth)) % 2
        engine = load_blockers(INTEGER, [condition])
        assert (blocked(engine, {"n": 6}), blocked(engine, {"n": 5})) == (([], [0]) if flipped else ([0], [])), (depth, joints)
assert count > 6
deep = '{"schema": "rescind/policy/1", "policy": "p", "version": "1", "title": "t", "blockers": [{"id": "b", "message": "m", "when": '
for text in ('{"not": ' * 20_000, "[" * 20_000, deep + '{"all": [' * 20_000, deep + '{"not": ' * 100_000):
    name = "p.yaml"
    try:
        with tempfile.TemporaryDirectory() as folder:
            load_text = {"policies.yaml": json.dumps({"schema": "rescind/book/1", "title": "t", "timezone": "UTC", "facts": "facts.yaml",
                "policies": [{"id": "p", "versions": [{"version": "1", "in_force_from": "2024-01-01", "file": "p.yaml"}]}]}),
                "facts.yaml": json.dumps({"schema": "rescind/facts/1", "facts": INTEGER}), "p.yaml": text}
            for file, content in load_text.items():
                (Path(folder) / file).write_text(content, "utf-8")
            Engine.load(folder, drafts=True)
        raise SystemExit("loaded")
    except BookError as error:
        assert all(problem.location.line for problem in error.problems)
""")


def test_unicode_escapes_and_keys_with_points(probe):
    probe(r"""
TEXT = {"t": {"type": "text", "optional": True}, "a": {"b": {"type": "integer"}}}
words = ["a", r"\u0061", "\\", '"', "\"a\"", "'", "ä", "a\u0308", "日本", "😀", "\n", "a\nb", r"a\nb", "\t", " ", "", "%d", "%s%n", "{", "}",
         '","f0":1,"x":"', "null", "true", "5"]
usable = [word for word in words if not refused(load_blockers, TEXT, [{"t": word}])]
assert len(usable) >= len(words) - 4, set(words) - set(usable)
engine = load_blockers(TEXT, [{"t": word} for word in usable])
for word in words:
    assert blocked(engine, {"t": word, "a": {"b": 1}}) == [n for n, each in enumerate(usable) if each == word], ascii(word)
for word in ["\ud800", "\0", "a\0b", "\x1b", "\u007f", "\u2028"]:
    assert bad(engine, {"t": word, "a": {"b": 1}}) == {"R0903"}, ascii(word)
points = [{"a.b": 1}, {"a": {"b": 1}, "a.b": 2}, {"a": {"b": 1, "b.c": 1}}, {"a": {"b": 1}, "": 1}, {"a": {"b": 1, "\0": 1}},
          {"a": {"b": 1}, "t ": "x"}, {"a": {"b": 1}, "T": "x"}, {"a": {"b": 1}, 1: 1}, {"a": {"b": 1}, None: 1}, {"a": {"b": 1}, "x" * 10**6: 1},
          {"a": 1}, {"a": None}, {"a": []}, {"a": {"b": {"c": 1}}}, {"a": {"b": 1}, "sid": "1"}, {"a": {"b": 1}, "id": 1}, {"a": {"b": 1}, "$s": 1}]
for facts in points:
    assert bad(engine, facts), facts
for facts in (None, [], "x", 5, [("a", 1)]):
    assert bad(engine, facts) == {"R0903"}, facts
deep = {"a": {"b": 1}}
for _ in range(100_000):
    deep = {"a": deep}
assert bad(engine, deep)
deep = []
for _ in range(100_000):
    deep = [deep]
assert bad(engine, {"t": deep, "a": {"b": 1}}) == {"R0903"}
""")


def test_integers_at_the_ends_of_their_range(probe):
    probe("""
MOST = 10**15
engine = load_blockers(INTEGER, [{"n": -MOST}, {"n": MOST}, {"n": {"over": MOST - 1}}, {"n": {"under": 1 - MOST}}, {"n": {"at_least": -MOST}}])
for n, found in ((-MOST, [0, 3, 4]), (1 - MOST, [4]), (0, [4]), (MOST - 1, [4]), (MOST, [1, 2, 4])):
    assert blocked(engine, {"n": n}) == found, n
for n in (MOST + 1, 2**62, 2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64, 10**30, 10**4000):
    assert bad(engine, {"n": n}) == {"R0903"}
    if n < 10**40:
        assert refused(load_blockers, INTEGER, [{"n": n}])
NUMBER = {"n": {"type": "number"}}
engine = load_blockers(NUMBER, [{"n": str(MOST)}, {"n": {"over": f"{MOST - 1}.999"}}, {"n": {"under": f"-{MOST - 1}.999"}}])
hair = Decimal("0.000000000001")
for n, found in ((MOST, [0, 1]), (Decimal(MOST) - hair, [1]), (f"{MOST - 1}.999", []), (Decimal(f"{MOST - 1}.999") + hair, [1]), (-MOST, [2])):
    assert blocked(engine, {"n": n}) == found, n
assert refused(load_blockers, NUMBER, [{"n": [str(MOST), "0.000000000001"]}]) == {"R0401"}
for n in (f"{MOST}.1", "1e5", "0x10", "\\u0661", "1_000", "--5", "", " 5", "5 ", "NaN", "inf", Decimal("NaN"), Decimal("Infinity"), Decimal("1e-13"), Decimal("1e999999")):
    assert bad(engine, {"n": n}) == {"R0903"}, n
DURATION = {"n": {"type": "duration"}}
engine = load_blockers(DURATION, [{"n": {"over": "999999999h"}}, {"n": "999999999h"}])
for n, found in (("999999999d", [0]), ("999999999w", [0]), ("999999999h", [1]), ("999999998h", [])):
    assert blocked(engine, {"n": n}) == found, n
assert refused(load_blockers, DURATION, [{"n": "999999999d"}]) == {"R0401"}
""")


def test_integers_of_thousands_of_digits(probe):
    probe("""
engine = load_blockers(INTEGER, [{"n": {"over": 5}}])
for n in (10**4300, 10**5000, -10**5000):
    assert bad(engine, {"n": n}) == {"R0903"}
""")


def test_values_of_another_type(probe):
    probe("""
kinds = {"flag": [0, 1, "true", "", Decimal(1), 1.0], "integer": ["5", 5.0, True, Decimal(5), "", "0x5"], "text": [5, True, Decimal(5), b"5", 5.0],
         "number": [0.5, True, float("nan"), float("inf"), b"5", "5,0", "half"], "money": [5, 5.0, "5", "5 usd", "5 XXX ", "USD 5", "5.001 USD", True,
         {"amount": 5.0, "currency": "USD"}, {"amount": "5"}, {"amount": "5", "currency": "USD", "x": 1}, {"amount": True, "currency": "USD"}],
         "time": [5, 5.0, "2024-11-05", "2024-02-30T00:00:00Z", "2024-11-05T24:00:00Z", "2024-11-05T09:00:60Z", True, "now"], "date": [5, "2024-02-30", "20241105", "2024-11-05T00:00:00Z"],
         "duration": [5, "5", "1y", "-5h", "PT", "P", 5.0, "1h30m"], "set": ["a", {"a": 1}, [1], [["a"]], [True], 5]}
operators = {"flag": {"is": False}, "set": {"has": "a"}, "text": {"is_not": "a"}, "time": {"after": AT}, "date": {"after": "2024-01-01"}, "money": {"under": "7 USD"}, "duration": {"under": "9h"}}
for kind, values in kinds.items():
    for optional in (False, True):
        engine = load_blockers({"x": {"type": kind, **({"optional": True} if optional else {})}}, [{"x": operators.get(kind, {"under": 7})}])
        for value in [*values, [], {}, object(), (), range(3), lambda: 1]:
            if not (kind == "set" and value in ([], ())):
                assert bad(engine, {"x": value}) == {"R0903"}, (kind, value)
        assert bad(engine, {"x": None}) == (set() if optional else {"R0903"}), kind
        assert bad(engine, {}) == (set() if optional else {"R0901"}), kind
""")


def test_names_at_the_ends_of_their_length(probe):
    probe("""
long = "n" * 64
deep = fact = {}
for _ in range(10):
    fact[long] = {}
    fact = fact[long]
fact["x"] = {"type": "flag"}
name = ".".join([long] * 10 + ["x"])
facts = {"x": True}
for _ in range(10):
    facts = {long: facts}
engine = load(deep, blockers=[{"id": "b" + "1" * 63, "when": {name: True}, "message": "no"}])
assert [blocker.id for blocker in engine.decide(facts, at=AT).blockers] == ["b" + "1" * 63]
assert refused(load, deep, blockers=[{"id": "b" * 65, "when": {name: True}, "message": "no"}])
assert refused(load, {"n" * 65: {"type": "flag"}}, blockers=[{"id": "b", "when": {"n" * 65: True}, "message": "no"}])
# Names of payment instruments, columns and deductions go into the names of rules: usable, or refused in their place.
odd = ["a b", "ä", '"', "\\\\", "x" * 64, "x" * 65, "a.b", "total", "1", "#", "/", "A-b", "%s", "all", "now", "k", "sentinel"]
for part in odd:
    paid = {"paid": {"type": "instruments", "choices": [part]}, "f": {"type": "flag"}, "c": {"type": "choice", "choices": [part, "other"]}}
    terms = [{"id": "t", "deduct": {"fee": {"amount": "paid.total * 0.1", "when": {"f": True}}},
              "instruments": {part: {"return": "remainder", "when": {"f": True}}}}]
    if engine := loaded(paid, refund={"paid": "paid", "terms": terms}):
        total = [engine.decide({"paid": {part: "10 USD"}, "f": f, "c": part}, at=AT).refund.total.minor for f in (True, False)]
        assert total == [900, 0], part
    matrix = {"matrix": "c", "columns": [part], "rows": {part: [1], "other": [2]}}
    if engine := loaded(paid, values={"v": matrix}, blockers=[{"id": "b0", "when": {f"v.{part}": 1}, "message": "no"}]):
        assert blocked(engine, {"c": part}) == [0] and blocked(engine, {"c": "other"}) == []
    deduct = {part: "paid.cash * 0.1"}
    paid["paid"]["choices"] = ["cash"]
    if engine := loaded(paid, refund={"paid": "paid", "terms": [{"id": "t", "deduct": deduct, "instruments": {"cash": "remainder"}}]}):
        assert engine.decide({"paid": {"cash": "10 USD"}}, at=AT).refund.total.minor == 900
""")


def test_conditions_that_always_or_never_hold(probe):
    probe("""
facts = INTEGER | {"f": {"type": "flag"}, "s": {"type": "set"}}
always, never = {"n": {"present": True}}, {"n": {"present": False}}
conditions = [always, never, {"any": [never, always]}, {"all": [never, always]}, {"not": never}, {"not": always}, {"any": [{"f": True}, always]},
              {"all": [{"f": True}, never]}, {"all": [{"any": [{"f": True}, always]}, {"n": 1}]}, {"s": {"has": ""}}]
engine = load(facts, blockers=blockers(conditions))
decision = engine.decide({"n": 1, "f": False, "s": [""]}, at=AT)
assert [blocker.id for blocker in decision.blockers] == ["b0", "b2", "b4", "b6", "b8", "b9"]
decision = engine.decide({"n": 2, "f": False, "s": []}, at=AT)
assert [blocker.id for blocker in decision.blockers] == ["b0", "b2", "b4", "b6"]
assert load(facts, applies_to=never, blockers=blockers([always])).decide({"n": 1}, at=AT).outcome == "not_applicable"
assert load(facts, applies_to=always, blockers=blockers([never])).decide({"n": 1}, at=AT).outcome == "allowed"
""")


def test_whether_a_policy_applies_may_wait_for_a_value(probe):
    # A blocker that is decided earlier must not end the run before that is known.
    probe("""
twice = {"values": {"twice": "n * 2"}, "applies_to": {"twice": {"over": 10}}}
engine = load(INTEGER, **twice, blockers=blockers([{"n": {"over": 3}}, {"twice": {"over": 20}}]))
assert [engine.decide({"n": n}, at=AT).outcome for n in (1, 4, 6, 11)] == ["not_applicable"] * 2 + ["blocked"] * 2
assert blocked(engine, {"n": 6}) == [0] and blocked(engine, {"n": 11}) == [0, 1]
""")


@pytest.mark.soak
def test_every_number_of_comparisons_facts_and_matches(probe):
    probe(
        """
for count in range(1, 650, 7):
    engine = load_blockers(INTEGER | flags(count), [{"n": {"over": n}, f"f{n}": True} for n in range(count)])
    for n in (0, count // 2, count + 1):
        assert blocked(engine, {"n": n} | {f"f{at}": at % 3 > 0 for at in range(count)}) == [at for at in range(count) if at < n and at % 3]
""",
        600,
    )
