"""Which characters nobody sees: they make two texts look alike that are not, or a text read otherwise than it is.

The table is written out, so that every Python refuses the same; each has a table of its own of what can be printed.
"""

from __future__ import annotations

import re

__all__ = ["UNSEEN", "character_name", "unseen_in"]

# Escapes, so that this file stays readable. What joins or parts letters in some languages and in emoji (U+200C, U+200D)
# and what picks the form of a character (U+FE00 to U+FE0F, U+E0100 to U+E01EF) is part of how people write.
UNSEEN = "".join(
    (
        r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f",  # controls, but for tab and line ends
        r"\xad\u180e\u200b\u2060-\u2065\ufeff",  # blanks without width, places for a line to break
        r"\u2028\u2029",  # line ends that editors count differently
        r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f",  # marks that reorder text
        r"\u115f\u1160\u3164\uffa0",  # letters without a shape
        r"\ufff9-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a",  # marks for layout
        r"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff",  # tags, which spell a second text
        r"\ud800-\udfff\ufdd0-\ufdef",  # halves of characters, and what is none
        *(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(17)),
    )
)
_UNSEEN = re.compile(f"[{UNSEEN}]")


def unseen_in(text: str) -> str:
    """The first character of a text that nobody sees, "" where there is none."""
    found = _UNSEEN.search(text)
    return found[0] if found else ""


def character_name(character: str) -> str:
    """A character by its number, and its name where it has one: `U+200B zero width space`."""
    import unicodedata  # only errors ask

    return f"U+{ord(character):04X} {unicodedata.name(character, '').lower()}".rstrip()
