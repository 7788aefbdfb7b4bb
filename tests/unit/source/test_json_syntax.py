"""What is wrong with a JSON text, the same on every Python, and what is read of a good one."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.deciding.facts_files import parse_json
from rescind.source.json_syntax import MAX_DEPTH, JsonFault, first_fault, too_deep


def found(text: str) -> list[str]:
    return [str(problem) for problem in parse_json(text, "f", 1)[1]]


COMMA = "R0910 expected a comma or the closing bracket, found"
KEY = "R0910 expected a key in double quotes, found"
VALUE = "R0910 expected a value, found"
END = "the end of the line or text"
LINES = "(several objects, one on each line, are JSON Lines: `--input jsonl`)"
ESCAPE = "R0910 this backslash begins no escape that JSON knows (write a backslash twice)"
QUOTE = "R0910 this text has no closing quote"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", f"f:1:1: {VALUE} {END}"),
        (" \n", f"f:2:1: {VALUE} {END}"),
        ("[1,]", f"f:1:4: {VALUE} `]`"),
        ("[1,\n ]", f"f:2:2: {VALUE} `]`"),
        ("[,1]", f"f:1:2: {VALUE} `,`"),
        ("[1,,2]", f"f:1:4: {VALUE} `,`"),
        ('{"a": 1,}', f"f:1:9: {KEY} `}}`"),
        ('{"a": 1 ,\n}', f"f:2:1: {KEY} `}}`"),
        ('{"a": }', f"f:1:7: {VALUE} `}}`"),
        ('{"a" 1}', "f:1:6: R0910 expected a colon after the key, found `1`"),
        ("{a: 1}", f"f:1:2: {KEY} `a`"),
        ("{1: 1}", f"f:1:2: {KEY} `1`"),
        ("{", f"f:1:2: {KEY} {END}"),
        ("[", f"f:1:2: {VALUE} {END}"),
        ("[1", f"f:1:3: {COMMA} {END}"),
        ("[1}", f"f:1:3: {COMMA} `}}`"),
        ("[1 2]", f"f:1:4: {COMMA} `2`"),
        ("[01]", f"f:1:3: {COMMA} `1`"),
        ("[1.]", f"f:1:3: {COMMA} `.`"),
        ("[.5]", f"f:1:2: {VALUE} `.`"),
        ("[-]", f"f:1:2: {VALUE} `-`"),
        ("[True]", f"f:1:2: {VALUE} `T`"),
        ("['a']", f"f:1:2: {VALUE} `'`"),
        ("[1] // no", f"f:1:5: R0910 expected the end, found `/` {LINES}"),
        ("{}\n{}", f"f:2:1: R0910 expected the end, found `{{` {LINES}"),
        ("]", f"f:1:1: {VALUE} `]`"),
        ('["a', f"f:1:2: {QUOTE}"),
        ('["a\\', f"f:1:2: {QUOTE}"),
        ('["a\\u12', f"f:1:2: {QUOTE}"),
        ('["a\\"]', f"f:1:2: {QUOTE}"),
        ('["a\tb"]', "f:1:4: R0910 a line end or tab stands inside a text"),
        ('["a\nb"]', "f:1:4: R0910 a line end or tab stands inside a text"),
        ('["C:\\data"]', f"f:1:5: {ESCAPE}"),
        ('["\\u12x4"]', f"f:1:3: {ESCAPE}"),
        ('{"\\x": 1}', f"f:1:3: {ESCAPE}"),
    ],
)
def test_a_fault_is_said_in_our_words_at_its_place(text: str, problem: str) -> None:
    assert found(text) == [problem]


DEEP = "R0014 the nesting is too deep: facts are groups of values"
OBJECT = '{"a":'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 65 + "]" * 65, f"f:1:65: {DEEP}"),
        ("[" * 100_000, f"f:1:65: {DEEP}"),
        (OBJECT * 65 + "1" + "}" * 65, f"f:1:321: {DEEP}"),
        (OBJECT * 100_000, f"f:1:321: {DEEP}"),
        (f"[{OBJECT}" * 50_000, f"f:1:193: {DEEP}"),
        ("\n[" * 100, f"f:66:1: {DEEP}"),
        ("[[]," * 100, f"f:1:254: {DEEP}"),
        ('["]]]]",' * 100, f"f:1:513: {DEEP}"),
        ('["\\"]\\\\",' * 100, f"f:1:577: {DEEP}"),
        # What comes before the depth is found before it.
        ("[1,], " + "[" * 100, f"f:1:4: {VALUE} `]`"),
        ('{"a": 1, ' * 100, f"f:1:10: {KEY} `{{`"),
        ('[NaN, {"b": 1, "b": 2}, ' + "[" * 100, "f:1:16: R0006 the key `b` appears twice in one object"),
        ('["' + "[" * 100, f"f:1:2: {QUOTE}"),
        ("]" * 100 + "[" * 100, f"f:1:1: {VALUE} `]`"),
    ],
    ids=range(14),
)
def test_nesting_is_bounded_wherever_it_is(text: str, problem: str) -> None:
    assert found(text)[0].startswith(problem)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 64 + "]" * 64,
        OBJECT * 64 + "1" + "}" * 64,
        "[" + "[],{}," * 1_000 + "0]",
        '["' + "[{" * 1_000 + '"]',
        '{"' + "[{" * 1_000 + '": "\\"' + "[" * 100 + '\\\\"}',
    ],
    ids=range(5),
)
def test_what_nests_less_is_read(text: str) -> None:
    assert parse_json(text, "f", 1) == (json.loads(text), ())


@pytest.mark.parametrize("text", ['["' + "\\n" * 4_000_000, "[" * 8_000_000, "[1" + " " * 8_000_000])
def test_a_hostile_text_takes_a_moment(text: str) -> None:
    assert len(found(text)) == 1


SIGNS = [
    *'{}[],:"\\-0.eE \n\t',
    "\u00a0",
    '"a"',
    '"b":',
    "\\n",
    "\\u12",
    "\\u00e9",
    "12",
    "true",
    "nul",
    "NaN",
]
broken = st.one_of(st.lists(st.sampled_from(SIGNS), max_size=12).map("".join), st.text(max_size=8))
good = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
).map(json.dumps)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Good JSON with a few characters replaced."""
    text = draw(good)
    start = draw(st.integers(0, len(text)))
    return text[:start] + draw(st.sampled_from(["", *SIGNS])) + text[start + draw(st.integers(0, 3)) :]


DECODER = json.JSONDecoder(parse_float=Decimal)


@given(st.one_of(broken, good, damaged()))
def test_a_text_has_a_fault_where_python_does_not_read_it(text: str) -> None:
    theirs = _python_says(text)
    fault = first_fault(text)
    assert (fault is None) == (theirs is None)
    if (
        fault is None or theirs is None or "escape" in theirs.msg
    ):  # which it finds in a text without an end, too
        return
    at = theirs.pos
    if "trailing comma" in theirs.msg:  # newer Pythons stop at the comma, not behind it
        at = len(text) - len(text[at + 1 :].lstrip(" \t\n\r"))
    assert fault.at == at


def _python_says(text: str) -> json.JSONDecodeError | None:
    try:
        DECODER.decode(text)
    except json.JSONDecodeError as error:
        return error
    return None


@given(
    st.lists(
        st.tuples(st.sampled_from(["[", OBJECT, '["]",', '{"[\\"": [],"b":', "[{},"]), st.integers(1, 90)),
        max_size=3,
    ),
    damaged(),
)
def test_the_first_bracket_that_nests_too_deep_is_found(openings: list[tuple[str, int]], rest: str) -> None:
    text = "".join(opening * times for opening, times in openings)
    at = _too_deep_at(text)
    assert too_deep(text) == (at is not None)
    if at is not None:
        assert too_deep(text + rest)
        assert first_fault(text + rest) == JsonFault(at, "")


def _too_deep_at(text: str) -> int | None:
    """The same, character by character."""
    depth, quoted, escaped = 0, False, False
    for at, sign in enumerate(text):
        quoted ^= sign == '"' and not escaped
        escaped = sign == "\\" and not escaped
        if not quoted:
            depth += (sign in "[{") - (sign in "]}")
        if depth > MAX_DEPTH:
            return at
    return None
