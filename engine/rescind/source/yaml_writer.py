"""Plain data to YAML that `read_source.read_text` reads back as the same data, without a problem.

    flow     on one line
    block    on several lines, where one would be too long
    scalar   one value, in quotes only where it would be read as something else
    quoted   a text that is always in quotes, as authors write versions

What a plain word means is asked of the reader itself, so that the two cannot disagree on `010`, `1e3` or `yes`.

INVARIANT: for data that a `Document` can hold, reading gives what was written, type by type. Beyond that, tuples are
written as lists, a Decimal without decimals as a whole number, dates and times as their text.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from rescind.source.checked_text import UNSEEN
from rescind.source.plain_scalars import MAX_DIGITS, plain, shorten
from rescind.source.yaml_tree import MAX_DEPTH, MAX_SCALAR

__all__ = ["WIDTH", "block", "flow", "quoted", "scalar"]

WIDTH = 110

# Words, amounts, shares, file names and times. No other colon: readers differ on those between brackets.
_CLEAR = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9 ./_+*%-]*[A-Za-z0-9%])?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_UNSEEN = re.compile(f"[{UNSEEN}]")
# YAML ends a key that is not announced with `? ` after 1024 characters.
_LONG_KEY = 1000


def flow(data: object) -> str:
    """Plain data on one line. Raises `ValueError` for what the reader would refuse, `TypeError` for other types."""
    return _flow(data, MAX_DEPTH)


def block(data: object, width: int = WIDTH) -> str:
    """Plain data as the text of a file: what fits into `width` columns stands on one line. Raises as `flow` does."""
    return "\n".join(_lines(data, width, MAX_DEPTH)) + "\n"


def scalar(value: object) -> str:
    """A text, number, flag, date, time or None on one line. Raises as `flow` does."""
    match value:
        case str():
            return value if _is_clear(value) else quoted(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return _number(value)
        case dt.date():
            return scalar(value.isoformat())
        case _:
            raise TypeError(f"expected plain data, found a {type(value).__name__}")


def quoted(text: str) -> str:
    """A text in double quotes. Raises `ValueError` where it is too long, or holds what cannot be seen."""
    if len(text) > MAX_SCALAR:
        raise ValueError(f"a text of {len(text)} characters is too long for a YAML file of rescind")
    if found := _UNSEEN.search(text):
        raise ValueError(f"the character U+{ord(found[0]):04X} may not stand in a YAML file of rescind")
    return json.dumps(text, ensure_ascii=False)


def _is_clear(text: str) -> bool:
    """Whether a text needs no quotes."""
    return len(text) <= MAX_SCALAR and bool(_CLEAR.fullmatch(text)) and plain(text) == (text, "", "", "")


def _number(value: int | Decimal) -> str:
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) <= MAX_DIGITS):
        raise ValueError(f"the number {value} cannot be written in plain digits")
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if len(text) > MAX_DIGITS:
        raise ValueError(f"the number {shorten(text)} has more than {MAX_DIGITS} digits")
    return text


def _flow(data: object, depth: int) -> str:
    if isinstance(data, Mapping):
        entries = (_entry(key, _flow(item, depth - 1)) for key, item in data.items())
        return f"{{{', '.join(_within(depth, entries))}}}"
    if isinstance(data, (list, tuple)):
        return f"[{', '.join(_within(depth, (_flow(item, depth - 1) for item in data)))}]"
    return scalar(data)


def _within(depth: int, parts: Iterator[str]) -> Iterator[str]:
    if depth < 1:
        raise ValueError(f"expected data of at most {MAX_DEPTH} levels, found more")
    return parts


def _entry(key: object, text: str) -> str:
    name = _key(key)
    return f"{name}: {text}" if len(name) < _LONG_KEY else f"? {name} : {text}"


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"expected a text as the key, found a {type(key).__name__}")
    return scalar(key)


def _lines(data: object, width: int, depth: int) -> Iterator[str]:
    """The rows of a block, not indented; one where that is enough."""
    if _is_split(data, width, depth):
        yield from _rows(data, width, depth)
    else:
        yield _flow(data, depth)


def _is_split(data: object, width: int, depth: int) -> bool:
    """Whether data needs more lines than one."""
    return isinstance(data, (Mapping, list, tuple)) and bool(data) and len(_flow(data, depth)) > width


def _rows(data: object, width: int, depth: int) -> Iterator[str]:
    """An entry of a mapping or an item of a list after the other."""
    if isinstance(data, Mapping):
        for key, item in data.items():
            yield from _block_entry(_key(key), item, width, depth - 1)
    elif isinstance(data, (list, tuple)):
        for item in data:
            first, *rest = _lines(item, width - 2, depth - 1)
            yield f"- {first}"
            yield from (f"  {row}" for row in rest)


def _block_entry(name: str, item: object, width: int, depth: int) -> Iterator[str]:
    if len(name) >= _LONG_KEY:
        yield f"? {name}"
        name = ""
    if _is_split(item, width - len(name) - 2, depth):
        yield f"{name}:"
        yield from (f"  {row}" for row in _rows(item, width - 2, depth))
    else:
        yield f"{name}: {_flow(item, depth)}"
