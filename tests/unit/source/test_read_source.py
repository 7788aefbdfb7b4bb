"""Reading YAML: data, places, and what is stopped at the door. Both parsers must agree on all of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rescind.problems.problem import Problems
from rescind.source import yaml_tree as tree
from rescind.source.document import Document
from rescind.source.read_source import read_file, read_text

PARSERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__, autouse=True)
def parser(request, monkeypatch):
    monkeypatch.setattr(tree, "PARSER", request.param)


def read(text):
    problems = Problems()
    return read_text(text, "f.yaml", problems), problems


def good(text) -> Document:
    document, problems = read(text)
    assert list(problems) == []
    return document


def codes(text):
    return [(p.code, p.location.line, p.location.column) for p in read(text)[1]]


# Data


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-0", 0),
        ("-17", -17),
        ("1" * 40, int("1" * 40)),
        ("1.50", Decimal("1.50")),
        ("-0.5", Decimal("-0.5")),
        ("2024-10-29", "2024-10-29"),
        ("2024-10-29T00:00:00+08:00", "2024-10-29T00:00:00+08:00"),
        ("2024-10-29 10:00:00", "2024-10-29 10:00:00"),
        ("1000 USD", "1000 USD"),
        ("1.2.3", "1.2.3"),
        ("24h", "24h"),
        ("10%", "10%"),
        ("none", "none"),
        ("'yes'", "yes"),
        ('"1_000"', "1_000"),
        ("'~'", "~"),
        ("''", ""),
        ("a?b:c", "a?b:c"),
        ("退订", "退订"),
        ("|\n  a\n   b\n", "a\n b\n"),
        (">-\n  a\n  b\n", "a b"),
    ],
)
def test_a_scalar_means_what_it_says(scalar, value):
    found = good(f"a: {scalar}").data
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_decimals_keep_the_digits_they_were_written_with():
    assert str(good("a: 1000.10").data["a"]) == "1000.10"


def test_containers_are_plain_and_fresh():
    text = "a: [1, {b: c}]\nd:\n- e\n- {}\n-\n"
    first, second = good(text).data, good(text).data
    assert first == {"a": [1, {"b": "c"}], "d": ["e", {}, None]} == second
    first["a"].append(2)
    assert second["a"] == [1, {"b": "c"}]


def test_a_byte_order_mark_at_the_start_is_not_part_of_the_text():
    document = good("\ufeffa: b")
    assert document.data == {"a": "b"}
    assert document.text == "a: b"
    assert str(document.at(("a",))) == "f.yaml:1:4"


def test_windows_line_ends_are_line_ends():
    document = good("a: |\r\n  x\r\nb:\r\n  - 1\r\n")
    assert document.data == {"a": "x\n", "b": [1]}
    assert str(document.at(("b", 0))) == "f.yaml:4:5"


# Places

PLACES = """\
# a comment
title: "quoted"
blockers:
  - id: one
    when: {a.b: [x, 'y y']}
formula: |2-

    a + b
folded: >
  c
nothing:
'it''s': 1
"""


@pytest.mark.parametrize(
    ("path", "key", "value", "text"),
    [
        ((), (2, 1), (2, 1), (2, 1)),
        (("title",), (2, 1), (2, 8), (2, 9)),
        (("blockers",), (3, 1), (4, 3), (4, 3)),
        (("blockers", 0), (4, 5), (4, 5), (4, 5)),
        (("blockers", 0, "when"), (5, 5), (5, 11), (5, 11)),
        (("blockers", 0, "when", "a.b"), (5, 12), (5, 17), (5, 17)),
        (("blockers", 0, "when", "a.b", 1), (5, 21), (5, 21), (5, 22)),
        (("formula",), (6, 1), (6, 10), (8, 5)),
        (("folded",), (9, 1), (9, 9), (10, 3)),
        (("nothing",), (11, 1), (11, 1), (11, 1)),
        (("it's",), (12, 1), (12, 10), (12, 10)),
        (("missing", "deeper"), (2, 1), (2, 1), (2, 1)),
        (("blockers", 7, "id"), (4, 3), (4, 3), (4, 3)),
        (("blockers", "id"), (4, 3), (4, 3), (4, 3)),
        (("title", "x"), (2, 8), (2, 8), (2, 8)),
    ],
)
def test_every_key_value_and_text_has_its_place(path, key, value, text):
    document = good(PLACES)
    found = [document.key_at(path), document.at(path), document.scalar_at(path)]
    assert [(place.line, place.column) for place in found] == [key, value, text]


def test_columns_count_characters_not_bytes():
    assert str(good("{é𝄞: 'x', b: 1}").at(("b",))) == "f.yaml:1:14"


# Problems


@pytest.mark.parametrize(
    "scalar",
    ["yes", "No", "on", "OFF", "True", "TRUE", "False", "~", "Null", "NULL", "=", "y", "N"],
)
def test_words_that_yaml_1_1_takes_for_something_else_are_refused(scalar):
    assert codes(f"a: {scalar}") == [("R0011", 1, 4)]
    assert codes(f"{scalar}: a") == [("R0011", 1, 1)]


@pytest.mark.parametrize(
    "scalar",
    [
        "1:30",
        "09:30",
        "010",
        "08",
        "-01",
        "0x1F",
        "0o7",
        "0b1",
        "1_000",
        ".inf",
        "-.Inf",
        ".nan",
        "1e3",
        "1.5e3",
        "+1",
        "+1.5",
        ".5",
        "5.",
        "00.5",
        "1:30.5",
    ],
)
def test_numbers_in_surprising_notations_are_refused(scalar):
    assert codes(f"a: {scalar}") == [("R0012", 1, 4)]


def test_a_number_has_bounded_digits():
    assert codes("a: " + "1" * 5000) == [("R0012", 1, 4)]
    assert codes("a: 0." + "1" * 5000) == [("R0012", 1, 4)]


@given(st.text("0123456789+-._:eExobXOinfINFnatrusyl~=<", min_size=1, max_size=7))
def test_no_word_is_read_otherwise_than_pyyaml_reads_it_without_a_problem(word):
    document, problems = read(f"- {word}")
    if len(problems) or not isinstance(document.data, list) or not isinstance(document.data[0], str | int):
        return
    theirs = yaml.safe_load(f"- {word}")[0]
    ours = document.data[0]
    dated = not isinstance(theirs, str | int | float | None)
    assert dated or ours == theirs, word


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", [("R0006", 3, 1)]),
        ('a: 1\n"a": 3\n', [("R0006", 2, 1)]),
        ("a: {b: 1, b: 2}\n", [("R0006", 1, 11)]),
        ("a: *b\n", [("R0007", 1, 4)]),
        ("a: &b 1\n", [("R0007", 1, 4)]),
        ("a: &b {c: 1}\n", [("R0007", 1, 4)]),
        ("<<: {a: 1}\n", [("R0007", 1, 1)]),
        ("a: !!python/object:os.system x\n", [("R0008", 1, 4)]),
        ("a: !t [1]\nb: !!str yes\nc: ! x\n", [("R0008", 1, 4), ("R0008", 2, 4), ("R0008", 3, 4)]),
        ("# c\n%YAML 1.1\n---\na: 1\n", [("R0008", 2, 1)]),
        ("a: 1\n---\nb: 1\n", [("R0009", 2, 1)]),
        ("a: 1\n...\n# c\nb: 1\n", [("R0009", 4, 1)]),
        ("", [("R0010", 0, 0)]),
        ("# only a comment", [("R0010", 0, 0)]),
        ("---\n", [("R0010", 0, 0)]),
        ("1: a\ntrue: b\nnull: c\n1.5: d\n", [("R0013", n, 1) for n in (1, 2, 3, 4)]),
        ("? [a]\n: b\n", [("R0013", 1, 3)]),
        ("a: {{x: 1}: 2}", [("R0013", 1, 5)]),
        ("?\n: a\n", [("R0013", 1, 2)]),
        ("a: {? }", [("R0013", 1, 6)]),
        ("[? # x\n ]", [("R0013", 1, 3)]),
        ("a: b\u202ec\nd: \u2066\n", [("R0015", 1, 5), ("R0015", 2, 4)]),
        ("a: x\x00y\x07\n", [("R0015", 1, 5), ("R0015", 1, 7)]),
        ("a: \ud800\n", [("R0015", 1, 4)]),
        ("a: x\ry", [("R0015", 1, 5)]),
        ("a: x\u2028y", [("R0015", 1, 5)]),
        ('a: "\\ud83d"\n', [("R0015", 1, 5)]),
        ('a: "\\UFFFFFFFF"\n', [("R0015", 1, 5)]),
        ('a: "\\e[31m"\n', [("R0015", 1, 4)]),
        ("a: \u3000x\n", [("R0015", 1, 4)]),
    ],
)
def test_what_is_not_plain_is_refused_at_its_place(text, found):
    assert codes(text) == found


def test_every_problem_of_a_file_is_reported_at_once():
    text = "a: yes\nb: 0x1F\na: !t 1\nc: *d\ne: &f [no]\n1: x\ng: \u202e\n"
    assert [code for code, _, _ in codes(text)] == (
        ["R0011", "R0012", "R0006", "R0008", "R0007", "R0007", "R0011", "R0013", "R0015"]
    )


def test_a_guess_is_given_for_later_stages_and_the_problem_stays():
    document, problems = read("a: yes\nb: 1_000\na: 2\nno: ~\n")
    assert document.data == {"a": True, "b": 1000, "no": None}
    assert len(problems.errors) == 5


@pytest.mark.parametrize("text", ["a: &b 1", "a: !t 1", "a: \u202e", "a: [", "a: 1\n---\nb: 1", "a:\t1"])
def test_nothing_is_given_where_no_guess_is_sound(text):
    assert read(text)[0] is None


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 'x\nb: 1\n", (1, 4), "not closed"),
        ('a: "x\n\nb: 1\n', (1, 4), "not closed"),
        ("a: [1, 2\n", (1, 4), "the `[` here is not closed"),
        ("a: {b: 1\n", (1, 4), "the `{` here is not closed"),
        ("a: [1, 2\nb: 3\n", (2, 2), "the `[` is on line 1"),
        ("a: b: c\n", (1, 5), "quote the text that holds a colon"),
        ("a:1\nb: 2\n", (2, 2), "a space after its colon"),
        ("a: 1\nb:2\nc: 3\n", (2, 1), "write `b: 2`"),
        ("a：1\nb: 2\n", (2, 2), "`：` is a full-width sign"),
        ("  a: 1\nb: 2\n", (2, 1), "same column as the first key"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "indentation"),
        ("- a\nb: 1\n", (2, 1), "expected an item"),
        ("a: - b\n", (1, 4), "list item"),
        ("a: @b\n", (1, 4), "cannot begin with `@`"),
        ("a: * 2\n", (1, 4), "cannot begin with `*`"),
        ('a: "\\d"\n', (1, 5), "backslash"),
        ('a: "\\xZZ"\n', (1, 5), "backslash"),
        ("a: 'b' c\n", (1, 8), "expected the end of the line after `'`, found `c`"),
        ("{: a}\n", (1, 2), "expected a key before the colon"),
        ("a: [1,, 2]\n", (1, 7), "expected a value"),
        ("a: {b:}\n", (1, 6), "needs a space"),
        ("a: {b: why? no}\n", (1, 11), "cannot hold a `?`"),
        ("a: |x\n", (1, 5), "next line"),
        ("a: |# x\n  b\n", (1, 5), "space before its `#`"),
    ],
)
def test_a_syntax_error_says_what_is_wrong_and_where(text, place, words):
    document, problems = read(text)
    assert document is None
    (problem,) = problems
    assert problem.code == "R0004"
    assert (problem.location.line, problem.location.column) == place
    assert words in str(problem)


def test_problems_before_a_syntax_error_are_kept():
    assert [code for code, _, _ in codes("a: yes\nb: [\n")] == ["R0011", "R0004"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a:\n\tb: 1\n", (2, 1)),
        ("a:\n  \tb: 1\n", (2, 3)),
        ("a:\t1\n", (1, 3)),
        ("a: [1,\t2]\n", (1, 7)),
        ("a: 'x'\t# y\n", (1, 7)),
    ],
)
def test_a_tab_between_words_is_refused(text, place):
    assert codes(text) == [("R0005", *place)]


def test_a_tab_inside_a_text_or_a_comment_is_none_of_our_business():
    document = good("# a\tb\na: 'x\ty' # c\td\nb: |\n  \tz\n")
    assert document.data == {"a": "x\ty", "b": "\tz\n"}


# Bounds


def test_nesting_is_bounded_from_both_sides():
    assert good("[" * 32 + "]" * 32).data is not None
    assert codes("[" * 33 + "]" * 33) == [("R0014", 1, 33)]
    assert codes("[" * 100_000) == [("R0014", 1, 33)]
    assert codes("- " * 100_000) == [("R0014", 1, 65)]


LARGE = "#" + "x" * tree.ASK_AGAIN + "\n"  # what follows is not read again by the parser in Python


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[" * 70_000 + "]" * 70_000, [("R0014", 1, 33)]),
        (LARGE + "{" * 2_000, [("R0014", 2, 33)]),
        (LARGE + "[{" * 2_000, [("R0014", 2, 33)]),
        (LARGE + "{a: " * 2_000, [("R0014", 2, 129)]),
        (LARGE + "{? " * 2_000, [("R0014", 2, 97)]),
        (LARGE + "? " * 2_000, [("R0014", 2, 65)]),
        (LARGE + "[\n" * 2_000, [("R0014", 34, 1)]),
        (LARGE + "- " * 31 + "[" * 2_000, [("R0014", 2, 64)]),
        (LARGE + "".join(" " * level + "a:\n" for level in range(1_100)), [("R0014", 34, 33)]),
        # What comes before the depth is found before it.
        (LARGE + "a: yes\nb: " + "[" * 2_000, [("R0011", 2, 4), ("R0014", 3, 35)]),
        (LARGE + "a: 1\n" + "[" * 2_000, [("R0004", 3, 1)]),
        (LARGE + "a: b: " + "[" * 2_000, [("R0004", 2, 5)]),
        (LARGE + "[] " + "[" * 2_000, [("R0004", 2, 4)]),
        (LARGE + "[" * 20 + '"' + "[" * 2_000, [("R0004", 2, 21)]),
        (LARGE + "a: '" + "[" * 2_000 + "'", []),
    ],
    ids=range(15),
)
def test_a_large_file_is_bounded_where_a_small_one_is(text, found):
    assert codes(text) == found
    assert codes(text.removeprefix(LARGE)) == [
        (code, line - text.startswith(LARGE), column) for code, line, column in found
    ]


def test_a_text_is_bounded_from_both_sides():
    assert good("a: " + "x" * 65536).data["a"] == "x" * 65536
    assert codes("a: " + "x" * 65537) == [("R0002", 1, 4)]


def test_the_number_of_keys_and_values_is_bounded(monkeypatch):
    monkeypatch.setattr(tree, "MAX_NODES", 10)
    assert good("[1,2,3,4,5,6,7,8,9]").data == list(range(1, 10))
    assert codes("[1,2,3,4,5,6,7,8,9,0]") == [("R0002", 1, 20)]


def test_an_alias_bomb_is_refused_without_growing():
    lines = [f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]" for n in range(1, 20)]
    document, problems = read("b0: &b0 x\n" + "\n".join(lines))
    assert document is None
    assert {p.code for p in problems} == {"R0007"}


# Files


def file_codes(path):
    problems = Problems()
    document = read_file(path, "rules/f.yaml", problems)
    assert document is None
    (problem,) = problems
    assert problem.location.path == "rules/f.yaml"
    return problem.code, problem.location.line, problem.location.column


def test_a_file_is_read_under_the_name_that_is_shown(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_bytes("\ufeffa: é\n".encode())
    problems = Problems()
    document = read_file(path, "rules/f.yaml", problems)
    assert document.data == {"a": "é"}
    assert str(document.key_at(("a",))) == "rules/f.yaml:1:1"
    assert not len(problems)


def test_what_is_no_readable_file_is_a_problem(tmp_path):
    assert file_codes(tmp_path / "missing.yaml") == ("R0001", 0, 0)
    assert file_codes(tmp_path) == ("R0001", 0, 0)
    assert file_codes(tmp_path / "nul\0.yaml") == ("R0001", 0, 0)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"a: 1\nb: \xc3\xa9\xff\n", ("R0003", 2, 5)),
        (b"\xef\xbb\xbfa\xff", ("R0003", 1, 2)),
        ("a: 1\n".encode("utf-16"), ("R0003", 0, 0)),
        ("a: 1\n".encode("utf-16-le"), ("R0003", 0, 0)),
        ("a: 1\n".encode("utf-32-be"), ("R0003", 0, 0)),
        ("a: é\n".encode("latin-1"), ("R0003", 1, 4)),
        (b"#" * (2 * 1024 * 1024 + 1), ("R0002", 0, 0)),
        (b"#" * (2 * 1024 * 1024), ("R0010", 0, 0)),
    ],
)
def test_the_bytes_of_a_file_are_checked(tmp_path, data, found):
    path = tmp_path / "f.yaml"
    path.write_bytes(data)
    assert file_codes(path) == found


# Anything at all

SIGNS = [
    *"{}[],:?-&*!|>'\"%@`#\n\t \\~=<.",
    ": ",
    "\n- ",
    "\n  ",
    "a",
    "b: c",
    "1",
    "\r\n",
    "---",
    "...",
    "\\u",
]


def outcome(parser, text):
    problems = Problems()
    used, tree.PARSER = tree.PARSER, parser
    try:
        document = read_text(text, "f", problems)
    finally:
        tree.PARSER = used
    places = None if document is None else (document.data, document.root)
    return places, list(problems)


@given(st.one_of(st.lists(st.sampled_from(SIGNS), max_size=25).map("".join), st.text(max_size=30)))
def test_any_text_gives_a_document_or_problems_and_both_parsers_agree(text):
    outcomes = [outcome(parser, text) for parser in PARSERS]
    assert all(found == outcomes[0] for found in outcomes)
    places, problems = outcomes[0]
    assert places is not None or problems


OPENINGS = [
    "[",
    "{",
    "{a: ",
    "[b, ",
    "- ",
    "a:\n ",
    "- [",
    "[\n",
    "x: [",
    '{"k": ',
    "[]",
    "'[', ",
]


@given(
    st.lists(st.tuples(st.sampled_from(OPENINGS), st.sampled_from([1, 3, 30, 400, 1_200])), max_size=5),
    st.text("]}x\n", max_size=6),  # in a large file a `:` or `?` at a bracket is left to libyaml
    st.booleans(),
)
def test_however_deep_a_text_nests_both_parsers_agree(openings, end, large):
    text = LARGE * large + "".join(opening * times for opening, times in openings) + end
    outcomes = [outcome(parser, text) for parser in PARSERS]
    assert all(found == outcomes[0] for found in outcomes)


@given(
    st.recursive(st.booleans() | st.integers() | st.text("abc: -#'\n\"", max_size=8), st.lists, max_leaves=8)
)
def test_what_pyyaml_writes_is_read_back(value):
    assert good(yaml.safe_dump({"a": value}, allow_unicode=True)).data == {"a": value}
