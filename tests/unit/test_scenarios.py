"""The scenarios of `tests/scenarios` played against the shipped book, and the index that says what they cover."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from rescind import Engine
from rescind.problems.exceptions import RequestError
from rescind.requests.list_resources import Filters
from rescind.shape.shipped_schemas import base_schema

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "scenarios"
# The form that a scenario shows decisions in: amounts are short texts.
SHORT = "rescind/decision/1"
PACKAGE = yaml.safe_load((FOLDER / "package.yaml").read_text("utf-8"))

# The sentences and bullets of the published policy, by section, as `docs/seed-coverage.md` numbers them.
SENTENCES = (
    *("inactive-1", "inactive-2", "review-1", "review-2", "review-3"),
    *("forbidden-0", "forbidden-1", "forbidden-2", "forbidden-3", "forbidden-4"),
    *("step-1", "step-2", "step-3", "step-3.1a", "step-3.1b", "step-3.1c", "step-3.2a", "step-3.2b"),
    *("step-3-single", "step-3-batch", "step-4a", "step-4b", "step-4c"),
)

Data = dict[str, Any]


def scenarios() -> list[Data]:
    """Every scenario, with what its file says for all of them."""
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        chapter = yaml.safe_load(path.read_text("utf-8"))
        common = {key: chapter[key] for key in ("at", "resources") if key in chapter}
        found += [common | scenario for scenario in chapter.get("scenarios", ())]
    return found


SCENARIOS = scenarios()


@functools.cache
def engine() -> Engine:
    return Engine.load(ROOT / "policies.yaml", drafts=True)


def nested(dotted: Data) -> Data:
    """Facts with dots as groups; nulls are left out."""
    facts: Data = {}
    for name, value in dotted.items():
        *groups, leaf = name.split(".")
        node = facts
        for group in groups:
            node = node.setdefault(group, {})
        if value is not None:
            node[leaf] = value
    return facts


def rows(scenario: Data) -> list[Data]:
    return [
        nested(
            PACKAGE
            | {"resource.id": resource["id"], "order.id": f"order-{resource['id']}"}
            | {name: value for name, value in resource.items() if name != "id"}
        )
        for resource in scenario["resources"]
    ]


def decide(scenario: Data) -> Data:
    facts = nested(PACKAGE | scenario.get("facts", {}))
    decision = engine().decide(facts, at=scenario["at"]).to_dict(SHORT)
    refund, request = decision["refund"], decision.get("request", {})
    lines = refund["instruments"] if refund else []
    return {
        "outcome": decision["outcome"],
        "policy": decision.get("policy", {}).get("id"),
        "version": decision.get("policy", {}).get("version"),
        "failed": [why["fact"] for tried in decision.get("failed", ()) for why in tried["because"]][:1],
        "blockers": [blocker["id"] for blocker in decision["blockers"]],
        "reviews": [review["id"] for review in decision["reviews"]],
        "refund": refund["total"] if refund else "none",
        "returned": {line["instrument"]: line["returned"] for line in lines},
        "fees": lines[0]["fees"] if lines else "",
        "consumed": lines[0]["consumed"] if lines else "",
        "state": request.get("state"),
        "deadline": request.get("deadline"),
    }


def list_(scenario: Data) -> Data:
    wanted = scenario.get("with", {})
    lists = {
        key: frozenset(wanted.get(key, ())) for key in ("product_types", "regions", "enterprise_projects")
    }
    filters = Filters(wanted.get("search", ""), **lists)
    listed = list(engine().list(rows(scenario), at=scenario["at"], filters=filters))
    return {
        "allowed": [each.about["resource"] for each in listed if each.allowed],
        "not_allowed": [each.about["resource"] for each in listed if not each.allowed],
        "outcomes": {each.about["resource"]: each.outcome for each in listed},
    }


@functools.cache
def schema(kind: str) -> Draft202012Validator:
    """What programs that keep orders hold them against."""
    return Draft202012Validator(base_schema(kind))


def request(scenario: Data) -> Data:
    order = engine().request(rows(scenario), at=scenario["at"], **scenario["with"]).to_dict()
    schema("order").validate(order)
    detail = scenario.get("then", {}).get("line", {}).get("order")
    return {
        "kind": order["kind"],
        "confirmed": order["confirmed"],
        "reason": order["reason"]["label"],
        "lines": [line["resource"] for line in order["lines"]],
        "left_out": {left["resource"]: left["why"] for left in order["left_out"]},
        "totals": {total["currency"]: total["returned"] for total in order["totals"]},
        "instruments": {
            total["currency"]: {part["instrument"]: part["returned"] for part in total["instruments"]}
            for total in order["totals"]
        },
        "line": next(
            (
                {
                    "order": line["order"],
                    "outcome": line["decision"]["outcome"],
                    "refund": line["decision"]["refund"]["total"],
                }
                for line in order["lines"]
                if line["order"] == detail
            ),
            None,
        ),
    }


def status(scenario: Data) -> Data:
    order = engine().request(rows(scenario), at=scenario["at"], reason="other", confirm=True)
    wanted = scenario["with"]
    found = engine().status(order, wanted.get("words", ()), at=wanted["asked_at"]).to_dict()
    schema("status").validate(found)
    return {
        "state": found["state"],
        "states": {line["resource"]: line["state"] for line in found["lines"]},
        "next_deadline": found.get("next_deadline"),
        "refunds": {key: found["refunds"][0][key] for key in ("approved", "open", "rejected")},
    }


PLAYERS = {"decide": decide, "list": list_, "request": request, "status": status}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_scenario(scenario: Data) -> None:
    play = PLAYERS[scenario.get("do", "decide")]
    if "error" in scenario:
        with pytest.raises(RequestError) as caught:
            play(scenario)
        assert [problem.code for problem in caught.value.problems] == scenario["error"]
        return
    outcome = play(scenario)
    assert {key: outcome[key] for key in scenario["then"]} == scenario["then"]


def test_scenarios_have_names_of_their_own_and_say_something() -> None:
    names = [scenario["id"] for scenario in SCENARIOS]
    assert len(names) == len(set(names))
    for scenario in SCENARIOS:
        assert scenario["says"].endswith((".", "?"))
        assert scenario.get("then") or scenario.get("error")


def index() -> dict[str, list[str]]:
    """The rows of `docs/seed-coverage.md`: what is covered, and by which scenarios."""
    text = (ROOT / "docs" / "seed-coverage.md").read_text("utf-8")
    table = re.findall(r"^\| `([^`]+)` \|[^|]+\|([^|]+)\|$", text, re.MULTILINE)
    return {name: re.findall(r"`([^`]+)`", cells) for name, cells in table}


def test_the_index_lists_every_sentence_with_scenarios_that_exist() -> None:
    known = {scenario["id"] for scenario in SCENARIOS}
    found = index()
    assert sorted(set(SENTENCES) - set(found)) == []
    assert sorted(set(found) - set(SENTENCES)) == []
    assert [name for name, named in found.items() if not named] == []
    assert sorted({name for named in found.values() for name in named} - known) == []


def test_no_scenario_is_missing_from_the_index() -> None:
    text = (ROOT / "docs" / "seed-coverage.md").read_text("utf-8")
    assert [scenario["id"] for scenario in SCENARIOS if f"`{scenario['id']}`" not in text] == []
