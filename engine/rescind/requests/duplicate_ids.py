"""When two ids of a request, written differently, are the same resource, and which ids a request may not contain.

Each resource is given back only once. If an id only looks like another, or differs from it in a way that the system
with the resources ignores, the resource would be paid back twice. The rules, in the order in which they are applied:

- An id has no invisible character: controls, formats such as a zero-width space, fillers, selectors.
- Two ids are the same if they are equal after Unicode's NFKC and case folding, with dashes as `-`, digits of any script
  as `0` to `9`, each run of spaces as one space, and no spaces at the ends.
- The letters of all ids of a request belong to one script, so that no Cyrillic or Greek letter passes for a Latin one,
  in one id or across two. The scripts that are used together in Chinese, Japanese and Korean count as one, and may
  be mixed with Latin letters.

Characters of one script that look alike (`l` and `I`, `O` and the digit `0`) count as different, as in every system.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["TOLERATED", "identity", "scripts", "unseen"]

# Characters that show nothing though Unicode counts them as letters or marks; all of category C show nothing, too.
BLANK = frozenset(
    [
        *map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0)),
        *map(chr, range(0x180B, 0x1810)),
        *map(chr, range(0xFE00, 0xFE10)),
        *map(chr, range(0xE0100, 0xE01F0)),
        "\u2028",
        "\u2029",
    ]
)
MINUS = "\N{MINUS SIGN}"
CJK = "Chinese, Japanese or Korean"
# Scripts that may be mixed, because no letter of one looks like a letter of the other.
TOLERATED = frozenset({"Latin", CJK})
# By the first word of a character's name.
TOGETHER = dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"), CJK)


def unseen(text: str) -> str:
    """The first character of an id that cannot be seen; "" where there is none."""
    return next((char for char in text if char in BLANK or unicodedata.category(char)[0] == "C"), "")


@lru_cache(maxsize=65_536)
def identity(text: str) -> str:
    """The normal form of an id, which is equal for all ids of the same resource."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(map(_plain, folded)).split())


def _plain(char: str) -> str:
    if char.isascii():
        return char
    if char == MINUS or unicodedata.category(char) == "Pd":
        return "-"
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def scripts(texts: Iterable[str]) -> dict[str, str]:
    """The scripts of the letters of ids, each with the first id that has it."""
    found: dict[str, str] = {}
    for text in texts:
        if text.isascii():  # the common case
            if "Latin" not in found and any(map(str.isalpha, text)):
                found["Latin"] = text
            continue
        for char in unicodedata.normalize("NFKC", text):
            if char.isalpha():
                found.setdefault(_script(char), text)
    return found


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN").split()[0]
    return TOGETHER.get(name) or name.capitalize()
