"""Values as people read them, in the words of the language: what stands in a decision as text, and on a terminal.

They are made from plain data, as `rescind.values.value_readers` writes it (`plain` or `typed`), so that a stored
decision reads the same as a fresh one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["exact_words", "money_text", "value_words"]

# What an optional fact is that the caller left out.
ABSENT_WORD = "absent"
MONEY_KEYS = {"amount", "currency"}
DECIMALS = 4


def value_words(data: Any) -> str:
    """A value in words: `true`, `absent`, `1000.01 USD`, `a, b`, `empty`; of records `id a, active true; id b`."""
    if data is None:
        return ABSENT_WORD
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, Mapping):
        if data.keys() == MONEY_KEYS:
            return money_text(data)
        return ", ".join(f"{key} {value_words(item)}" for key, item in data.items())
    if isinstance(data, (list, tuple)):
        # The parts of a record are divided by commas, so records are not.
        between = "; " if any(isinstance(item, Mapping) for item in data) else ", "
        return between.join(map(value_words, data)) or "empty"
    return str(data)


def money_text(data: Any) -> str:
    """Money as one text, `1000.01 USD`, whether it is one already or a mapping."""
    return data if isinstance(data, str) else f"{data['amount']} {data['currency']}"


def exact_words(data: Any) -> str:
    """A value in words; an exact fraction with its first decimals: `10/3 USD (3.3333… USD)`."""
    words = value_words(data)
    amount, _, unit = words.partition(" ")
    top, slash, bottom = amount.partition("/")
    if not slash or not top.lstrip("-").isdecimal() or not bottom.isdecimal():
        return words
    whole, rest = divmod(abs(int(top)), int(bottom))
    decimals = rest * 10**DECIMALS // int(bottom)
    sign = "-" if top.startswith("-") else ""
    return f"{words} ({sign}{whole}.{decimals:0{DECIMALS}d}…{' ' + unit if unit else ''})"
