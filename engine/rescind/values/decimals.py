"""Exact decimal numbers as text: read, written, and what to say of one that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

__all__ = [
    "DECIMAL",
    "MAX_DIGITS",
    "PLAIN_DIGITS",
    "UnitError",
    "decimal_hint",
    "exact_text",
    "format_decimal",
    "parse_decimal",
    "plainly",
    "short_text",
]

MAX_DIGITS = 30


class UnitError(ValueError):
    """A text is not a well-formed amount, time, date, duration or number. `.hint` may say what to do.

    A hint that takes long to find is given as what finds it: a list of thousands of mistakes asks for few of them.
    """

    def __init__(self, message: str, hint: str | Callable[[], str] = "") -> None:
        super().__init__(message)
        self._hint = hint

    @property
    def hint(self) -> str:
        """What to do, "" where there is nothing to say."""
        return self._hint if isinstance(self._hint, str) else self._hint()


# As in JSON: no plus sign and no zero in front, which some readers take for base 8. Money has one blank: `1000.01 USD`.
PLAIN_DIGITS = r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"


DECIMAL = re.compile(f"-?{PLAIN_DIGITS}")


_IN_FRONT = re.compile(r"(?<![0-9.])\+?0*(?=[0-9])")


_NO_BLANK = re.compile(r"(?<=[0-9])(?=[A-Z]{3}$)")


def plainly(text: str) -> str:
    """A number or an amount without needless signs and zeros in front, and with the blank before its currency.

    Policies have always been read like that, and a frozen one cannot be edited; what callers send is not.
    """
    return _NO_BLANK.sub(" ", _IN_FRONT.sub("", text))


def exact_text(text: str) -> str:
    """The text itself, without what an instance of a class of its own makes of comparing and hashing.

    INVARIANT: what is remembered by a text is asked by exact ones only. A text that lies about itself would be found,
    or find, in the place of another.
    """
    return text if text.__class__ is str else str.__str__(text)


def decimal_hint(text: str) -> str:
    """How a number that cannot be read is perhaps meant to be written; "" where that cannot be told."""
    meant = _IN_FRONT.sub("", text.replace(",", ".") if text.count(",") == 1 else text)
    right = len(text) <= MAX_DIGITS and DECIMAL.fullmatch(meant.removesuffix("%"))
    return f"write `{meant}`" if right else ""


def parse_decimal(text: str) -> Fraction:
    """A decimal number such as `12`, `-0.5` or `10%`, exactly."""
    digits = text.removesuffix("%")
    if not DECIMAL.fullmatch(digits) or len(digits) > MAX_DIGITS:
        raise UnitError(
            f"expected a decimal number such as `0.15` or `15%`, found `{short_text(text)}`",
            decimal_hint(text),
        )
    return Fraction(digits) / (100 if text.endswith("%") else 1)


def format_decimal(value: int | Fraction, places: int = 12) -> str:
    """A number as a plain decimal; one that does not end within `places` is written as a fraction `p/q`."""
    value = Fraction(value)
    scaled = value * 10**places
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled.numerator)).rjust(places + 1, "0")
    return (
        (sign + digits[:-places] + "." + digits[-places:]).rstrip("0").rstrip(".") if places else str(scaled)
    )


def short_text(text: str) -> str:
    """A text for a message, cut where it is long."""
    return text if len(text) <= 60 else text[:57] + "…"
