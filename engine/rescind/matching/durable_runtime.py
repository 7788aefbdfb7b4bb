"""Matching closed integer records against flat rules: the only importer of durable-rules.

The extension is fast and exact inside a small subset, and outside it hangs, crashes, or says that no rule
matched. So the constructor of `Ruleset` verifies what it is given although the compiler has just written
it, and `fire` either returns every rule that fired or raises. Why each step is as it is:
`docs/driving-durable-rules.md`.

INVARIANT: a session (a `sid`, the extension's memory of one conversation) is used by one call at a time,
holds no fact between calls, and is never used again after a call on it failed.

INVARIANT: a session belongs to whoever holds its `_Lane`: the queue of idle sessions, or a call. An
exception may be raised between any two steps of a call, for example by a signal handler. Then the call's
reference is dropped, and `_reap` finds the session whose lane is gone and ends it. So no session is lost.

INVARIANT: steps that must happen together are one call into C, which no signal handler and no other thread
can interrupt: beginning a session and noting how to end it; ending it and forgetting it; forgetting a handle
and deleting its ruleset.

No lock is taken: each step that threads share is one atomic operation on a deque or a dict. So a signal
handler may call `fire` while another `fire` is running, and a forked child may continue with its own copy.
"""

from __future__ import annotations

import errno
import functools
import importlib
import itertools
import json
import mmap
import operator
import re
import reprlib
import shlex
import struct
import sys
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn, Protocol, TypeAlias, cast

from rescind.matching.ruleset_limits import (
    FIELD_NAME,
    INT_MAX,
    INT_MIN,
    MAX_ATOMS_PER_RULE,
    MAX_ATOMS_PER_SHARD,
    MAX_FIELDS,
    MAX_RULES_PER_SHARD,
    MAX_SIDS,
    MEMORY_PER_ATOM,
    MEMORY_PER_SHARD,
    MEMORY_RESERVE,
    OPERATORS,
    RESERVED_NAMES,
    RULE_NAME,
    SENTINEL,
    SENTINEL_FIELD,
    SID_WAIT_SECONDS,
    SIDS_AT_LOAD,
    name_hash,
)
from rescind.problems.exceptions import EngineError, InstallationError
from rescind.problems.problem import Location, Problem

__all__ = ["Ruleset"]

# Ids that the facts of one session use in turn. The extension refuses a fact whose id it still holds,
# so a fact that was not retracted is noticed soon. No id has the same hash as the id of a session's own
# state fact, `sid-…` (a test checks that).
_IDS_PER_SESSION = 8

# The release of the extension and how it is compiled; scripts/build_extension.sh says why.
BUILT = "2.0.28"
BUILD_FLAGS = "-O2 -fwrapv -fno-strict-aliasing"
BUILD_FLAGS_313 = " -DPyEval_CallObject=PyObject_CallObject"

# The text around the fact in a match: `{"<rule>":{"m":<fact>}}`.
_BEFORE_NAME = len('{"')
_AROUND_FACT = len('":{"m":') + len("}}")


# How long a call sleeps before it looks again for a session, in seconds. A decision holds one for microseconds.
_NAP = 1 / 1_000


class _Extension(Protocol):
    """The calls of durable_rules_engine that are used here; all of them may raise `error` or `MemoryError`."""

    error: type[Exception]

    def create_ruleset(self, name: str, rules: str, /) -> int: ...
    def delete_ruleset(self, handle: int, /) -> None: ...
    def assert_fact(self, handle: int, fact: str, /) -> tuple[int, int]: ...
    def start_action_for_state(self, handle: int, state: int, /) -> tuple[str, str] | None: ...
    def complete_and_start_action(self, handle: int, state: int, /) -> str | None: ...
    def retract_fact(self, handle: int, fact: str, /) -> tuple[int, int]: ...
    def delete_state(self, handle: int, sid: str, /) -> None: ...


class _Atom(NamedTuple):
    """One comparison of a column with a literal; `operator` is one of `OPERATORS` or empty for equality."""

    operator: str
    field: str
    literal: int

    def to_json(self) -> dict[str, object]:
        comparison: dict[str, object] = {self.field: self.literal}
        return {self.operator: comparison} if self.operator else comparison


class _Definition(NamedTuple):
    """A verified shard: its columns and its rules, the sentinel first."""

    fields: tuple[str, ...]
    rules: dict[str, tuple[_Atom, ...]]

    def to_text(self) -> str:
        rules = {
            name: {"all": [{"m": {"$and": [atom.to_json() for atom in atoms]}}]}
            for name, atoms in self.rules.items()
        }
        return json.dumps(rules, separators=(",", ":"))


# What is unpacked for each decision is a plain tuple: a named one unpacks a tenth of a microsecond slower.

# The texts for one fact of a session: the start of the fact, and its retraction.
_Ticket: TypeAlias = tuple[str, str]

# A shard: its handle; the %-template of a fact after its start; the function that picks the template's operand
# from the values of the stage; the place of each rule (rules fire in the order of their places).
_Shard: TypeAlias = tuple[int, str, Callable[[tuple[int, ...]], object], dict[str, int]]

# Calls that are still to be made, the next one last: a function and its arguments.
_Calls: TypeAlias = deque[tuple[Any, ...]]


class _Lane(itertools.cycle):  # type: ignore[type-arg] # it has no parameters at run time; of `_Ticket`
    """The right to use a session, and an endless supply of tickets for its next facts.

    `calls` end the session: they free every part of it that has begun, and finally its name.
    """

    __slots__ = ("__weakref__", "calls", "sid")

    calls: _Calls
    sid: str


class _Session(NamedTuple):
    """A session that has not been ended: its owner (if it still has one), and the calls that end it."""

    lane: weakref.ref[_Lane]
    calls: _Calls


class Ruleset:
    """One stage of a compiled version: one or more shards that are matched one after the other.

    `fields` are the columns of the stage, in the same order as the `values` passed to `fire`. A shard is plain JSON:
    `{"fields": [column…], "rules": {name: {"all": [{"m": {"$and": [comparison…]}}]}}}` with a rule named `sentinel`.
    Raises EngineError when a shard is outside the safe subset, InstallationError when the extension does not load.

    May be used by many threads at once. It is freed by `close`, or when the last reference to it is gone. A forked
    child has its own copy; nothing that it does, even closing, affects the parent.
    """

    __slots__ = (
        "__weakref__", "_broken", "_closed", "_extension", "_failures", "_handles", "_idle", "_pack",
        "_sessions", "_shards", "_types", "name",
    )  # fmt: skip

    def __init__(self, name: str, fields: Sequence[str], shards: Sequence[Mapping[str, object]]) -> None:
        self.name = name
        definitions = _verify(name, tuple(fields), shards)
        self._extension = _load_extension()
        self._failures = (self._extension.error, MemoryError)
        self._types = [int] * len(fields)
        self._pack = struct.Struct(f"{len(fields)}q").pack
        self._closed = False
        self._broken = False
        self._idle: deque[_Lane] = deque()  # sessions that nobody is using
        self._sessions: dict[str, _Session] = {}  # every session that has not been ended, by its sid
        self._handles: deque[int] = deque()  # emptied by the call that deletes the rulesets
        weakref.finalize(self, _free, self._extension, self._handles, self._sessions).atexit = False
        self._create(definitions)
        self._shards = tuple(map(_shard, itertools.repeat(tuple(fields)), definitions, tuple(self._handles)))
        for _ in range(SIDS_AT_LOAD):
            self._idle.append(self._open())

    def fire(self, values: Sequence[int]) -> list[str]:
        """Return the names of the rules that hold for one record, shard by shard in their order.

        `values` holds one int64 for each column. Raises EngineError when they do not fit, when the stage
        is closed, and when the extension fails or contradicts itself; it never returns a partial answer.
        """
        values = tuple(values)
        if [*map(type, values)] != self._types:
            self._refuse(values)
        try:
            self._pack(*values)
        except struct.error:
            self._refuse(values)
        try:
            lane = self._idle.pop()
        except IndexError:
            lane = self._open()
        try:
            fired = self._match(next(lane), values)
        except BaseException as error:  # after an interrupt in the loop, too, the session is unusable
            self._drop(lane)
            if isinstance(error, self._failures):
                raise self._failure(error) from error
            raise
        self._idle.append(lane)
        if self._closed:
            del lane
            self._reap()
        return fired

    def close(self) -> None:
        """Free the stage. Calls that are running in other threads finish first; later ones raise EngineError."""
        self._closed = True
        self._reap()

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or pickled: two owners of one handle would free it twice."""
        message = "a ruleset belongs to one process and cannot be copied"
        raise TypeError(message)

    def _create(self, definitions: Sequence[_Definition]) -> None:
        atoms = sum(len(rule) for definition in definitions for rule in definition.rules.values())
        self._require_memory(len(definitions) * MEMORY_PER_SHARD + atoms * MEMORY_PER_ATOM)
        texts = [definition.to_text() for definition in definitions]
        try:  # each handle is noted in the call that makes it
            self._handles.extend(map(self._extension.create_ruleset, itertools.repeat("stage"), texts))
        except self._failures as error:
            raise self._failure(error) from error

    def _match(self, ticket: _Ticket, values: tuple[int, ...]) -> list[str]:
        """Assert the record, drain every match, retract it; each shard in turn."""
        head, retraction = ticket
        extension = self._extension
        complete = extension.complete_and_start_action
        fired: list[str] = []
        for handle, body, pick, ranks in self._shards:
            fact = head + body % pick(values)
            code, state = extension.assert_fact(handle, fact)
            if code:
                raise EngineError(f"stage `{self.name}`: the record was not accepted (code {code})")
            end = -_AROUND_FACT - len(fact)
            match = extension.start_action_for_state(handle, state)
            # Rules fire in the order of their definition, so the sentinel is first.
            if match is None or match[1][_BEFORE_NAME:end] != SENTINEL:
                raise EngineError(f"stage `{self.name}`: the sentinel rule did not fire first")
            last = 0
            while text := complete(handle, state):
                rule = text[_BEFORE_NAME:end]
                try:
                    place = ranks[rule]
                except KeyError:
                    raise EngineError(f"stage `{self.name}`: rule `{rule}` is unknown") from None
                # A record matches a rule once. More matches mean that something was left behind by another record.
                if place <= last:
                    raise EngineError(f"stage `{self.name}`: rule `{rule}` fired twice or out of order")
                last = place
                fired.append(rule)
            if extension.retract_fact(handle, retraction)[0]:
                raise EngineError(f"stage `{self.name}`: the record was not taken back")
        return fired

    def _open(self) -> _Lane:
        """Return a new session or, when the maximum number exists, the first one that becomes idle."""
        deadline = time.monotonic() + SID_WAIT_SECONDS
        while True:
            self._reap()
            if lane := self._claim():
                return self._begun(lane)
            if time.monotonic() > deadline:
                raise EngineError(f"stage `{self.name}`: all {MAX_SIDS} sessions are in use, waited in vain")
            # A sleep instead of a condition variable: that would need a lock, which an interrupt may leave
            # locked, on which a signal handler may wait for its own thread, and which a fork may copy.
            time.sleep(_NAP)
            with suppress(IndexError):
                return self._idle.pop()

    def _claim(self) -> _Lane | None:
        """Take a name that no session has; None when all are taken."""
        for sid in map(str, range(MAX_SIDS)):
            if sid not in self._sessions:
                lane = _Lane(_tickets(sid))
                lane.sid, lane.calls = sid, deque([(self._sessions.pop, sid)])
                session = _Session(weakref.ref(lane), lane.calls)
                if self._sessions.setdefault(sid, session) is session:  # else another thread was first
                    return lane
        return None

    def _begun(self, lane: _Lane) -> _Lane:
        """Begin a session in every shard and pass one record through it."""
        try:
            self._refuse_unusable()
            self._require_memory(len(self._shards) * MEMORY_PER_SHARD)
            retraction, begun = self._begin(lane)
            for handle, state in begun:
                self._finish(handle, state, retraction)
        except BaseException as error:
            self._drop(lane)
            if isinstance(error, self._failures):
                raise self._failure(error) from error
            raise
        return lane

    def _begin(self, lane: _Lane) -> tuple[str, list[tuple[int, int]]]:
        """Assert a record of zeros and start its first match; return its retraction, and each handle with its state.

        The extension frees an unset pointer when a session is deleted before its first match has started.
        INVARIANT: all of it happens in one call into C. If a session has begun in a shard, it can be deleted there
        and the call that deletes it is noted; if it has not begun, no call is noted.
        """
        extension, handles = self._extension, [shard[0] for shard in self._shards]
        head, retraction = next(lane)
        zeros = (0,) * len(self._types)
        facts = [head + body % pick(zeros) for _, body, pick, _ in self._shards]
        deletions = [(extension.delete_state, handle, lane.sid) for handle in handles]
        asserted = map(operator.itemgetter(1), map(extension.assert_fact, handles, facts))
        states, again = itertools.tee(zip(handles, asserted, strict=True))
        matches = itertools.starmap(extension.start_action_for_state, states)
        steps = zip(matches, again, map(lane.calls.append, deletions), strict=True)
        try:
            begun = list(steps)
        except self._failures:
            self._give_up()
            raise
        if not all(match for match, _, _ in begun):
            self._give_up()
            raise EngineError(f"stage `{self.name}`: a new session did not start")
        return retraction, [state for _, state, _ in begun]

    def _give_up(self) -> None:
        """Never call the extension for this stage again, not even to free it: its memory is in an unknown state."""
        self._broken = self._closed = True
        self._handles.clear()
        for session in list(self._sessions.values()):
            session.calls.clear()

    def _finish(self, handle: int, state: int, retraction: str) -> None:
        while self._extension.complete_and_start_action(handle, state):
            pass
        if self._extension.retract_fact(handle, retraction)[0]:
            raise EngineError(f"stage `{self.name}`: the record was not taken back")

    def _refuse_unusable(self) -> None:
        if self._broken:
            raise EngineError(f"stage `{self.name}`: the rules engine failed before; load the book again")
        if self._closed:
            raise EngineError(f"stage `{self.name}` is closed")

    def _require_memory(self, size: int) -> None:
        """Raise EngineError unless so many bytes, and a reserve, can be had.

        The extension does not check its allocations when it makes a session, and crashes if one fails. Here a
        mapping is requested and given back at once: it is not filled, and does not change what `malloc` holds.
        """
        try:
            mmap.mmap(-1, size + MEMORY_RESERVE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        except OSError as error:
            if error.errno not in {errno.ENOMEM, errno.EAGAIN}:  # not the caller's `TimeoutError`
                raise
            raise EngineError(f"stage `{self.name}`: there is too little memory to go on") from None

    def _drop(self, lane: _Lane) -> None:
        """End a session on which a call failed; what it still holds must not mix with another record."""
        _make(lane.calls, self._extension)
        if self._closed:
            self._reap()

    def _reap(self) -> None:
        """End the sessions that nobody owns, and delete the rulesets if the stage is closed and no session is left."""
        if self._closed:
            self._idle.clear()
        for session in list(self._sessions.values()):
            if session.lane() is None:
                _make(session.calls, self._extension)
        if self._closed and not self._sessions:
            _free(self._extension, self._handles, self._sessions)

    def _failure(self, error: BaseException) -> EngineError:
        return EngineError(f"stage `{self.name}`: the rules engine failed: {error!r}")

    def _refuse(self, values: tuple[object, ...]) -> NoReturn:
        if len(values) != len(self._types):
            raise EngineError(f"stage `{self.name}`: expected {len(self._types)} values, found {len(values)}")
        for value in values:
            if type(value) is not int:
                raise EngineError(f"stage `{self.name}`: expected integers, found {_shown(value)}")
        raise EngineError(f"stage `{self.name}`: a value is outside the 64-bit integers")


def _free(extension: _Extension, handles: deque[int], sessions: dict[str, _Session]) -> None:
    """Delete rulesets, each once, after the sessions in them, which the extension would otherwise leak."""
    for session in list(sessions.values()):
        _make(session.calls, extension)
    while handles:
        with suppress(IndexError, extension.error):
            _exhaust(map(extension.delete_ruleset, iter(handles.pop, None)))


def _make(calls: _Calls, extension: _Extension) -> None:
    """Make calls, each once even if others make some of them too. After an interrupt the remaining calls stay noted."""
    while calls:
        with suppress(IndexError, extension.error):  # IndexError: none is left
            _exhaust(itertools.starmap(operator.call, iter(calls.pop, None)))


def _exhaust(steps: Iterable[object]) -> None:
    """Run an iterator that is written in C to its end, in one call."""
    deque(steps, maxlen=0)


def _shard(columns: tuple[str, ...], definition: _Definition, handle: int) -> _Shard:
    body = "".join(f',"{field}":%d' for field in definition.fields) + "}"
    ranks = {rule: place for place, rule in enumerate(definition.rules)}
    return handle, body, _picker(columns, definition.fields), ranks


def _tickets(sid: str) -> list[_Ticket]:
    keys = [f'{{"sid":"{sid}","id":{number}' for number in range(1, _IDS_PER_SESSION + 1)]
    return [(f'{key},"{SENTINEL_FIELD}":1', f"{key}}}") for key in keys]


def _picker(columns: tuple[str, ...], fields: tuple[str, ...]) -> Callable[[tuple[int, ...]], object]:
    """Return a function from the values of all `columns` to the operand of a template of `fields`."""
    if fields == columns:
        return tuple
    if not fields:
        return lambda _: ()
    return operator.itemgetter(*map(columns.index, fields))


@functools.cache
def _load_extension() -> _Extension:
    # Literals are read into a C long. Where that has 32 bits, as on Windows, amounts would be cut.
    if struct.calcsize("l") != struct.calcsize("q"):
        raise InstallationError(
            problems=[
                Problem(
                    "R0991",
                    "durable_rules reads numbers with fewer than 64 bits on this platform",
                    Location(sys.executable),
                    "use Linux or macOS",
                )
            ]
        )
    try:
        return cast("_Extension", importlib.import_module("durable_rules_engine"))
    except ImportError as error:
        place = Location(error.path or sys.executable)
        message = f"durable_rules does not load: {error.msg.removeprefix(f'{error.path}: ')}"
        raise InstallationError(problems=[Problem("R0991", message, place, f"run: {_mending()}")]) from error


def _mending() -> str:
    """The command that rebuilds the extension for this interpreter."""
    flags = BUILD_FLAGS + (BUILD_FLAGS_313 if sys.version_info >= (3, 13) else "")
    return (
        f"CPPFLAGS={shlex.quote(flags)} {shlex.quote(sys.executable)} -m pip install --force-reinstall --no-deps "
        f"--no-cache-dir --no-binary durable_rules durable_rules=={BUILT}"
    )


def _verify(
    name: str, columns: tuple[str, ...], shards: Sequence[Mapping[str, object]]
) -> tuple[_Definition, ...]:
    """Return the shards in a checked form; raise EngineError, with the stage's name, for anything unsafe."""
    try:
        return _verify_stage(columns, shards)
    except EngineError as error:
        raise EngineError(f"stage `{name}`: {error}") from None


def _verify_stage(
    columns: tuple[str, ...], shards: Sequence[Mapping[str, object]]
) -> tuple[_Definition, ...]:
    if not shards:
        raise EngineError("there is no shard, so no sentinel could fire")
    _refuse_repeats("column of the stage", columns)
    definitions = tuple(_verify_shard(columns, shard) for shard in shards)
    _refuse_repeats("rule", [rule for shard in definitions for rule in shard.rules if rule != SENTINEL])
    return definitions


def _verify_shard(columns: tuple[str, ...], shard: Mapping[str, object]) -> _Definition:
    match shard:
        case {"fields": [*fields], "rules": {**rules}, **rest} if not rest:
            names = _verify_fields(columns, fields)
        case _:
            raise EngineError("a shard is not `fields` and `rules`")
    if len(rules) > MAX_RULES_PER_SHARD + 1:
        raise EngineError(f"a shard has {len(rules) - 1} rules, at most {MAX_RULES_PER_SHARD} are safe")
    sentinel = (_Atom("", SENTINEL_FIELD, 1),)
    if SENTINEL not in rules or _verify_rule(SENTINEL, rules.pop(SENTINEL), {SENTINEL_FIELD}) != sentinel:
        raise EngineError(f"the rule `{SENTINEL}` is missing or does not always fire")
    verified = {str(rule): _verify_rule(rule, body, set(names)) for rule, body in rules.items()}
    if sum(map(len, verified.values())) > MAX_ATOMS_PER_SHARD:
        raise EngineError(f"a shard has more than {MAX_ATOMS_PER_SHARD} comparisons")
    _refuse_repeats("condition", [frozenset(atoms) for atoms in verified.values()])
    return _Definition(names, {SENTINEL: sentinel, **verified})


def _verify_fields(columns: tuple[str, ...], fields: Sequence[object]) -> tuple[str, ...]:
    if len(fields) > MAX_FIELDS:
        raise EngineError(f"a shard has {len(fields)} columns, at most {MAX_FIELDS} are safe")
    names = tuple(field for field in fields if isinstance(field, str))
    if len(names) < len(fields) or not set(names) <= set(columns):
        raise EngineError("a shard has a column that its stage lacks")
    for field in names:
        if not re.fullmatch(FIELD_NAME, field):
            raise EngineError(f"the column name {_shown(field)} is unsafe")
    _refuse_repeats("hash of a column name", [name_hash(field) for field in (*names, *RESERVED_NAMES)])
    return names


def _verify_rule(name: object, rule: object, fields: set[str]) -> tuple[_Atom, ...]:
    if not isinstance(name, str) or not re.fullmatch(RULE_NAME, name):
        raise EngineError(f"the rule name {_shown(name)} is unsafe")
    match rule:
        case {"all": [{"m": {"$and": [*atoms], **in_and}, **in_m}], **in_all} if not (
            in_and or in_m or in_all
        ):
            pass
        case _:
            raise EngineError(f"rule `{name}` is not one flat AND")
    if not 1 <= len(atoms) <= MAX_ATOMS_PER_RULE:
        raise EngineError(f"rule `{name}` has {len(atoms)} comparisons, expected 1 to {MAX_ATOMS_PER_RULE}")
    return tuple(_verify_atom(name, atom, fields) for atom in atoms)


def _verify_atom(rule: str, atom: object, fields: set[str]) -> _Atom:
    """Return `{field: literal}` or `{operator: {field: literal}}` as a record."""
    symbol, comparison = "", atom
    if isinstance(atom, Mapping) and len(atom) == 1 and (first := next(iter(atom))) in OPERATORS:
        symbol, comparison = first, atom[first]
    if not isinstance(comparison, Mapping) or len(comparison) != 1:
        raise EngineError(f"rule `{rule}`: {_shown(atom)} is not one comparison")
    ((field, literal),) = comparison.items()
    if field not in fields:
        raise EngineError(f"rule `{rule}` compares {_shown(field)}, which is no column of its shard")
    if type(literal) is not int or not INT_MIN <= literal <= INT_MAX:
        raise EngineError(f"rule `{rule}` compares `{field}` with {_shown(literal)}, not a 64-bit integer")
    return _Atom(symbol, field, literal)


def _refuse_repeats(what: str, items: Sequence[object]) -> None:
    if len(set(items)) < len(items):
        raise EngineError(f"a {what} appears twice")


def _shown(value: object) -> str:
    """Return something short for a message, whatever the depth or length of `value`."""
    try:
        return f"`{reprlib.repr(value)}`"
    except ValueError:  # an integer of thousands of digits
        return "a huge number"
