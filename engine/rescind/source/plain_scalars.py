"""What a plain scalar means: true, false, null, a whole number, a decimal, or text.

YAML 1.1 reads many more words and notations as something other than text. Authors do not know them all, and
readers differ, so those are problems that say what to write instead.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import NamedTuple

__all__ = ["MAX_DIGITS", "Plain", "is_text", "plain", "shorten"]

MAX_DIGITS = 40


class Plain(NamedTuple):
    """The value of a plain scalar (a guess where `code` is not ""), and the problem with it."""

    value: object
    code: str = ""
    message: str = ""
    hint: str = ""


_MEANINGS: dict[str, object] = {"true": True, "false": False, "null": None, "": None}
_TRUE = frozenset({"True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})
_FALSE = frozenset({"False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"})
_NULL = frozenset({"~", "Null", "NULL"})
_SPECIAL = frozenset({"=", "<<"})
_ODD_WORDS = _TRUE | _FALSE | _NULL | _SPECIAL
_WORDS = _ODD_WORDS | _MEANINGS.keys()
_NUMERIC = frozenset("+-.0123456789")


def is_text(text: str) -> bool:
    """Whether a plain scalar is nothing but text, without doubt. False decides nothing: `plain` does."""
    return text not in _WORDS and text[0] not in _NUMERIC and text.isascii()


def plain(text: str) -> Plain:
    """The meaning of a plain scalar."""
    if text in _MEANINGS:
        return Plain(_MEANINGS[text])
    if text[0] in _NUMERIC:
        return _number(text)
    if text in _ODD_WORDS:
        return _odd_word(text)
    return Plain(text) if text.isascii() or text == text.strip() else _blank_ends(text)


def shorten(text: str) -> str:
    """Text for a message: one line, at most 40 characters."""
    line = " ".join(text[:200].split())
    return line if len(line) <= 40 else line[:39] + "…"


def _blank_ends(text: str) -> Plain:
    space = text[0] if text[0].isspace() else text[-1]
    message = f"the text `{shorten(text)}` begins or ends with the unusual space U+{ord(space):04X}"
    return Plain(text.strip(), "R0015", message, "write an ordinary space, or quote the text")


def _odd_word(text: str) -> Plain:
    quote = f'quote it if the text is meant: `"{text}"`'
    if text in _SPECIAL:
        return Plain(text, "R0011", f"`{text}` has a special meaning in YAML", quote)
    value = text in _TRUE if text not in _NULL else None
    meant = {True: "true", False: "false", None: "null"}[value]
    return Plain(value, "R0011", f"YAML readers take `{text}` for {meant}", f"write `{meant}`, or {quote}")


def _number(text: str) -> Plain:
    value = _simple(text)
    if value is None:
        return _odd_number(text) if _odd_notation().fullmatch(text) else Plain(text)
    if len(text) > MAX_DIGITS:
        message = f"expected a number of at most {MAX_DIGITS} digits, found {len(text)}: `{shorten(text)}`"
        return Plain(0, "R0012", message, f'quote it if the text is meant: `"{shorten(text)}"`')
    return Plain(int(text) if value else Decimal(text))


def _simple(text: str) -> bool | None:
    """True for a whole number, False for a decimal, None for anything else."""
    whole, point, rest = text.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdigit()) or (whole[0] == "0" and len(whole) > 1):
        return None
    if not point:
        return True
    return False if rest.isascii() and rest.isdigit() else None


@functools.cache
def _odd_notation() -> re.Pattern[str]:
    return re.compile(
        r"[-+]?(?:"
        r"[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?"  # 010, +1, 1_000, 1:30, 1:30.5, 5.
        r"|[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"  # 1e3, .5
        r"|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\.(?:inf|Inf|INF)"
        r")|\.(?:nan|NaN|NAN)"
    )


def _odd_number(text: str) -> Plain:
    cleaned = _cleaned(text)
    guess = plain(cleaned).value if cleaned else text
    quote = f'quote it if the text is meant: `"{shorten(text)}"`'
    hint = f"write `{cleaned}`, or {quote}" if cleaned else quote
    wanted = "expected plain digits such as `90` or `0.5`"
    message = f"{wanted}, found `{shorten(text)}`, which YAML readers take for different things"
    return Plain(guess, "R0012", message, hint)


def _cleaned(text: str) -> str:
    """The same number in plain digits, or "" where more than spelling is in doubt (octal, base 60)."""
    body = text.lstrip("+-").replace("_", "")
    body = f"0{body}" if body.startswith(".") else body
    body = f"{body}0" if body.endswith(".") else body
    cleaned = f"-{body}" if text.startswith("-") else body
    return cleaned if _simple(cleaned) is not None and len(cleaned) <= MAX_DIGITS else ""
