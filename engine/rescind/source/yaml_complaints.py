"""What the parser complains about, in words for a policy author, and what both parsers must agree on.

PyYAML's two parsers say the same things in different words and mostly at the same places; `_KINDS` knows both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import yaml

from rescind.problems.problem import Location, Problem
from rescind.source.plain_scalars import shorten

__all__ = [
    "bad_tab",
    "between_brackets",
    "block_header",
    "directive",
    "explain",
    "refused_depth",
    "tag_problem",
    "trailing",
]

_TAB_HINT = "indent and separate with spaces; a tab may stand only inside a quoted text or a comment"
_WIDE = "：，［］｛｝"  # full-width signs that look like YAML's
_CURLY = "“”„‘’"
# A line that git leaves where two changes meet. At the start of the line: no text of a block scalar stands there.
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|={7}|\|{7})(?=[ \r\n]|\Z)", re.MULTILINE)


class _Complaint(NamedTuple):
    """One complaint: `problem` and `context` are the parser's words, `mark` where, `start` where it began."""

    problem: str
    context: str
    mark: Any
    start: Any
    text: str

    @property
    def found(self) -> str:
        """The word at the mark, in backticks, or "the end of the file"."""
        rest = self.text[self.mark.index :]
        word = rest[:80].split()
        return f"`{shorten(word[0])}`" if word else "the end of the file"

    @property
    def at_end(self) -> bool:
        return not self.text[self.mark.index :].strip()


class _Words(NamedTuple):
    message: str
    hint: str = ""
    at_start: bool = False  # the place is where the thing began, not where the parser gave up


def explain(error: yaml.YAMLError, text: str, shown: str) -> Problem:
    """The problem behind a parser's exception; R0004 with the kinds that are known, or a general one."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Problem("R0004", "the YAML cannot be read", Location(shown), "check it with a YAML editor")
    if conflict := _CONFLICT.search(text):
        return _conflict(text, conflict.start(), shown)
    problem, context = str(getattr(error, "problem", "")), str(getattr(error, "context", ""))
    complaint = _Complaint(problem, context, mark, getattr(error, "context_mark", None) or mark, text)
    if text[mark.index : mark.index + 1] == "\t":
        message = "a tab stands where only spaces may"
        return Problem("R0005", message, _at(mark, shown), _TAB_HINT)
    if "<document start>" in problem or "directive" in context:
        late = _late_directive(text, complaint, shown)
        if late is not None:
            return late
    if "a tag" in context:
        return tag_problem(text, complaint.start, shown)
    if "unexpected ':'" in problem:
        found = between_brackets(text, complaint.start.index, mark.index, shown)
        if found is not None:
            return found
    kind = _kind(problem, context)
    words = kind(complaint)
    place = _at(complaint.start if words.at_start else mark, shown)
    if kind is _escape:
        place = _place(text, text.rfind("\\", 0, mark.index + 1), shown)
    return Problem("R0004", words.message, place, words.hint + _wide(complaint))


def _conflict(text: str, start: int, shown: str) -> Problem:
    """The marks of a merge that is not done: whatever else is wrong comes of them."""
    message = f"`{text[start : start + 7]}` is the mark of a merge that is not done"
    hint = "keep one of the two sides, and delete the lines with `<<<<<<<`, `=======` and `>>>>>>>`"
    return Problem("R0004", message, _place(text, start, shown), hint)


def _kind(problem: str, context: str) -> _Kind:
    for words, kind in _KINDS:
        if any(word in problem or word in context for word in words):
            return kind
    return _unknown


def _at(mark: Any, shown: str) -> Location:
    return Location(shown, mark.line + 1, mark.column + 1)


def _line(text: str, index: int) -> str:
    end = text.find("\n", index)
    return text[text.rfind("\n", 0, index) + 1 : end if end >= 0 else len(text)]


def _wide(complaint: _Complaint) -> str:
    """More of a hint where a full-width sign is near, which Chinese keyboards give for a colon or a bracket."""
    first = complaint.text.rfind("\n", 0, max(complaint.text.rfind("\n", 0, complaint.mark.index), 0)) + 1
    near = complaint.text[first : complaint.mark.index]
    sign = next((sign for sign in near if sign in _WIDE + _CURLY), "")
    if sign and sign in _CURLY:
        return f"; `{sign}` is a curly quote, YAML knows only the straight ones: `\"` and `'`"
    return f"; `{sign}` is a full-width sign, YAML knows only the ASCII one" if sign else ""


# The kinds of complaints


def _quote(complaint: _Complaint) -> _Words:
    quote = complaint.text[complaint.start.index : complaint.start.index + 1]
    message = f"the text that begins here with `{quote}` is not closed"
    return _Words(message, f"close it with `{quote}`", at_start=True)


def _escape(_: _Complaint) -> _Words:
    hint = "write a backslash twice, or use single quotes, which take it as it is"
    return _Words("this backslash begins no escape that YAML knows", hint)


def _brackets(complaint: _Complaint) -> _Words:
    opening = complaint.text[complaint.start.index : complaint.start.index + 1]
    closing = "]" if opening == "[" else "}"
    if complaint.at_end:
        return _Words(f"the `{opening}` here is not closed", f"close it with `{closing}`", at_start=True)
    if complaint.mark.line > complaint.start.line and _begins_a_key(complaint):
        message = f"the `{opening}` here is not closed before line {complaint.mark.line + 1}"
        return _Words(message, f"close it with `{closing}`", at_start=True)
    where = f"the `{opening}` is on line {complaint.start.line + 1}"
    message = f"expected `,` or `{closing}`, found {complaint.found}; {where}"
    return _Words(message, f"close the `{opening}` before this, or quote the text")


def _begins_a_key(complaint: _Complaint) -> bool:
    """Whether a line begins at the mark, with a key or an item: the bracket was meant to end on a line before."""
    line = _line(complaint.text, complaint.mark.index)
    before, rest = line[: complaint.mark.column], line[complaint.mark.column :]
    return not before.strip() and re.match(r"- |[\w.-]+:(?: |$)", rest) is not None


def _colon(complaint: _Complaint) -> _Words:
    line = _line(complaint.text, complaint.mark.index)
    before = line[: complaint.mark.column]
    if ": " in before:
        return _Words("a second `: ` stands in this line", "quote the text that holds a colon and a space")
    hint = "check the indentation, and that the line before has a space after its colon"
    return _Words("expected no key here: the line before goes on in this one", hint)


def _no_colon(complaint: _Complaint) -> _Words:
    rest = _line(complaint.text, complaint.start.index)[complaint.start.column :]
    name, colon, value = rest.partition(":")
    hint = "add a colon and a space; if it goes on with the line before, indent it further"
    if rest.startswith(("•", "–", "—", "·", "*")):
        hint = "begin the item with `- `"
    elif colon and value.strip():
        hint = f"write `{shorten(name)}: {shorten(value)}`"
    return _Words(f"expected a key with a colon, found `{shorten(rest)}`", hint, at_start=True)


def _item(_: _Complaint) -> _Words:
    return _Words("a list item (`- `) cannot begin here", "put it on a line of its own, or quote the text")


def _start(complaint: _Complaint) -> _Words:
    sign = complaint.text[complaint.mark.index : complaint.mark.index + 1]
    shown = "a backtick" if sign == "`" else f"`{sign}`"
    return _Words(f"a plain text cannot begin with {shown}", "quote the text")


def _content(complaint: _Complaint) -> _Words:
    if complaint.text.startswith(":", complaint.mark.index):
        return _Words("expected a key before the colon, found nothing", "name the key")
    return _Words(f"expected a value, found {complaint.found}", "delete the sign, or quote the text")


def _indent(complaint: _Complaint) -> _Words:
    before = _line(complaint.text, complaint.mark.index)[: complaint.mark.column].rstrip()
    if before.endswith(("'", '"', "]", "}")):
        message = f"expected the end of the line after `{before[-1]}`, found {complaint.found}"
        return _Words(message, "quote the whole text: double quotes inside single quotes, or the reverse")
    line = complaint.start.line + 1
    wanted = "an item (`- `)" if complaint.text.startswith("-", complaint.start.index) else "a key"
    message = f"expected {wanted} of what began on line {line}, column {complaint.start.column + 1}"
    hint = "check the indentation of this line, and the quotes and brackets before it"
    rest = complaint.text[complaint.mark.index : complaint.mark.index + 80]
    if re.match(r"-[^\s-]", rest):
        hint = "put a space after the `-`"
    elif rest.startswith("- ") and wanted == "a key":
        hint = "begin the items before it with `- ` too, and indent them alike"
    elif wanted != "a key":
        hint = "begin the item with `- `, and check the indentation of this line"
    return _Words(f"{message}, found {complaint.found}", hint)


def _second_root(complaint: _Complaint) -> _Words:
    hint = "begin the line in the same column as the first key of the file"
    return _Words(f"expected the end of the file, found {complaint.found}", hint)


def _block(complaint: _Complaint) -> _Words:
    if complaint.text.startswith("#", complaint.mark.index):
        return _Words("a comment needs a space before its `#`", "add a space")
    return _Words("a text cannot begin on the line of `|` or `>`", "begin it on the next line, indented")


def _name(complaint: _Complaint) -> _Words:
    sign = complaint.text[complaint.start.index : complaint.start.index + 1]
    return _Words(f"a plain text cannot begin with `{sign}`", "quote the text", at_start=True)


def _unknown(complaint: _Complaint) -> _Words:
    return _Words(
        f"the YAML cannot be read from here: {complaint.found}", "check the signs and the indentation"
    )


_Kind = Callable[[_Complaint], _Words]
_KINDS: tuple[tuple[tuple[str, ...], _Kind], ...] = (
    # The first that fits: words of the parser in its problem or its context.
    (("unexpected end of stream", "unexpected document"), _quote),
    (("unknown escape", "hexdecimal", "hexadecimal", "invalid Unicode character escape"), _escape),
    (("expected ',' or",), _brackets),
    (("mapping values are not allowed",), _colon),
    (("sequence entries are not allowed",), _item),
    (("could not find expected ':'",), _no_colon),
    (("cannot start any token",), _start),
    (("node content",), _content),
    (("<document start>",), _second_root),
    (("block scalar",), _block),
    (("an alias", "an anchor", "directive"), _name),
    (("did not find expected key", "'-' indicator", "<block end>"), _indent),
)

_TOUCHING = re.compile(r"\?|:(?=[,?\[\]{}])")
_COLON_MESSAGE = "a colon after a key needs a space here"
_COLON_HINT = "write `key: value`, or quote the text"


# Where the parsers differ


def refused_depth(error: yaml.YAMLError) -> int | None:
    """Where libyaml found more nesting than it takes (a thousand levels since 0.2.6); None for other complaints."""
    mark = getattr(error, "problem_mark", None)
    return mark.index if mark is not None and "nesting depth" in str(getattr(error, "problem", "")) else None


def block_header(text: str, start: int, shown: str) -> Problem | None:
    """A `#` that touches the `|` or `>` of a block scalar: only one parser takes it for a comment."""
    while text[start] in "|>+-0123456789":
        start += 1
    if text[start] != "#":
        return None
    return Problem(
        "R0004", "a comment needs a space before its `#`", _place(text, start, shown), "add a space"
    )


def tag_problem(text: str, mark: Any, shown: str) -> Problem:
    """A tag; `mark` is where the tag, or an anchor before it, begins."""
    words = text[mark.index : mark.index + 200].split()
    tag = next((word for word in words if word.startswith("!")), "!")
    message = f"the tag `{shorten(tag)}` is not read: the vocabulary gives the types"
    return Problem("R0008", message, _at(mark, shown), "delete it; quote the text if it begins with `!`")


def between_brackets(text: str, start: int, end: int, shown: str) -> Problem | None:
    """A plain scalar between brackets with a `?`, or a colon that touches a sign: only one parser takes it."""
    while text[end : end + 1] in {" ", "\r", "\n"}:
        end += 1
    found = _TOUCHING.search(text, start + 1, end + 2)
    if found is None or found.start() > end:
        return None
    place = _place(text, found.start(), shown)
    if found[0] == "?":
        return Problem("R0004", "a plain text between brackets cannot hold a `?`", place, "quote the text")
    return Problem("R0004", _COLON_MESSAGE, place, _COLON_HINT)


def _place(text: str, index: int, shown: str) -> Location:
    return Location(shown, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def directive(text: str, shown: str) -> Problem | None:
    """A `%YAML` or `%TAG` line before the document."""
    index = _significant(text, 0)
    return _directive(text, index, shown) if text[index : index + 1] == "%" else None


def _late_directive(text: str, complaint: _Complaint, shown: str) -> Problem | None:
    """A line that begins with `%` after the document; one parser reads on to what follows it."""
    line = text.rfind("\n", 0, complaint.start.index + 1) + 1
    before = text.rfind("\n%", 0, line + 1)
    if text[line : line + 1] == "%":
        return _directive(text, line, shown)
    if before >= 0 and _significant(text, text.find("\n", before + 1)) >= line:
        return _directive(text, before + 1, shown)
    return None


def _directive(text: str, index: int, shown: str) -> Problem:
    message = f"`{shorten(_line(text, index))}` is a directive, and directives are not read"
    return Problem("R0008", message, Location(shown, text.count("\n", 0, index) + 1, 1), "delete the line")


def trailing(text: str, index: int) -> int:
    """Where something other than comments and `...` follows from `index` on; the end for nowhere."""
    index = _significant(text, index)
    while text.startswith("...", index):
        index = _significant(text, index + 3)
    return index


def _significant(text: str, index: int) -> int:
    """The start of the first line (or rest of one) from `index` on that is neither blank nor a comment."""
    while index < len(text):
        end = text.find("\n", index)
        line = text[index : end if end >= 0 else len(text)].strip()
        if line and not line.startswith("#"):
            break
        index = end + 1 if end >= 0 else len(text)
    return index


def bad_tab(text: str, spans: list[tuple[int, int]]) -> bool:
    """Whether a tab stands outside of the spans (quoted and block scalars) and of comments."""
    last = 0
    for start, end in [*spans, (len(text), len(text))]:
        if _tab_in_gap(text[last:start]):
            return True
        # The header of a block scalar, up to its line end, is no text.
        header = text.find("\n", start, end) if text[start : start + 1] in {"|", ">"} else start
        if header > start and _tab_in_gap(text[start:header]):
            return True
        last = max(end, last)
    return False


def _tab_in_gap(gap: str) -> bool:
    """Whether a tab comes before the comment, if any, in a line of what stands between texts."""
    if "\t" not in gap:
        return False
    return any("\t" in _before_comment(line) for line in gap.split("\n"))


def _before_comment(line: str) -> str:
    if line.startswith("#"):
        return ""
    at = line.find(" #")
    return line if at < 0 else line[:at]
