"""An extension that does not load: one message, at the installation, with the command that mends it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from rescind.matching import durable_runtime

ROOT = Path(__file__).parents[3]
CASES = str(ROOT / "examples" / "cases.jsonl")
CASE = str(ROOT / "examples" / "allowed.json")
LISTED = str(ROOT / "examples" / "desk.jsonl")

DECIDE = """
import json, sys
from rescind import Engine, EngineError, InstallationError, RescindError
engine = Engine.load()
try:
    engine.decide(json.load(open(sys.argv[1])), at="2025-11-05T10:00:00+08:00")
except InstallationError as error:
    assert isinstance(error, RescindError) and not isinstance(error, EngineError)
    print(*error.problems, sep="\\n")
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """What stands before the extension on the path: a file of its name that is none."""
    path = tmp_path / f"durable_rules_engine{sysconfig.get_config_var('EXT_SUFFIX')}"
    path.write_bytes(b"not an extension")
    return path


def run(broken: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(broken.parent), str(ROOT / "engine")])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "verb",
    [
        ("decide", CASE),
        ("decide", CASES),  # a thousand cases: it is said once
        ("list", LISTED),
        ("request", LISTED, "--reason", "no_longer_needed"),
        ("test", "rules/inactive-resources/tests"),
    ],
    ids=["decide", "decide-many", "list", "request", "test"],
)
def test_every_verb_that_decides_says_it_once_at_the_installation(broken: Path, verb: tuple[str, ...]):
    result = run(broken, "cli.py", *verb)
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{broken}: R0991 durable_rules does not load: ")
    assert line.count(str(broken)) == 1
    assert line.endswith(f"(run: {durable_runtime._mending()})")


def test_in_python_it_is_an_error_of_its_own(broken: Path):
    result = run(broken, "-c", DECIDE, CASE)
    assert result.stderr == ""
    assert result.stdout.startswith(f"{broken}: R0991 ")


def test_what_does_not_decide_does_not_need_it(broken: Path):
    assert run(broken, "cli.py", "check", "policies.yaml").returncode == 0


def test_where_there_is_none_the_place_is_the_interpreter():
    script = DECIDE.replace(
        "import json, sys", "import json, sys; sys.modules['durable_rules_engine'] = None", 1
    )
    result = run(ROOT / "nothing", "-c", script, CASE)
    assert result.stderr == ""
    assert result.stdout.startswith(f"{sys.executable}: R0991 ")


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_the_command_builds_as_the_checkout_does(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int]):
    monkeypatch.setattr(sys, "version_info", version)
    command = durable_runtime._mending()
    script = (ROOT / "scripts" / "build_extension.sh").read_text("utf-8")
    (always,) = re.findall(r"^flags=\$\{EXTENSION_FLAGS-(.*)\}$", script, re.MULTILINE)
    (since_313,) = re.findall(r"^ +flags\+='(.*)'$", script, re.MULTILINE)
    flags = always + since_313 if version >= (3, 13) else always
    assert command.startswith(f"CPPFLAGS='{flags}' {sys.executable} -m pip install ")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert command.split()[-1] in project["dependencies"]
