"""`rescind init`: a small book that is complete, right, tested and explained; and the tutorial that begins with it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from rescind.authoring.author_problems import inspect_book
from rescind.authoring.coverage import cover
from rescind.authoring.mutation.find_mutants import find_mutants
from rescind.authoring.run_cases import read_suites, run_trials, suite_files, trials_of
from rescind.authoring.scaffold import init_book
from rescind.commands import main
from rescind.engine import Engine
from rescind.problems.problem import Problems

ROOT = Path(__file__).parents[3]
TUTORIAL = ROOT / "docs" / "tutorial.md"


def rescind(*args):
    return CliRunner().invoke(main, list(args), catch_exceptions=False)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert rescind("init", "mine").exit_code == 0
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine"


def test_the_book_has_no_problem_and_no_advice(folder):
    assert inspect_book(folder / "policies.yaml", advice=True).problems == ()


def test_its_cases_pass_try_everything_and_notice_every_mutant(folder):
    engine, problems = Engine.load(folder, drafts=True), Problems()
    suites = read_suites(suite_files(engine.book, folder), folder, engine.book, problems)
    results = run_trials(engine, trials_of(suites))
    assert len(problems) == 0
    assert len(results) >= 10
    assert [result.trial.name for result in results if not result.passed] == []
    assert [version.untried for version in cover(engine, results).versions] == [()]
    equivalents = [each for suite in suites for each in suite.equivalents]
    report = find_mutants(engine, results, equivalents, engine.book.policies[0].versions)
    assert report.made > 40
    assert [each.mutant for each in report.survivors] == []
    assert report.stale == ()


def test_every_file_explains_itself_and_names_its_schema(folder):
    for path in folder.rglob("*.yaml"):
        lines = path.read_text("utf-8").splitlines()
        schema = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", lines[0])
        assert schema, path
        assert (path.parent / schema[1]).is_file(), path
        assert lines[1] == "#", path
    for path in folder.rglob("*.yaml"):
        schema = json.loads(
            (path.parent / re.search(r"schema=(\S+)", path.read_text("utf-8"))[1]).read_text("utf-8")
        )
        data = yaml.load(path.read_text("utf-8"), _Texts)  # noqa: S506 - builds plain data only
        assert list(Draft202012Validator(schema).iter_errors(data)) == [], path


class _Texts(yaml.SafeLoader):
    """Dates stay text, as they do for rescind and for the language server."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads it from the class
        first: [each for each in resolvers if not each[0].endswith("timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def test_every_fact_is_described(folder):
    facts = Engine.load(folder, drafts=True).book.vocabulary.facts
    assert [fact.name for fact in facts.values() if not fact.description] == []


@pytest.mark.parametrize("inside", ["a file", ".hidden", "folder"])
def test_a_folder_that_is_not_empty_is_left_alone(tmp_path, monkeypatch, inside):
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "mine" / inside
    target.parent.mkdir()
    if inside == "folder":
        target.mkdir()
    else:
        target.write_text("x", "utf-8")
    result = rescind("init", "mine")
    assert result.exit_code == 1
    assert "R0655 `mine` is not empty" in result.stderr
    assert list((tmp_path / "mine").iterdir()) == [target]


def test_a_file_in_the_place_of_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine").write_text("x", "utf-8")
    result = rescind("init", "mine")
    assert result.exit_code == 1
    assert "R0655 `mine` is a file" in result.stderr


def test_an_empty_folder_and_a_deep_one_are_welcome(tmp_path):
    (tmp_path / "empty").mkdir()
    init_book(tmp_path / "empty")
    init_book(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b" / "policies.yaml").is_file()


def test_a_failure_on_the_way_leaves_nothing_behind(tmp_path, monkeypatch):
    def broken(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("rescind.authoring.scaffold.policy_schema", broken)
    with pytest.raises(OSError, match="Input/output"):
        init_book(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


# The tutorial


def steps():
    """The console blocks of the tutorial: commands with what they print, and edits `old` → `new` of a file."""
    text = TUTORIAL.read_text("utf-8")
    return re.findall(r"^```(console|diff)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def apply(body):
    """A small unified diff without line numbers: `--- file`, then lines to go and lines to come."""
    name = re.search(r"^\+\+\+ (\S+)$", body, re.MULTILINE)[1]
    lines = [line for line in body.splitlines() if not line.startswith(("---", "+++"))]
    old = "\n".join(line[1:] for line in lines if line[:1] in " -")
    new = "\n".join(line[1:] for line in lines if line[:1] in " +")
    text = Path(name).read_text("utf-8")
    assert text.count(old) == 1, old
    Path(name).write_text(text.replace(old, new), "utf-8")


def pattern(expected):
    """What is printed, where `…` stands for anything on one line and a line of `…` for any lines."""
    text = (
        re.escape(expected).replace(re.escape("…") + "\\\n", "(?:.*\n)*?").replace(re.escape("…"), "[^\n]*")
    )
    return re.compile(text, re.DOTALL)


def test_the_tutorial_does_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = 0
    for kind, body in steps():
        if kind == "diff":
            apply(body)
            continue
        for command, expected in re.findall(r"^\$ ([^\n]+)\n((?:(?!\$ ).*\n)*)", body, re.MULTILINE):
            words = shlex.split(command, comments=True)
            if words[0] == "cd":
                monkeypatch.chdir(words[1])
                continue
            assert words[0] == "rescind"
            commands += 1
            printed = rescind(*words[1:]).output
            assert pattern(expected).fullmatch(printed), f"$ {command}\n{printed}"
    assert 5 <= commands < 10
    versions = Engine.load("policies.yaml").book.policies[0].versions
    assert [version.draft for version in versions] == [False, False]
    assert versions[0].digest != versions[1].digest


def test_the_hooks_for_other_repositories_call_verbs_that_there_are():
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert [hook["id"] for hook in hooks] == ["rescind-check", "rescind-test"]
    for hook in hooks:
        words = hook["entry"].split()
        assert words[0] == "rescind"
        assert rescind(*words[1:], "--help").exit_code == 0
        assert hook["pass_filenames"] is False
        # pre-commit counts only files that are still there: a hook with `types` or `files` is passed over by a commit
        # that deletes some, unless it always runs.
        assert hook["always_run"] is True
        assert not hook.keys() & {"types", "files"}


def test_the_commands_that_the_page_on_ci_shows_are_understood():
    text = (ROOT / "docs" / "ci.md").read_text("utf-8")
    commands = re.findall(r"(?:^|run: )rescind ([a-z]+)((?: --[a-z-]+)*)", text, re.MULTILINE)
    assert {verb for verb, _ in commands} == {"check", "test", "diff"}
    for verb, options in commands:
        known = rescind(verb, "--help").stdout
        assert all(option in known for option in options.split())
