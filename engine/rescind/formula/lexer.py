"""Formula text to tokens: literals with their units, names, operators. No value is computed here beyond literals."""

from __future__ import annotations

import re
from enum import Enum, auto

from rescind.formula.runtime_values import new_money, settle
from rescind.problems.frozen_records import frozen
from rescind.problems.suggestions import did_you_mean
from rescind.values.decimals import UnitError, parse_decimal, plainly
from rescind.values.durations import parse_duration
from rescind.values.money import currencies
from rescind.values.types import Kind, Type

__all__ = ["FLAG", "Form", "Mistake", "Token", "tokens"]


class Mistake(Exception):  # noqa: N818 - an author's mistake, collected as a problem, not an error of ours
    """A problem at an offset of the formula's text; it ends the reading of the part that contains it."""

    def __init__(self, code: str, at: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.at, self.message, self.hint = code, at, message, hint


class Form(Enum):
    """What a token is."""

    LITERAL = auto()
    NAME = auto()
    WORD = auto()
    SIGN = auto()
    END = auto()


@frozen
class Token:
    """One token: its text as written, and for a literal its value and type."""

    form: Form
    text: str
    start: int
    value: object = None
    type: Type | None = None

    @property
    def end(self) -> int:
        """The offset after the token."""
        return self.start + len(self.text)


FLAG = Type(Kind.FLAG)
WORDS = frozenset({"and", "or", "not", "if", "else", "in"})
UNITS = ("s", "min", "h", "d", "w", "mo", "y")
CALENDAR = ("mo", "y")

_SPACE = re.compile(r"[ \t\r\n]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_CURRENCY = re.compile(r"[ \t]?([A-Z]{3})(?![A-Za-z0-9_.(])", re.ASCII)
_SMALL_CURRENCY = re.compile(r"[ \t]?([A-Za-z]{3})(?![A-Za-z0-9_.(])", re.ASCII)
_UNIT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_TEXT = re.compile(r"'[^'\r\n]*'|\"[^\"\r\n]*\"")
_SIGN = re.compile(r"==|!=|<=|>=|[-+*/<>()\[\],]")

_WORDS = {
    "s": {"sec", "secs", "second", "seconds"},
    "min": {"m", "mins", "minute", "minutes"},
    "h": {"hr", "hrs", "hour", "hours"},
    "d": {"day", "days"},
    "w": {"wk", "week", "weeks"},
    "mo": {"mon", "month", "months"},
    "y": {"yr", "yrs", "year", "years"},
}
_INSTEAD = {
    "&&": "use `and`",
    "||": "use `or`",
    "=": "compare with `==`",
    "!": "use `not` or `!=`",
    "%": "a percentage has no space before `%`: `15%`",
    ".": "write a digit before and after the point: `0.5`",
    ";": "a formula is one expression",
    ":": "a formula is one expression",
    "?": "use `a if condition else b`",
    **dict.fromkeys("–—\u2212", "write `-`: this one is a dash of a word processor"),
    **dict.fromkeys("“”„‘’", "write straight quotes: `'…'`"),
    "×": "multiply with `*`",
    "·": "multiply with `*`",
    "÷": "divide with `/`",
    "^": "there is no power: multiply",
    "≤": "use `<=`",
    "≥": "use `>=`",
    "≠": "use `!=`",
    **dict.fromkeys("€£¥$", "write the currency after the amount: `10 EUR`"),
    "\u00a0": "write an ordinary space",
}


def tokens(text: str) -> list[Token]:
    """The tokens of a formula, ending with one of `Form.END`. Raises `Mistake`."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        token = _next(text, at)
        found.append(token)
        at = token.end
    found.append(Token(Form.END, "", len(text)))
    return found


def _next(text: str, at: int) -> Token:
    if number := _NUMBER.match(text, at):
        return _number(text, number)
    if name := _NAME.match(text, at):
        return _word(name[0], at)
    if quoted := _TEXT.match(text, at):
        return Token(Form.LITERAL, quoted[0], at, quoted[0][1:-1], Type(Kind.TEXT))
    if sign := _SIGN.match(text, at):
        return Token(Form.SIGN, sign[0], at)
    return _stray(text, at)


def _word(word: str, at: int) -> Token:
    if word in {"true", "false"}:
        return Token(Form.LITERAL, word, at, word == "true", FLAG)
    return Token(Form.WORD if word in WORDS else Form.NAME, word, at)


def _stray(text: str, at: int) -> Token:
    if text[at] in "'\"":
        raise Mistake("R0501", at, "a text is not closed", f"end it with `{text[at]}` on the same line")
    hint = _INSTEAD.get(text[at : at + 2]) or _INSTEAD.get(text[at], "")
    shown = text[at] if text[at].isprintable() else ascii(text[at])[1:-1]
    raise Mistake("R0501", at, f"unexpected character `{shown}`", hint)


def _number(text: str, number: re.Match[str]) -> Token:
    at, end = number.start(), number.end()
    try:
        if text[end : end + 1] == "%":
            return _literal(
                text, at, end + 1, settle(parse_decimal(plainly(text[at : end + 1])), ""), Kind.NUMBER
            )
        if currency := _CURRENCY.match(text, end):
            return _amount(text, number, currency)
        if (small := _SMALL_CURRENCY.match(text, end)) and small[1] not in WORDS:
            _refuse_small_currency(number, small[1].upper())
        if unit := _UNIT.match(text, end):
            return _duration(text, number, unit)
        kind = Kind.NUMBER if "." in number[0] else Kind.INTEGER
        return _literal(text, at, end, settle(parse_decimal(plainly(number[0])), ""), kind)
    except UnitError as error:
        raise Mistake("R0513", at, str(error), error.hint) from None


def _literal(text: str, start: int, end: int, value: object, kind: Kind) -> Token:
    return Token(Form.LITERAL, text[start:end], start, value, Type(kind))


def _amount(text: str, number: re.Match[str], currency: re.Match[str]) -> Token:
    """Money. More decimals than the currency has are allowed: a price for one of many may be that small."""
    at, name = number.start(), currency[1]
    if name not in currencies():
        hint = did_you_mean(name, currencies()) or "use a three-letter ISO 4217 code"
        raise Mistake("R0513", currency.start(1), f"`{name}` is not a currency of ISO 4217", hint)
    minor = settle(parse_decimal(plainly(number[0])) * 10 ** currencies()[name], "")
    value = new_money(minor, name)
    return Token(Form.LITERAL, text[at : currency.end()], at, value, Type(Kind.MONEY, currency=name))


def _refuse_small_currency(number: re.Match[str], name: str) -> None:
    """Refuse `800 eur`: no name may follow a number, so a name that is a currency in capitals was meant as one."""
    if name in currencies():
        message = f"expected a currency in capitals, found `{name.lower()}`"
        raise Mistake("R0513", number.start(), message, f"write `{number[0]} {name}`")


def _duration(text: str, number: re.Match[str], unit: re.Match[str]) -> Token:
    at = number.start()
    written = text[at : unit.end()]
    if unit[0] not in UNITS:
        raise Mistake("R0501", at, f"`{written[:60]}` is not a number", _unit_hint(number[0], unit[0]))
    if "." in number[0]:
        raise Mistake(
            "R0501", at, f"`{written}` is not a whole number of units", "use a smaller unit: `90min`"
        )
    value = parse_duration(written)
    # Decided by the unit: zero months are still a calendar length, and go with other months.
    return Token(Form.LITERAL, written, at, value, Type(Kind.DURATION, calendar=unit[0] in CALENDAR))


def _unit_hint(number: str, unit: str) -> str:
    if unit.startswith("_") or re.fullmatch(r"[eE][0-9]*", unit):
        return "write all digits, without separators or exponents"
    meant = next((short for short, words in _WORDS.items() if unit.lower() in words), "")
    return f"did you mean `{number}{meant}`?" if meant else f"units of time are {', '.join(UNITS)}"
