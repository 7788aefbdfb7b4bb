"""What is wrong with a JSON text, in our words: how deep it nests, and the first fault with its place.

Python's own parser reads what is good. Its words and places for what is not, and how deep it dares to go, differ from
one Python to the next; these do not. Nothing here recurses, and all of it is linear.
"""

from __future__ import annotations

import functools
import itertools
import re
from typing import NamedTuple

__all__ = ["MAX_DEPTH", "JsonFault", "first_fault", "too_deep"]

MAX_DEPTH = 64


class JsonFault(NamedTuple):
    """The first thing that JSON does not allow: the offset where it stands, and our words for it.

    `message` is "" where a bracket at `at` nests deeper than `MAX_DEPTH`.
    """

    at: int
    message: str
    hint: str = ""


# Good facts pass here too


def too_deep(text: str) -> bool:
    """Whether JSON nests deeper than `MAX_DEPTH`; of a broken text only what comes before its first fault counts.

    Where there are that many brackets at all, this takes about as long as Python's parser: 10 ms for a megabyte.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    without_escapes = text.replace("\\\\", "").replace('\\"', "")
    brackets = _between_brackets().sub("", without_escapes)
    return max(itertools.accumulate(1 if sign in "[{" else -1 for sign in brackets), default=0) > MAX_DEPTH


@functools.cache
def _between_brackets() -> re.Pattern[str]:
    return re.compile(r'"[^"]*"?|[^"\[\]{}]+')


# Only broken ones come here

_VALUE = "expected a value"
_KEY = "expected a key in double quotes"
_COLON = "expected a colon after the key"
_COMMA = "expected a comma or the closing bracket"
_END = "expected the end"
_LINES = "several objects, one on each line, are JSON Lines: `--input jsonl`"
_CLOSING = {"[": "]", "{": "}"}


def first_fault(text: str) -> JsonFault | None:
    """The first fault of a JSON text, which may hold `NaN` and the like; None where there is none."""
    due: list[str] = []  # the brackets that are to be closed, the innermost last
    expected, last, at = _VALUE, "", 0
    for found in _token().finditer(text):
        token, at = found[1], found.start(1) if found[1] else found.end()
        if not token:
            break
        if token in _CLOSING and expected == _VALUE and len(due) == MAX_DEPTH:
            return JsonFault(at, "")
        follows = _after(token[0], expected, last, due)
        if follows is None:
            return _unexpected(text, at, expected)
        expected, last = follows, token
    if at == len(text) and expected == _END:
        return None
    if text.startswith('"', at) and expected in (_VALUE, _KEY):
        return _in_text(text, at)
    return _unexpected(text, at, expected)


# The characters of a text in quotes. Possessive: a text of many escapes takes no memory to look through.
_INSIDE = r'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'


@functools.cache
def _token() -> re.Pattern[str]:
    """Blanks and one token; always matches, without a token at the end and at what begins none."""
    number = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
    return re.compile(rf'[ \t\n\r]*+("{_INSIDE}"|[\[\]{{}}:,]|{number}|true|false|null|NaN|-?Infinity)?')


def _after(kind: str, expected: str, last: str, due: list[str]) -> str | None:
    """What is expected after a token that begins with `kind`; None where the token may not stand.

    `last` is the token before it; `due` is brought up to date.
    """
    if kind in ("]", "}"):
        if due[-1:] != [kind] or not (expected == _COMMA or last in _CLOSING):
            return None
        due.pop()
    elif expected == _VALUE and kind in _CLOSING:
        due.append(_CLOSING[kind])
        return _KEY if kind == "{" else _VALUE
    elif expected == _KEY:
        return _COLON if kind == '"' else None
    elif expected == _COLON:
        return _VALUE if kind == ":" else None
    elif expected == _COMMA:
        return None if kind != "," else _KEY if due[-1] == "}" else _VALUE
    elif expected == _END or kind in (",", ":"):
        return None
    return _COMMA if due else _END


def _unexpected(text: str, at: int, expected: str) -> JsonFault:
    character = text[at : at + 1]
    found = f"`{character}`" if character.strip() else "the end of the line or text"
    return JsonFault(at, f"{expected}, found {found}", _LINES if expected == _END else "")


def _in_text(text: str, start: int) -> JsonFault:
    """What is wrong with the text whose opening quote is at `start`."""
    at = re.compile(_INSIDE).match(text, start + 1).end()  # type: ignore[union-attr]  # nothing matches as well
    if at == len(text) or re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?").fullmatch(text, at):
        return JsonFault(start, "this text has no closing quote")
    if text[at] == "\\":
        return JsonFault(at, "this backslash begins no escape that JSON knows", "write a backslash twice")
    return JsonFault(at, "a line end or tab stands inside a text")
