"""Amounts of money in other ways of writing, and how they are written here: `1,800.50 €` is `1800.50 EUR`.

Nothing is read this way. It is what a hint proposes.
"""

from __future__ import annotations

import re

from rescind.values.money import currencies

__all__ = ["amount_meant"]

SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "₹": "INR", "₩": "KRW"}
WORDS = {
    **dict.fromkeys(("euro", "euros"), "EUR"),
    **dict.fromkeys(("dollar", "dollars"), "USD"),
    **dict.fromkeys(("pound", "pounds"), "GBP"),
    **dict.fromkeys(("franc", "francs"), "CHF"),
    **dict.fromkeys(("yuan", "renminbi", "rmb"), "CNY"),
    "yen": "JPY",
}
MAX_TEXT = 60
SPACES = " \u00a0\u202f"


def amount_meant(raw: str, currency: str) -> str:
    """The amount that was probably meant, as `800 EUR`; "" where it cannot be told.

    `currency` is taken where the text names none.
    """
    number = re.search(rf"[0-9][0-9.,'’{SPACES}]*", raw) if len(raw) <= MAX_TEXT else None
    if not number:
        return ""
    found = _currency((raw[: number.start()] + raw[number.end() :]).strip(), currency)
    digits = _digits(number[0].rstrip(SPACES))
    return f"{digits} {found}" if found and digits else ""


def _currency(rest: str, otherwise: str) -> str:
    """The currency that words or a sign stand for; "" for none that is known."""
    if not rest:
        return otherwise
    known = SIGNS.get(rest) or WORDS.get(rest.casefold()) or rest.upper()
    return known if known in currencies() else ""


def _digits(text: str) -> str:
    """A number without separators and with a point before its decimals; "" where it cannot be told."""
    text = re.sub(rf"(?<=\d)['’{SPACES}](?=\d{{3}}(?!\d))", "", text)
    for thousands, point in ((",", r"\."), (r"\.", ",")):
        grouped = rf"\d{{1,3}}(?:{thousands}\d{{3}})+(?:{point}\d{{1,4}})?"
        if re.fullmatch(rf"{grouped}|\d+(?:{point}\d{{1,2}})?", text):
            return re.sub(thousands, "", text).replace(",", ".")
    return ""
