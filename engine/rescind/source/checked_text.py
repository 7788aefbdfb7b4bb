"""Bytes to checked text: one encoding, a bounded size, and only characters that an author can see."""

from __future__ import annotations

import bisect
import functools
import pathlib
import re
import unicodedata
from collections.abc import Callable

from rescind.problems.problem import Location, Problem, Problems

__all__ = ["MAX_BYTES", "MAX_PROBLEMS", "UNSEEN", "checked_text", "file_text"]

MAX_BYTES = 2 * 1024 * 1024
MAX_PROBLEMS = 500  # of one file; more would hide the first ones

# Controls, lone surrogates, line ends that editors count differently (a lone CR, NEL, LS, PS), marks that
# reorder or hide text, and code points that are no characters. Escapes, so that this file stays readable.
UNSEEN = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"
    "\\u200b\\u2028-\\u202e\\u2060-\\u2069\\ud800-\\udfff\\ufeff\\ufffe\\uffff"
)
_UNSEEN_IN_FILE = re.compile(f"[{UNSEEN}]|\\r(?!\\n)")

_WORDS = {
    "\r": "a carriage return without a line feed",
    "\x00": "a NUL character",
    "\ufeff": "a byte order mark",
}


def file_text(path: pathlib.Path, shown: str, problems: Problems) -> str | None:
    """The text of a file; None with a problem where it cannot be read, is too large or is not UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        problems.add("R0001", *_unreadable(error, shown))
        return None
    if len(data) > MAX_BYTES:
        problems.extend([_too_large(shown)])
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        problems.extend([_not_utf8(data, error.start, shown)])
        return None
    if "\x00" in text[:4]:
        problems.extend([_not_utf8(data, 0, shown)])
        return None
    return text


def checked_text(text: str, shown: str, found: list[Problem]) -> str | None:
    """The text as the parser may see it: unseen characters become U+FFFD, each of them a problem.

    None where it is too large. What the parser sees has the same lines and columns as `text`.
    """
    if len(text) > MAX_BYTES:
        found.append(_too_large(shown))
        return None
    unseen = [] if text.isascii() and text.isprintable() else list(_UNSEEN_IN_FILE.finditer(text))
    if unseen:
        _report(text, unseen, shown, found, _describe)
        text = _UNSEEN_IN_FILE.sub("\ufffd", text)
    if "\\u" in text or "\\U" in text:
        # One of PyYAML's parsers accepts these escapes, the other does not: here neither sees them.
        escapes = list(_no_character().finditer(text))
        _report(text, escapes, shown, found, _describe_escape)
        text = _no_character().sub(lambda match: "\ufffd" * len(match[0]), text) if escapes else text
    return text if text.endswith("\n") else text + "\n"


@functools.cache
def _no_character() -> re.Pattern[str]:
    surrogate = "[dD][89a-fA-F][0-9a-fA-F]{2}"
    beyond = f"(?!0000(?!{surrogate})|000[1-9a-fA-F]|0010)[0-9a-fA-F]{{8}}"
    return re.compile(rf"(?<!\\)(?:\\\\)*\\(?:u{surrogate}|U{beyond})")


def _report(
    text: str,
    matches: list[re.Match[str]],
    shown: str,
    found: list[Problem],
    describe: Callable[[str], tuple[str, str]],
) -> None:
    starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]
    for match in matches[:MAX_PROBLEMS]:
        line = bisect.bisect_right(starts, match.start())
        place = Location(shown, line, match.start() - starts[line - 1] + 1)
        message, hint = describe(match[0])
        found.append(Problem("R0015", message, place, hint))


def _describe(character: str) -> tuple[str, str]:
    name = unicodedata.name(character, "").lower()
    code = f"U+{ord(character):04X}"
    what = _WORDS.get(character) or (f"the invisible character {code} {name}".rstrip())
    hint = "delete it" if character != "\r" else "end lines with a line feed"
    return f"{what} stands in the file, where only text that can be seen is expected", hint


def _describe_escape(escape: str) -> tuple[str, str]:
    name = "\\" + escape.lstrip("\\")
    return f"the escape `{name}` stands for half a character or for none", "write the character itself"


def _unreadable(error: OSError | ValueError, shown: str) -> tuple[str, Location, str]:
    place = Location(shown)
    if isinstance(error, FileNotFoundError):
        return f"there is no file `{shown}`", place, "check the name; paths are relative to the book's folder"
    if isinstance(error, IsADirectoryError):
        return f"expected a file, found a folder: `{shown}`", place, "name a YAML file in it"
    if isinstance(error, PermissionError):
        return f"`{shown}` may not be read", place, "check the permissions of the file"
    reason = (error.strerror if isinstance(error, OSError) else "") or "the name is not a valid path"
    return f"`{shown}` cannot be read: {reason.lower()}", place, ""


def _too_large(shown: str) -> Problem:
    message = f"expected a file of at most {MAX_BYTES // 1024 // 1024} MiB, found a larger one"
    return Problem("R0002", message, Location(shown), "split it: a version can `include` other files")


def _not_utf8(data: bytes, start: int, shown: str) -> Problem:
    hint = "save the file as UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:4]:
        return Problem(
            "R0003", "expected UTF-8, found what looks like UTF-16 or UTF-32", Location(shown), hint
        )
    before = data[:start].decode("utf-8").removeprefix("\ufeff")
    place = Location(shown, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Problem("R0003", f"expected UTF-8, found the byte 0x{data[start]:02X}", place, hint)
