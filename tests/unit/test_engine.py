"""The façade on small books: which version decides, what is missing, and the same bytes every time."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from rescind.engine import Engine
from rescind.load import book_path, shipped_book
from rescind.problems.exceptions import BookError, FactsError
from rescind.problems.problem import Problems
from rescind.source.read_source import read_text

CORPUS = Path(__file__).parents[1] / "corpus"
GOOD = read_text((CORPUS / "facts.yaml").read_text("utf-8"), "facts", Problems()).data
AT = "2025-03-06T10:00:00+01:00"


@pytest.fixture(scope="module")
def engine():
    return Engine.load(CORPUS / "base", drafts=True)


def facts(**groups):
    """The good facts with some changed; None takes one away."""
    result = {name: dict(group) for name, group in GOOD.items()}
    for name, changes in groups.items():
        group = result.setdefault(name, {})
        group.update(changes)
        result[name] = {key: value for key, value in group.items() if value is not None}
    return result


def refused(engine, given, at=AT, **options):
    with pytest.raises(FactsError) as caught:
        engine.decide(given, at=at, **options)
    return [(problem.code, problem.location.path) for problem in caught.value.problems]


# The version


@pytest.mark.parametrize(
    ("at", "version"),
    [
        ("2024-12-31T23:59:59.999999+01:00", "1"),
        ("2025-01-01T00:00:00+01:00", "2"),
        ("2024-12-31T23:00:00Z", "2"),
        (dt.datetime(2024, 12, 31, 23, tzinfo=dt.UTC), "2"),
        (1_735_686_000_000_000 - 1, "1"),
        (1_735_686_000_000_000, "2"),
    ],
)
def test_a_version_starts_at_local_midnight_to_the_microsecond(engine, at, version):
    assert engine.decide(facts(), at=at).version.version == version


def test_the_submission_picks_the_version_and_is_what_now_means(engine):
    given = facts(request={"submitted_at": "2024-12-31T23:59:59+01:00"})
    decision = engine.decide(given, at=AT)
    assert decision.version.version == "1"
    assert decision.to_dict()["decided_at"] == AT


def test_another_fact_may_pick_the_version(engine):
    racer = {"kind": "racer"}
    given = facts(bike=racer, order={"placed_on": "2029-12-31"})
    assert engine.decide(given, at=AT).version.policy == "rest"
    [(code, _)] = refused(engine, facts(bike=racer, order={"placed_on": "2030-01-01"}))
    assert code == "R0905"
    assert refused(engine, facts(bike=racer, order={"placed_on": None})) == [("R0901", "order.placed_on")]


def test_before_the_first_version_the_dates_are_named(engine):
    with pytest.raises(FactsError, match="1 from 2024-01-01T00:00:00") as caught:
        engine.decide(facts(), at="2023-12-31T23:59:59+01:00", policy="hire")
    assert [problem.code for problem in caught.value.problems] == ["R0905"]


def test_a_named_version_decides_whatever_its_dates(engine):
    assert (
        engine.decide(facts(), at="2020-01-01T00:00:00Z", policy="hire", version="2").version.version == "2"
    )
    assert refused(engine, facts(), policy="hire", version="9") == [("R0906", "version")]
    assert refused(engine, facts(), policy="hires") == [("R0906", "policy")]


def test_the_path_shows_the_policies_that_did_not_apply(engine):
    decision = engine.decide(facts(bike={"kind": "racer"}), at=AT).to_dict()
    assert decision["policy"]["id"] == "rest"
    assert [step["policy"] for step in decision["path"]] == ["hire"]
    assert decision["path"][0]["because"][0]["fact"] == "bike.kind"


def test_a_policy_that_does_not_apply_says_which_conditions_failed(engine):
    decision = engine.decide(facts(bike={"kind": "racer"}), at=AT, policy="hire")
    assert decision.outcome == "not_applicable"
    assert decision.to_dict("rescind/decision/1")["failed"][0]["because"] == [
        {"fact": "bike.kind", "is": "racer", "needs": "one of city, cargo"}
    ]


# Time


@pytest.mark.parametrize("at", ["yesterday", "2025-02-30", True, None, 1.5, dt.datetime(2025, 3, 6)])  # noqa: DTZ001
def test_an_evaluation_time_that_is_none(engine, at):
    assert refused(engine, facts(), at=at) == [("R0904", "at")]


def test_a_request_from_the_future_is_refused(engine):
    later = facts(request={"submitted_at": "2025-03-06T10:00:00.000001+01:00"})
    assert refused(engine, later) == [("R0904", "request.submitted_at")]
    assert engine.decide(facts(request={"submitted_at": AT}), at=AT).request.state == "approved"


def test_a_local_time_is_read_in_the_time_zone_of_the_book(engine):
    local = engine.decide(facts(), at="2025-03-06T10:00:00")
    assert local.to_json() == engine.decide(facts(), at=AT).to_json()


@pytest.mark.parametrize("at", [dt.date(2025, 3, 6), "2025-03-06"])
def test_a_date_is_its_first_instant_in_the_time_zone_of_the_book(engine, at):
    decision = engine.decide(facts(), at=at)
    assert decision.to_json() == engine.decide(facts(), at="2025-03-06T00:00:00").to_json()
    assert next(engine.decide_many([facts()], at=at)).decided_at == decision.decided_at


# Facts


def test_every_missing_fact_is_named_at_once(engine):
    given = facts(bike={"damaged": None}, order={"amount": None, "paid": None, "placed_on": None})
    assert refused(engine, given) == [
        ("R0901", "bike.damaged"),
        ("R0901", "order.amount"),
        ("R0901", "order.paid"),
    ]


def test_facts_that_only_another_policy_needs_may_be_missing(engine):
    rest = {"bike": {"kind": "racer", "damaged": False}, "order": {"placed_on": "2025-02-01", "term": "1y"}}
    assert engine.decide(rest, at=AT).version.policy == "rest"


def test_what_decides_whether_a_policy_applies_may_not_be_missing(engine):
    assert ("R0901", "bike.kind") in refused(engine, facts(bike={"kind": None}))


def test_null_means_absent_for_an_optional_fact_only(engine):
    given = facts()
    given["order"]["insured_until"] = None
    assert engine.decide(given, at=AT).outcome == "allowed"
    given["order"]["notice"] = None
    assert refused(engine, given) == [("R0903", "order.notice")]


def test_unknown_facts_are_refused_except_below_an_open_group(engine):
    assert refused(engine, facts(order={"colour": "red"})) == [("R0902", "order.colour")]
    assert refused(engine, {**facts(), "weather": "rain"}) == [("R0902", "weather")]
    assert engine.decide(facts(remarks={"a": {"b": [1, None, 0.5]}}), at=AT).outcome == "allowed"


def test_missing_unknown_and_mistyped_facts_are_all_reported(engine):
    given = facts(bike={"wear": 0.1, "bell": True}, order={"amount": "5"})
    assert refused(engine, given) == [
        ("R0903", "bike.wear"),
        ("R0902", "bike.bell"),
        ("R0903", "order.amount"),
    ]


@pytest.mark.parametrize(
    "given", [None, [], "facts", 5, {"bike": None}, {"bike": []}, {5: {}}, {"bike": {None: 1}}]
)
def test_what_is_no_mapping_of_facts_is_refused(engine, given):
    assert refused(engine, given)


def test_bounds_hold_at_their_ends(engine):
    assert engine.decide(facts(bike={"kilometres": 0}), at=AT).outcome == "allowed"
    assert refused(engine, facts(bike={"kilometres": -1})) == [("R0903", "bike.kilometres")]


# The decision


def test_the_same_case_gives_the_same_bytes(engine):
    other = Engine.load(CORPUS / "base", drafts=True)
    given = facts(order={"amount": "900 EUR"}, bike={"extras": ["lock", "basket"]})
    again = {group: dict(reversed(values.items())) for group, values in reversed(given.items())}
    texts = {each.decide(case, at=AT).to_json() for each in (engine, other) for case in (given, again)}
    assert len(texts) == 1
    assert json.loads(texts.pop())["outcome"] == "review_required"


def test_many_cases_are_the_single_ones(engine):
    rows = [facts(), facts(bike={"damaged": True}), facts(bike={"kind": "racer"})]
    many = [decision.to_json() for decision in engine.decide_many(iter(rows), at=AT)]
    assert many == [engine.decide(row, at=AT).to_json() for row in rows]


def test_facts_are_not_changed(engine):
    given, before = facts(), facts()
    engine.decide(given, at=AT)
    assert given == before


def test_a_blocked_case_has_no_refund_and_no_review(engine):
    decision = engine.decide(facts(bike={"damaged": True}, order={"amount": "900 EUR"}), at=AT).to_dict()
    assert (decision["outcome"], decision["refund"], decision["reviews"]) == ("blocked", None, [])


def test_decisions_follow_the_order_of_the_file_and_name_its_lines(engine):
    worn = {"damaged": True, "kilometres": 501, "wear": "0.1"}
    given = facts(bike=worn, order={"shop": "Moabit", "insured_until": "2030-01-01T00:00:00Z"})
    found = engine.decide(given, at=AT).to_dict()["blockers"]
    assert [each["id"] for each in found] == ["damaged", "worn", "insured"]
    lines = (CORPUS / "base" / "rules" / "hire" / "2.yaml").read_text("utf-8").splitlines()
    for each in found[1:]:
        path, line = each["at"].split(":")
        assert path == "rules/hire/2.yaml"
        assert each["id"] in lines[int(line) - 1]


# Loading


def test_drafts_decide_only_where_they_are_allowed(engine):
    with pytest.raises(BookError) as caught:
        Engine.load(CORPUS / "base", at=AT)
    assert {problem.code for problem in caught.value.problems} == {"R0308"}
    assert engine.decide(facts(), at=AT).to_dict()["policy"]["draft"] is True


def test_a_book_is_named_by_its_file_or_its_folder(tmp_path):
    base = CORPUS / "base"
    assert book_path(base) == book_path(str(base / "policies.yaml")) == base / "policies.yaml"
    assert book_path(None) == shipped_book()
    with pytest.raises(BookError, match="R0001"):
        Engine.load(tmp_path / "none")


def test_an_error_lists_every_problem_of_the_book(tmp_path):
    shutil.copytree(CORPUS / "base", tmp_path, dirs_exist_ok=True)
    for name, old, new in [
        ("policies.yaml", "otherwise: rest", "otherwise: rst"),
        ("rules/hire/1.yaml", "cargo", "carg"),
        ("rules/hire/2.yaml", "by: manager", "bye: manager"),
        ("rules/shared/rules.yaml", "2y", "two years"),
    ]:
        path = tmp_path / name
        path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(BookError) as caught:
        Engine.load(tmp_path, drafts=True)
    assert [(problem.location.path, problem.code) for problem in caught.value.problems] == [
        ("policies.yaml", "R0306"),
        ("rules/hire/1.yaml", "R0203"),
        ("rules/hire/2.yaml", "R0101"),
        ("rules/shared/rules.yaml", "R0203"),
    ]
    assert str(caught.value).count("\n") == 3


EXAMPLES = Path(__file__).parents[2] / "examples"


def test_every_policy_that_does_not_apply_says_what_failed_even_where_its_other_facts_are_missing():
    facts = json.loads((EXAMPLES / "not-applicable.json").read_text("utf-8"), parse_float=Decimal)
    failed = (
        Engine.load().decide(facts, at="2025-11-05T10:00:00+08:00").to_dict("rescind/decision/1")["failed"]
    )
    assert {tried["policy"] for tried in failed} == {
        *("inactive-resources", "failed-resources", "renewal-periods", "in-use-resources")
    }
    assert all(tried["because"] for tried in failed)
    (in_use,) = (tried for tried in failed if tried["policy"] == "in-use-resources")
    assert in_use["because"] == [
        {"fact": "resource.state", "is": "inactive", "needs": "one of in_use, expired"}
    ]


def test_what_programs_import_is_there():
    names = import_module("rescind")
    assert [name for name in names.__all__ if not hasattr(names, name)] == []
    assert names.Filters(search="x").search == "x"
    assert not hasattr(names, "Filter")
