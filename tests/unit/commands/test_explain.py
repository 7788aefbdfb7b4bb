"""`rescind decide --explain`: the working as one writes it on paper; and the last resort of the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from rescind.commands import main
from rescind.problems.exceptions import EngineError

EXAMPLES = Path(__file__).parents[3] / "examples"
CASE = str(EXAMPLES / "sister-policies" / "in-use-second-year.json")
AT = ["--at", "2026-07-21T00:00:00+08:00"]


def test_explain_writes_formula_inputs_result_and_line():
    result = CliRunner().invoke(main, ["decide", CASE, *AT, "--explain"])
    assert result.exit_code == 0, result.output
    assert "consumed = order.paid.cash * used_hours / order_hours\n" in result.output
    assert "    used_hours       12145\n" in result.output
    assert "= 51009000/13159 USD (3876.3583… USD), rounded 3876.36 USD    rules/in-use" in result.output
    assert result.output.rstrip().splitlines()[-1].startswith("  = 3683.64 USD    rules/in-use-resources/")


def test_without_explain_there_is_no_working():
    result = CliRunner().invoke(main, ["decide", CASE, *AT])
    assert "used_hours" not in result.output


def test_a_failure_of_the_rules_engine_is_an_error_and_not_a_decision(monkeypatch: pytest.MonkeyPatch):
    def failing(*_: object) -> list[str]:
        raise EngineError("the sentinel rule did not fire first")

    monkeypatch.setattr("rescind.matching.durable_runtime.Ruleset.fire", failing)
    result = CliRunner().invoke(main, ["decide", CASE, *AT])
    assert result.exit_code == 1
    assert "R0990 the sentinel rule did not fire first" in result.stderr
    assert result.stdout == ""


def test_an_unforeseen_failure_is_a_coded_message_and_not_a_decision(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("rescind.engine.Engine.decide", broken)
    result = CliRunner().invoke(main, ["decide", CASE, *AT])
    assert result.exit_code == 1
    assert "R0999" in result.stderr
    assert "Traceback" not in result.output + result.stderr
    assert result.stdout == ""
