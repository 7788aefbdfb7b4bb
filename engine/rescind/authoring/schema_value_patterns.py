"""How values of each kind are written: the patterns and examples that the generated schemas share."""

from __future__ import annotations

from collections.abc import Mapping

from rescind.values.decimals import PLAIN_DIGITS
from rescind.values.types import Kind, Type

__all__ = ["DATE", "DECIMAL", "EXAMPLES", "TIME", "duration", "money", "opening"]

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = "(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
_MONTHS = "[0-9]{1,9}(?:mo|y)|P(?=.)(?:[0-9]{1,6}Y)?(?:[0-9]{1,6}M)?"
_EXACT = (
    "[0-9]{1,9}(?:s|min|h|d|w)|P(?=.)(?:[0-9]{1,6}W)?(?:[0-9]{1,6}D)?"
    "(?:T(?=.)(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}S)?)?"
)

DATE = f"^{_DAY}$"
DECIMAL = rf"^-?{PLAIN_DIGITS}%?$"
TIME = rf"^{_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?{_OFFSET}$"

# The example of a fact of each kind where its entry in the vocabulary gives no example.
EXAMPLES: Mapping[Kind, object] = {
    Kind.FLAG: True,
    Kind.TEXT: "text",
    Kind.NUMBER: "0.15",
    Kind.INTEGER: 1,
    Kind.TIME: "2024-11-05T09:00:00+08:00",
    Kind.DATE: "2024-11-05",
    Kind.RATES: {"CNY/USD": "0.1383"},
}


def money(currency: str, *, signed: bool = True) -> str:
    """The pattern of an amount and its currency; any currency where `currency` is ""."""
    return rf"^{'-?' if signed else ''}{PLAIN_DIGITS} {currency or '[A-Z]{3}'}$"


def duration(*, calendar: bool) -> str:
    """The pattern of a duration: calendar months and years, or exact time."""
    return f"^(?:{_MONTHS if calendar else _EXACT})$"


def opening(type_: Type) -> object:
    """An example of a type, as a caller sends it."""
    match type_.kind:
        case Kind.CHOICE:
            return type_.choices[0]
        case Kind.MONEY:
            return f"100 {type_.currency or 'USD'}"
        case Kind.DURATION:
            return "1y" if type_.calendar else "24h"
        case Kind.INSTRUMENTS:
            return {type_.choices[0]: f"100 {type_.currency or 'USD'}"}
        case Kind.SET:
            return [*type_.choices[:1]] or ["text"]
        case Kind.LIST:
            return [{name: opening(field) for name, field in type_.fields.items() if not field.optional}]
        case _:
            return EXAMPLES[type_.kind]
