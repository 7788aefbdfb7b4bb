"""Writing YAML: what is written reads back the same, by both parsers, and needs no quotes where none are needed."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from rescind.problems.problem import Problems
from rescind.source import yaml_tree
from rescind.source.checked_text import UNSEEN
from rescind.source.plain_scalars import MAX_DIGITS
from rescind.source.read_source import read_text
from rescind.source.yaml_tree import MAX_DEPTH, MAX_SCALAR
from rescind.source.yaml_writer import block, flow, quoted, scalar

PARSERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])]

# What readers of YAML take for different things, and what breaks its syntax.
TRICKY = (
    *("010", "1e3", "1:30", "0x1F", "12", "5.", "1_000", "0o17", "0b1", ".5", "+1", "-1", "1.5", "1E400", "12e03"),
    *("190:20:30", "1" * 41, "yes", "no", "on", "off", "y", "N", "True", "true", "NULL", "null", "~", "", ".nan"),
    *("-.inf", "=", "<<", " a", "a ", "a\u00a0", "\u3000", "\t", "a\tb", "a\nb\n", "\n", "\r\n", "\r", "a  b"),
    *("#", "a #b", "a#b", ": ", "a: b", "a:", ":a", "a:b", "- ", "- a", "-", "---", "...", "--- a", "%YAML 1.2"),
    *("? a", "?", "a?", '"', "'", "it's", 'a "b"', "\\", "\\n", "\\ud800", "\\\\U00110000", "{", "}", "[a]", "a, b"),
    *("a,b", "*a", "&a", "!a", "|", ">", "@", "`", "a*", "a -b", "a - b", "退订", "😀", "é", "10%", "%", "24h"),
    *("2024-10-29", "2024-10-29T00:00:00+08:00", "2024-10-29T00:00:00.5Z", "2024-10-29 00:00:00", "1000.01 USD"),
    *("PT24H", "sha256:ab", "rules/a.yaml", "a.b-c_d", "a" * 2000, "a b " * 400, "é" * 1100),
)  # fmt: skip

UNSEEN_CHARACTER = re.compile(f"[{UNSEEN}]")
TEXTS = st.sampled_from(TRICKY) | st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda char: not UNSEEN_CHARACTER.match(char))
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(1 - 10 ** (MAX_DIGITS - 1), 10**MAX_DIGITS - 1)
    | st.builds(Decimal.scaleb, st.integers(-(10**20), 10**20).map(Decimal), st.integers(-15, -1))
    | TEXTS
)
DATA = st.recursive(
    SCALARS,
    lambda data: st.lists(data, max_size=4) | st.dictionaries(TEXTS, data, max_size=4),
    max_leaves=12,
)


def read(text):
    """What each parser reads; they must agree, and find nothing wrong."""
    found = []
    for parser in PARSERS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml_tree, "PARSER", parser)
            problems = Problems()
            document = read_text(text, "f.yaml", problems)
        assert list(problems) == [], text
        found.append(document.data)
    assert all(same(each, found[0]) for each in found)
    return found[0]


def same(one, other):
    """Equal, of the same types, with keys in the same order and decimals with the same digits."""
    return repr(one) == repr(other)


@given(DATA, st.integers(0, 120))
@example(list(TRICKY), 0)
@example({text: text for text in TRICKY}, 0)
@example({text: [{text: {text: []}}] for text in TRICKY}, 0)
@example([[[{"a": {}}], {"a": [[{"b": 1, "c": [1]}]]}]], 0)
def test_what_is_written_reads_back_the_same(data, width):
    assert same(read(flow(data)), data)
    assert same(read(block(data, width)), data)
    assert same(read(f"a:\n  - {flow(data)}  # why\n"), {"a": [data]})
    assert "\n" not in flow(data)


@given(TEXTS)
def test_a_text_reads_back_the_same_with_and_without_quotes(text):
    assert read(f"a: {scalar(text)}\nb: {quoted(text)}\n") == {"a": text, "b": text}


@given(DATA, st.integers(20, 120))
def test_lines_are_as_short_as_their_longest_scalar_lets_them_be(data, width):
    longest = max(len(row.strip().lstrip("- ")) for row in block(data, 0).split("\n"))
    indent = max(len(row) - len(row.lstrip(" -")) for row in block(data, 0).split("\n"))
    assert all(len(row) <= max(width, longest + indent) for row in block(data, width).split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        *("a", "Other words", "1000.01 USD", "15%", "24h", "1.2.3", "2024-10-29", "rules/a-1.yaml"),
        *("2024-10-29T00:00:00+08:00", "2024-10-29T00:00:00Z", "order.paid", "tRUE"),
    ],
)
def test_a_clear_text_has_no_quotes(text):
    assert scalar(text) == text


@pytest.mark.parametrize("text", ["010", "1e3", "1:30", "0x1F", "12", "5.", "1_000", "no", "~", "sha256:ab"])
def test_a_doubtful_text_has_quotes(text):
    assert scalar(text) == f'"{text}"'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(5), "5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-7"), "0.0000001"),
        (dt.date(2024, 10, 29), "2024-10-29"),
        (dt.datetime(2024, 10, 29, 1, 2, 3, tzinfo=dt.UTC), "2024-10-29T01:02:03+00:00"),
        (("a", 1), "[a, 1]"),
        ({"a": {}, "b": [], "no": None}, '{a: {}, b: [], "no": null}'),
    ],
)
def test_a_value_is_written_in_one_way(value, text):
    assert flow(value) == text
    assert same(read(flow(read(text))), read(text))


@pytest.mark.parametrize(
    "text", ["\x00", "\x1b", "\x7f", "\x85", "\u200b", "\u2028", "\u202e", "\ud800", "\ufeff", "\uffff"]
)
def test_what_cannot_be_seen_is_refused(text):
    for write in (flow, block, scalar, quoted):
        with pytest.raises(ValueError, match=f"U\\+{ord(text):04X}"):
            write(f"a{text}b")


@pytest.mark.parametrize(
    "data",
    [
        *(Decimal("NaN"), Decimal("Infinity"), Decimal("1E+41"), Decimal("1E-41")),
        *(10**MAX_DIGITS, -(10 ** (MAX_DIGITS - 1))),
        *(pytest.param(10**5000, id="huge"), pytest.param("a" * (MAX_SCALAR + 1), id="long")),
    ],
)
def test_what_the_reader_would_refuse_is_not_written(data):
    for write in (flow, block, scalar):
        with pytest.raises(ValueError, match=r"number|long|digits"):
            write(data)


@pytest.mark.parametrize("data", [1.5, Fraction(1, 2), {1: "a"}, {True: "a"}, object(), b"a", {"a", "b"}])
def test_what_is_no_plain_data_is_not_written(data):
    for write in (flow, block):
        with pytest.raises(TypeError, match="expected"):
            write(data)


def test_data_is_as_deep_as_the_reader_allows():
    deep = {}
    for number in range(MAX_DEPTH - 1):
        deep = {"a": deep} if number % 2 else [deep]
    assert same(read(flow(deep)), deep)
    assert same(read(block(deep, 0)), deep)
    endless = []
    endless.append(endless)
    for data in ([deep], endless):
        for write in (flow, block):
            with pytest.raises(ValueError, match="levels"):
                write(data)
