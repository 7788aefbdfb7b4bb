"""The command line as a whole: help, late imports, verbs, statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rescind.commands import VERBS, main

ROOT = Path(__file__).parents[3]
ALLOWED = str(ROOT / "examples" / "allowed.json")
AT = "2026-01-01T00:00:00Z"


def rescind(*args: str, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(main, args, input=stdin, prog_name="rescind")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def process(*args: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, *args], text=True, capture_output=True, check=False, env=environment, **kwargs
    )


def test_help_imports_nothing_of_the_engine() -> None:
    code = (
        "import sys, rescind.commands as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "late = ('yaml', 'jsonschema', 'durable_rules_engine')\n"
        "print([m for m in sys.modules if m.split('.')[0] in late or m == 'rescind.engine'])"
    )
    assert process("-c", code).stdout.splitlines()[-1] == "[]"


def test_a_decision_imports_only_what_it_needs() -> None:
    code = (
        "import sys, rescind.commands as cli\n"
        f"try: cli.main(['decide', {ALLOWED!r}, '--at', {AT!r}])\n"
        "except SystemExit as end: print(end.code)\n"
        "late = ('jsonschema', 'holidays', 'rescind.requests.list_resources', 'rescind.requests.order_status')\n"
        "print([m for m in late if m in sys.modules])"
    )
    assert process("-c", code).stdout.splitlines()[-2:] == ["0", "[]"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    text = rescind(verb, "--help").stdout
    assert "Examples:" in text
    assert f"  rescind {verb}" in text


def test_the_list_of_verbs_says_what_each_does() -> None:
    text = rescind("--help").stdout
    assert all(name in text and row.help in text for name, row in VERBS.items())


def test_the_version_is_that_of_the_project() -> None:
    assert f'version = "{rescind("--version").stdout.split()[1]}"' in (ROOT / "pyproject.toml").read_text(
        "utf-8"
    )


def test_a_misspelt_verb_gets_a_hint() -> None:
    result = rescind("decde")
    assert result.exit_code == 2
    assert "did you mean `decide`?" in result.stderr


def test_the_file_in_a_checkout_is_the_same_command(tmp_path: Path) -> None:
    result = process(str(ROOT / "cli.py"), "decide", ALLOWED, "--at", AT, cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout.startswith("ALLOWED")


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    line = json.dumps(json.loads(Path(ALLOWED).read_text("utf-8")))
    many.write_text(f"{line}\n" * 400, "utf-8")
    command = f'"{sys.executable}" cli.py decide "{many}" --at {AT} --format json | head -n 1'
    result = subprocess.run(command, shell=True, cwd=ROOT, text=True, capture_output=True, check=False)  # noqa: S602
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


def test_colours_only_on_a_terminal_and_never_against_the_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    def output(*, color: bool) -> str:
        return CliRunner().invoke(main, ["decide", ALLOWED, "--at", AT], color=color).stdout

    assert "\x1b[" not in rescind("decide", ALLOWED, "--at", AT).stdout
    assert "\x1b[" in output(color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in output(color=True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: str) -> None:
    code = "from rescind.commands import main; main(prog_name='rescind')"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "_RESCIND_COMPLETE": f"{shell}_source"}
    result = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, check=False, env=environment
    )
    assert "_RESCIND_COMPLETE" in result.stdout


def test_verbs_are_completed() -> None:
    code = "from rescind.commands import main; main(prog_name='rescind')"
    words = {"_RESCIND_COMPLETE": "bash_complete", "COMP_WORDS": "rescind s", "COMP_CWORD": "1"}
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | words
    result = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, check=False, env=environment
    )
    assert result.stdout.split() == ["plain,show", "plain,schema"]
