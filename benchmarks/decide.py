"""How fast cases are decided: the rate and the latency of `Engine.decide`, beside other ways to the same answer.

    python benchmarks/decide.py [--rounds 15]

One process, one thread. The rows are those of `examples/cases.jsonl` that the shipped policy inactive-resources,
version 2025-07-28, decides. `Engine.decide` gets facts as they come out of `json.loads`, fresh each time, and
validates them; its decision objects count. Before anything is timed, all answers are compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from make_examples import cases
from measure import ROOT, Contestant, best_of_rounds, micros, print_table, quantile
from rescind import Decision, Engine
from rescind.values.money import Money, money_of, parse_money
from rescind.values.times import parse_time
from rivals import Bare, Record, Zen, stock_host, zen_context

__all__ = ["main"]

POLICY, VERSION = "inactive-resources", "2025-07-28"
AT = "2026-06-30T00:00:00+08:00"


class Row(NamedTuple):
    """One case: its JSON, the record that the compiled rules match, and what zen-engine is given."""

    text: str
    record: Record
    context: dict[str, Any]
    decision: Decision


def rows_of(engine: Engine) -> list[Row]:
    """The rows that the version decides."""
    at = engine.moment(AT)
    program = engine.program(POLICY, VERSION)
    (stage,) = program.stages
    columns = [column["field"] for column in engine.definition(POLICY, VERSION)["stages"][0]["columns"]]
    rows = []
    for text in (ROOT / "examples" / "cases.jsonl").read_text("utf-8").splitlines():
        facts = json.loads(text)
        decision = engine.decide(facts, at=at)
        run = decision.run
        if run is None or run.program is not program:
            continue
        record = dict(zip(columns, stage.record(run.values, run)[0], strict=True))
        context = zen_context(facts, _cents(facts), lambda text: parse_time(text) // 1000)
        rows.append(Row(text, record, context, decision))
    return rows


def _cents(facts: dict[str, Any]) -> Any:
    """A function from an amount to cents of USD; what is left of a cent in other currencies is cut."""

    def cents(raw: Any) -> int:
        money: Money = parse_money(raw) if isinstance(raw, str) else money_of(raw["amount"], raw["currency"])
        if money.currency == "USD":
            return int(money.minor)
        units, _, decimals = facts["rates"][f"{money.currency}/USD"].partition(".")
        return int(money.minor * int(units + decimals) // 10 ** len(decimals))

    return cents


def disagreements(rows: Sequence[Row], bare: Bare, zen: Zen | None) -> Iterator[str]:
    """Where another way answers differently."""
    for row in rows:
        decision, run = row.decision, row.decision.run
        if run is None:
            continue
        fired = [rule for branches in run.fired.values() for _, rule in branches]
        if bare.on_text(bare.texts(row.record)) != 1 + len(set(fired)):  # the sentinel fires as well
            yield f"durable-rules: {row.text[:80]}"
        if zen is None:
            continue
        answer = zen(row.context)
        found = [blocker["is"] for blocker in answer["blockers"]], answer["review"]["is"]
        review = decision.reviews[0].id if decision.reviews else None
        blocked = bool(decision.blockers)
        if found != ([blocker.id for blocker in decision.blockers], found[1] if blocked else review):
            yield f"zen-engine: {row.text[:80]}"
        if (
            decision.refund
            and decision.refund.total.currency == "USD"
            and answer["refund"]["total"] != decision.refund.total.minor
        ):
            yield f"zen-engine's refund: {row.text[:80]}"


def compare(engine: Engine, rows: Sequence[Row], rounds: int) -> None:
    """The table of ways to the same answer."""
    shard = engine.definition(POLICY, VERSION)["stages"][0]["shards"][0]
    bare, zen, at = Bare(shard), _zen(), engine.moment(AT)
    if wrong := list(disagreements(rows, bare, zen)):
        sys.exit("the answers differ, so nothing is timed:\n" + "\n".join(wrong[:10]))
    contestants: dict[str, Contestant] = {
        "decide": (
            lambda chunk: [json.loads(row.text) for row in chunk],
            lambda facts: engine.decide(facts, at=at),
        ),
        "text": (lambda chunk: [bare.texts(row.record) for row in chunk], bare.on_text),
        "dict": (lambda chunk: [bare.fact(row.record) for row in chunk], bare.on_dict),
    }
    if zen:
        contestants["zen"] = (lambda chunk: [dict(row.context) for row in chunk], zen)
    took = best_of_rounds(contestants, rows, rounds)
    # Its two timer threads run from now on, and slow down whatever runs beside them: so it is last, and alone.
    took |= best_of_rounds(
        {"host": (lambda chunk: [dict(row.record) for row in chunk], stock_host(shard))}, rows, rounds
    )
    names = {
        "decide": ("rescind: facts to decision", ""),
        "text": ("(a) bare durable-rules calls, JSON text ready", ""),
        "dict": ("(a) bare durable-rules calls, record as a dict", "> 0.5"),
        "host": ("(b) durable-rules through its stock Host", "> 4"),
        "zen": ("(c) zen-engine, the same policy as a graph", "> 1"),
    }
    table = [
        (
            names[key][0],
            micros(seconds),
            f"{1 / seconds:,.0f}",
            f"{seconds / took['decide']:.2f}",
            names[key][1],
        )
        for key, seconds in took.items()
    ]
    print_table(
        f"{POLICY} {VERSION}, {len(rows)} cases of examples/cases.jsonl",
        ("", "a case", "per second", "rescind's rate to its", "goal"),
        table,
    )


def _zen() -> Zen | None:
    try:
        return Zen()
    except ImportError:
        print("zen-engine is not installed (`pip install 'rescind[bench]'`), so it is left out")
        return None


def latency(engine: Engine, rows: Sequence[Row], rounds: int) -> None:
    """What single calls take, the timer's own cost included; and facts whose times and amounts were never seen."""
    at = engine.moment(AT)
    known = [row.text for row in rows]
    unseen = [json.dumps(facts) for seed in range(1, 4) for facts in cases(1000, seed)]
    table = []
    for name, texts in (("all seen before", known * rounds), ("never seen, every policy", unseen)):
        times = sorted(_one(engine, text, at) for text in texts)
        shares = (quantile(times, share) for share in (0.5, 0.9, 0.99, 0.999))
        table.append((name, *map(micros, shares)))
    print_table(
        "latency of one call of `Engine.decide`",
        ("texts of times and amounts", "p50", "p90", "p99", "p99.9"),
        table,
    )


def _one(engine: Engine, text: str, at: int) -> float:
    facts = json.loads(text)
    start = time.perf_counter()
    engine.decide(facts, at=at)
    return time.perf_counter() - start


def in_use(engine: Engine, rounds: int) -> None:
    """The decision with values, tiers and deductions, beside the one without."""
    texts = {
        "inactive": (ROOT / "examples" / "allowed.json").read_text("utf-8"),
        "in use": (ROOT / "examples" / "sister-policies" / "in-use.json").read_text("utf-8"),
    }
    texts["fractions"] = texts["in use"].replace("758.00 USD", "757.13 USD")
    at = engine.moment(AT)

    def contestant(key: str, policy: str | None) -> Contestant:
        return lambda _: [json.loads(texts[key])] * 50, lambda facts: engine.decide(
            facts, at=at, policy=policy
        )

    took = best_of_rounds(
        {
            "inactive-resources": contestant("inactive", None),
            "in-use-resources": contestant("in use", "in-use-resources"),
            "in-use-resources, deductions with fractions of a cent": contestant(
                "fractions", "in-use-resources"
            ),
            "in-use-resources, three policies tried before": contestant("in use", None),
        },
        range(50),
        rounds * 10,
    )
    base = took["inactive-resources"]
    goals = ("", "> 0.5", "> 0.5", "")
    table = [
        (name, micros(seconds), f"{base / seconds:.2f}", goal)
        for (name, seconds), goal in zip(took.items(), goals, strict=True)
    ]
    print_table("values, tiers and deductions", ("", "a case", "rate to the first", "goal"), table)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="more rounds are steadier on a busy machine")
    rounds = parser.parse_args().rounds
    engine = Engine.load(drafts=True)
    rows = rows_of(engine)
    latency(engine, rows, rounds)
    in_use(engine, rounds)
    compare(engine, rows, rounds)


if __name__ == "__main__":
    main()
