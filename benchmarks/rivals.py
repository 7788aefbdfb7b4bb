"""The same decisions by other means: durable-rules bare and through its stock Host, and zen-engine.

Each answers as much of the question as it can. All are given what is in their favour: values already checked, typed and
in one currency. None of them makes a decision object.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import durable_rules_engine

__all__ = ["Bare", "Record", "Zen", "stock_host", "zen_context"]

# The columns of the compiled stage, by name.
Record = dict[str, int]


class Bare:
    """The calls of the extension and nothing else: assert, drain, retract. Rules that fire are counted, not named."""

    def __init__(self, shard: Mapping[str, Any]) -> None:
        self._handle = durable_rules_engine.create_ruleset("bare", json.dumps(shard["rules"]))
        self._ids = itertools.cycle(range(1, 9))

    def fact(self, record: Record) -> dict[str, Any]:
        """A record as a fact of the one session."""
        return {"sid": "bare", "id": next(self._ids), "k": 1, **record}

    def texts(self, record: Record) -> tuple[str, str]:
        """What asserts a record, and what retracts it."""
        fact = self.fact(record)
        key = {"sid": fact["sid"], "id": fact["id"]}
        return json.dumps(fact, separators=(",", ":")), json.dumps(key, separators=(",", ":"))

    def on_text(self, texts: tuple[str, str]) -> int:
        """Match a record whose JSON is ready."""
        fact, key = texts
        handle, fired = self._handle, 0
        _, state = durable_rules_engine.assert_fact(handle, fact)
        match: object = durable_rules_engine.start_action_for_state(handle, state)
        while match:
            fired += 1
            match = durable_rules_engine.complete_and_start_action(handle, state)
        durable_rules_engine.retract_fact(handle, key)
        return fired

    def on_dict(self, fact: dict[str, Any]) -> int:
        """Match a record given as a dict, made JSON as the stock binding does it: once to assert, once to retract."""
        return self.on_text((json.dumps(fact, ensure_ascii=False), json.dumps(fact, ensure_ascii=False)))


def stock_host(shard: Mapping[str, Any]) -> Callable[[Record], list[str]]:
    """A function that matches a record through `durable.engine.Host`, and names the rules that fire."""
    from durable.engine import Host

    fired: list[str] = []

    def action(name: str) -> Callable[[Any], None]:
        return lambda _: fired.append(name)

    rules = {name: {**copy.deepcopy(rule), "run": action(name)} for name, rule in shard["rules"].items()}
    host = Host({"stock": rules})
    ids = itertools.cycle(range(1, 9))

    def match(record: Record) -> list[str]:
        fired.clear()
        fact = {"id": next(ids), "k": 1, **record}
        host.assert_fact("stock", fact)
        host.retract_fact("stock", fact)
        return fired

    return match


class Zen:
    """The policy inactive-resources, version 2025-07-28, as a JDM graph."""

    def __init__(self) -> None:
        import zen

        self._decision = zen.ZenEngine().create_decision(json.dumps(_graph()))

    def __call__(self, context: dict[str, Any]) -> dict[str, Any]:
        """The answer: applies, blockers, review, and what comes back by instrument."""
        result: dict[str, Any] = self._decision.evaluate(context)["result"]
        return result


def zen_context(
    facts: Mapping[str, Any], minor: Callable[[Any], int], time: Callable[[str], int]
) -> dict[str, Any]:
    """Facts as the graph reads them: amounts in cents of USD, times in milliseconds, all keys there."""
    order = facts["order"]
    until = order.get("cash_coupon_valid_until")
    paid = {name: minor(amount) for name, amount in order["paid"].items()}
    return {
        "resource": {**facts["resource"], "effective_at": time(facts["resource"]["effective_at"])},
        "order": {
            **order,
            "amount": minor(order["amount"]),
            "paid": {name: paid.get(name, 0) for name in ("cash", "cash_coupon", "discount_coupon")},
            "cash_coupon_valid_until": None if until is None else time(until),
        },
        "account": dict(facts["account"]),
        "now": time(facts["request"]["submitted_at"]),
    }


def _graph() -> dict[str, Any]:
    applies = [
        'resource.package in ["resource_package", "addon_package"]',
        "resource.purchased_again == true",
        "resource.effective_at > now",
    ]
    blockers = {
        "transaction-in-progress": "resource.transactions_in_progress > 0",
        "special-unsubscription-requested": "resource.special_unsubscription_requested == true",
        "promotional-and-invoiced": (
            "order.promotional == true"
            ' and (order.invoice_issuer == "koogallery" or order.invoice_recipient == "partner")'
        ),
        "legal-freeze": "account.legal_freeze == true or resource.legal_freeze == true",
    }
    coupon = "order.cash_coupon_valid_until == null or order.cash_coupon_valid_until >= now"
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        _table("applies", "first", applies, [(["true", "true", "true"], "true"), (["", "", ""], "false")]),
        _table("blockers", "collect", list(blockers.values()),
               [(["true" if row == column else "" for column in blockers], f'"{row}"') for row in blockers]),
        _table("review", "first", ["order.amount"], [(["> 700000"], '"large-order"'), ([""], "null")]),
        {
            "id": "refund", "name": "refund", "type": "expressionNode",
            "content": {"expressions": [
                {"id": "c", "key": "refund.cash", "value": "order.paid.cash"},
                {"id": "v", "key": "refund.cash_coupon", "value": f"({coupon}) ? order.paid.cash_coupon : 0"},
                {"id": "t", "key": "refund.total", "value": "$.refund.cash + $.refund.cash_coupon"},
            ]},
        },
        {"id": "out", "name": "out", "type": "outputNode"},
    ]  # fmt: skip
    middle = ("applies", "blockers", "review", "refund")
    edges = [("in", name) for name in middle] + [(name, "out") for name in middle]
    return {
        "nodes": nodes,
        "edges": [
            {"id": f"{one}-{other}", "type": "edge", "sourceId": one, "targetId": other}
            for one, other in edges
        ],
    }


def _table(
    name: str, hit_policy: str, inputs: Sequence[str], rules: Sequence[tuple[list[str], str]]
) -> dict[str, Any]:
    """A decision table with one output, kept under the table's name."""
    ids = [f"i{number}" for number in range(len(inputs))]
    return {
        "id": name,
        "name": name,
        "type": "decisionTableNode",
        "content": {
            "hitPolicy": hit_policy,
            "inputs": [
                {"id": id_, "name": id_, "field": field} for id_, field in zip(ids, inputs, strict=True)
            ],
            "outputs": [{"id": "o", "name": "o", "field": "is"}],
            "rules": [
                {"_id": f"r{number}", **dict(zip(ids, cells, strict=True)), "o": output}
                for number, (cells, output) in enumerate(rules)
            ],
            "outputPath": name,
        },
    }
