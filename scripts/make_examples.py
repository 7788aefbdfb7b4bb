"""Write `examples/cases.jsonl`: a thousand fact sets for the shipped book, the same ones every time.

    python scripts/make_examples.py [--count N] [--seed N] [--out PATH]

Every fact set is valid. About half are allowed; the rest need a review, are blocked, or are covered by no
policy. Each carries the time of its request, so that the answers do not depend on when they are asked for.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["SEED", "cases", "main"]

SEED = 20241029
OUT = Path(__file__).resolve().parent.parent / "examples" / "cases.jsonl"

CHINA = dt.timezone(dt.timedelta(hours=8))
FIRST = dt.datetime(2024, 10, 29, tzinfo=CHINA)
LAST = dt.datetime(2026, 5, 25, tzinfo=CHINA)
RAISED = dt.datetime(2025, 7, 28, tzinfo=CHINA)  # from here on, review starts at USD 7,000 instead of 1,000

PRODUCTS = {
    "Object Storage Service": "storage",
    "Cloud Backup and Recovery": "backup",
    "Content Delivery Network": "traffic",
    "Data Warehouse Service": "warehouse",
    "Message and SMS": "sms",
    "Elastic IP": "bandwidth",
}
REGIONS = ("ap-southeast-1", "ap-southeast-3", "af-south-1", "la-south-2", "eu-west-101")
PROJECTS = ("default", "marketing", "analytics", "shop", "research")
REASONS = ("purchased_by_mistake", "no_longer_needed", "wrong_specification", "better_offer", "other")
RATES = {"CNY": Decimal("0.1383"), "EUR": Decimal("1.0842")}  # to USD
EDGES = (Decimal("1000.00"), Decimal("1000.01"), Decimal("7000.00"), Decimal("7000.01"))

BLOCKED: tuple[dict[str, Any], ...] = (
    {"resource": {"transactions_in_progress": 1}},
    {"resource": {"special_unsubscription_requested": True}},
    {"order": {"promotional": True, "invoice_issuer": "koogallery", "invoice_recipient": "customer"}},
    {"order": {"promotional": True, "invoice_issuer": "cloud", "invoice_recipient": "partner"}},
    {"account": {"legal_freeze": True}},
    {"resource": {"legal_freeze": True}},
)

Facts = dict[str, Any]


def cases(count: int = 1000, seed: int = SEED) -> Iterator[Facts]:
    """`count` fact sets, the same for the same seed."""
    rng = Random(seed)
    for number in range(1, count + 1):
        yield _case(rng, number)


def _case(rng: Random, number: int) -> Facts:
    at = FIRST + dt.timedelta(seconds=rng.randrange(int((LAST - FIRST).total_seconds())))
    kind = rng.choices(("allowed", "review", "blocked", "not_applicable"), (48, 20, 20, 12))[0]
    currency = rng.choices(("USD", "CNY", "EUR"), (80, 12, 8))[0]
    total = _total(rng, currency, at, large=kind == "review")
    facts: Facts = {
        "resource": _resource(rng, number, at),
        "order": _order(rng, number, at, total, currency),
        "account": _account(rng),
        "request": {"submitted_at": at.isoformat(), "reason": rng.choice(REASONS)},
    }
    if facts["account"]["enterprise_projects_enabled"]:
        facts["resource"]["enterprise_project"] = rng.choice(PROJECTS)
    if currency != "USD":
        facts["rates"] = {f"{currency}/USD": str(RATES[currency])}
    if kind == "blocked":
        for change in rng.sample(BLOCKED, rng.choice((1, 1, 1, 2, 3))):
            for group, values in change.items():
                facts[group] |= values
    if kind == "not_applicable":
        facts["resource"] |= _elsewhere(rng, at)
    if kind == "review" and rng.random() < 0.6:
        facts["request"]["reviews"] = [_word(rng, at)]
    return facts


def _resource(rng: Random, number: int, at: dt.datetime) -> Facts:
    product = rng.choice(list(PRODUCTS))
    return {
        "id": f"pkg-{rng.getrandbits(32):08x}",
        "name": f"{PRODUCTS[product]}-{number:04d}",
        "product_type": product,
        "region": rng.choice(REGIONS),
        "package": rng.choice(("resource_package", "addon_package")),
        "purchased_again": True,
        "effective_at": (at + dt.timedelta(hours=rng.randrange(1, 24 * 120))).isoformat(),
        "transactions_in_progress": 0,
        "special_unsubscription_requested": False,
        "legal_freeze": False,
    }


def _elsewhere(rng: Random, at: dt.datetime) -> Facts:
    """What makes a resource one that the inactive-resources policy does not cover."""
    return rng.choice(
        (
            {"package": "none", "purchased_again": False},
            {"purchased_again": False},
            {"effective_at": (at - dt.timedelta(hours=rng.randrange(24 * 90))).isoformat()},
        )
    )


def _order(rng: Random, number: int, at: dt.datetime, total: Decimal, currency: str) -> Facts:
    paid = _paid(rng, total)
    order: Facts = {
        "id": f"CS{at:%y%m%d%H%M}{number:05d}",
        "amount": _money(rng, total, currency),
        "promotional": rng.random() < 0.15,
        "paid": {instrument: _money(rng, amount, currency) for instrument, amount in paid.items()},
    }
    invoiced = rng.random() < 0.4
    order["invoice_issuer"] = "cloud" if invoiced else "none"
    order["invoice_recipient"] = "customer" if invoiced else "none"
    if "cash_coupon" in paid and rng.random() < 0.8:
        order["cash_coupon_valid_until"] = (at + dt.timedelta(days=rng.randrange(-60, 300))).isoformat()
    return order


def _paid(rng: Random, total: Decimal) -> dict[str, Decimal]:
    """The total in parts, by instrument."""
    coupon = _share(rng, total) if rng.random() < 0.4 else Decimal(0)
    discount = _share(rng, total - coupon) if rng.random() < 0.25 else Decimal(0)
    parts = {"cash": total - coupon - discount, "cash_coupon": coupon, "discount_coupon": discount}
    return {instrument: amount for instrument, amount in parts.items() if amount}


def _share(rng: Random, amount: Decimal) -> Decimal:
    return (amount * rng.randrange(1, 40) / 100).quantize(Decimal("0.01"))


def _total(rng: Random, currency: str, at: dt.datetime, *, large: bool) -> Decimal:
    """An order's amount, above the limit that is in force at the time if `large`, else not."""
    limit = Decimal(7000 if at >= RAISED else 1000)
    rate = RATES.get(currency, Decimal(1))
    if currency == "USD" and rng.random() < 0.15:
        edges = [edge for edge in EDGES if (edge > limit) == large]
        return rng.choice(edges)
    in_usd = limit * rng.randrange(101, 900) / 100 if large else limit * rng.randrange(1, 99) / 100
    return (in_usd / rate).quantize(Decimal("0.01"))


def _money(rng: Random, amount: Decimal, currency: str) -> str | dict[str, str]:
    if rng.random() < 0.5:
        return {"amount": f"{amount:.2f}", "currency": currency}
    return f"{amount:.2f} {currency}"


def _account(rng: Random) -> Facts:
    number = rng.randrange(200)
    return {
        "id": f"acct-{10_000 + number}",
        "legal_freeze": False,
        "enterprise_projects_enabled": number % 3 == 0,
    }


def _word(rng: Random, at: dt.datetime) -> Facts:
    """What the account manager said, at the last at the deadline."""
    minutes = rng.choice((24 * 60, rng.randrange(5, 24 * 60)))
    return {
        "by": "account_manager",
        "outcome": rng.choices(("approve", "reject"), (3, 1))[0],
        "decided_at": (at + dt.timedelta(minutes=minutes)).isoformat(),
    }


def main() -> None:
    """Write the file and say how many lines it has."""
    parser = argparse.ArgumentParser(description="Write generated fact sets as JSON Lines.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    with options.out.open("w", encoding="utf-8", newline="\n") as file:
        for facts in cases(options.count, options.seed):
            file.write(json.dumps(facts, separators=(",", ":")) + "\n")
    print(f"{options.count} fact sets in {options.out}")


if __name__ == "__main__":
    main()
