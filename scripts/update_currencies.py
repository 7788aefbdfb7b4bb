"""Renew the currencies of the package from `iso4217`: `python scripts/update_currencies.py`."""

from __future__ import annotations

import json
from pathlib import Path

import iso4217

TARGET = Path(__file__).parents[1] / "engine" / "rescind" / "values" / "data" / "currencies.json"


def table() -> dict[str, int]:
    """Currency code to number of decimals; funds and metals without a minor unit are left out."""
    return {
        currency.code: currency.exponent
        for currency in sorted(iso4217.Currency, key=lambda c: c.code)
        if currency.exponent is not None
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(table(), indent=0) + "\n", encoding="utf-8")
