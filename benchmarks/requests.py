"""What a line of a combined request costs, by the number of lines, and compared with deciding alone.

    python benchmarks/requests.py [--lines 1,100,10000,100000]

One process, one thread, the shipped book. `decide` is `Engine.decide_many` over the same facts; `request` is
`Engine.request` up to the order; `write` makes its JSON; `status` reads that and answers with one word per reviewed
line. A cost per line that does not grow with the lines is the point.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from rescind import Engine

__all__ = ["main"]

AT = "2025-11-05T09:00:00+08:00"
SOON = "2025-11-05T10:00:00+08:00"
LEAST_SECONDS = 1


def rows(count: int) -> list[dict[str, Any]]:
    """Facts of one account: one in five is over the limit for review, one in ten is blocked."""
    return [_facts(number) for number in range(count)]


def _facts(number: int) -> dict[str, Any]:
    amount = f"{8_000 if number % 5 == 1 else 100 + number % 900}.{number % 100:02} USD"
    resource = {
        "id": f"pkg-{number:08}",
        "name": f"traffic-{number}",
        "product_type": "Content Delivery Network",
        "region": "ap-southeast-3",
        "package": "resource_package",
        "purchased_again": True,
        "effective_at": "2025-12-01T00:00:00+08:00",
        "transactions_in_progress": 1 if number % 10 == 7 else 0,
        "special_unsubscription_requested": False,
        "legal_freeze": False,
    }
    order = {
        "id": f"CS{number:012}",
        "amount": amount,
        "promotional": False,
        "invoice_issuer": "none",
        "invoice_recipient": "none",
        "paid": {"cash": amount},
    }
    return {"resource": resource, "order": order, "account": {"id": "acct-1", "legal_freeze": False}}


def measured(work: Callable[[], object]) -> float:
    """Seconds of the processor for one call, the best of as many as a second takes (at least one)."""
    best, spent = float("inf"), 0.0
    while spent < LEAST_SECONDS:
        start = time.process_time()
        work()
        took = time.process_time() - start
        best, spent = min(best, took), spent + took
    return best


def table(engine: Engine, sizes: list[int]) -> Iterator[tuple[object, ...]]:
    """A row of figures for each size, in microseconds per line."""
    for size in sizes:
        facts = rows(size)
        alone = measured(lambda: [None for _ in engine.decide_many(facts, at=AT)])  # noqa: B023 - called at once
        ordered = measured(lambda: _place(engine, facts))  # noqa: B023
        order = _place(engine, facts)
        written = measured(order.to_json)
        document = json.loads(order.to_json())
        words = [
            {"by": "account_manager", "outcome": "approve", "decided_at": SOON, "line": line["order"]}
            for line in document["lines"]
            if line["state"] == "pending_review"
        ]
        asked = measured(lambda: engine.status(document, words, at=SOON))  # noqa: B023
        per_line = [seconds / size * 1e6 for seconds in (alone, ordered, written, asked)]
        yield size, *(f"{micros:.1f}" for micros in per_line), f"{ordered / alone:.2f}"


def _place(engine: Engine, facts: list[dict[str, Any]]) -> Any:
    return engine.request(facts, reason="no_longer_needed", at=AT, confirm=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", default="1,100,10000,100000", help="sizes of the requests, with commas")
    sizes = [int(size) for size in parser.parse_args().lines.split(",")]
    engine = Engine.load(drafts=True)
    print(
        f"{'lines':>8}  {'decide':>10}  {'request':>10}  {'write':>10}  {'status':>10}  {'request/decide':>14}"
    )
    print(f"{'':>8}" + f"  {'µs/line':>10}" * 4)
    for size, alone, ordered, written, asked, ratio in table(engine, sizes):
        print(f"{size:>8}  {alone:>10}  {ordered:>10}  {written:>10}  {asked:>10}  {ratio:>14}", flush=True)


if __name__ == "__main__":
    main()
