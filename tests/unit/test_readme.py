"""The commands in README.md run, and print what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
EXIT = re.compile(r"^\(exit status (\d)\)$", re.MULTILINE)


def transcripts() -> list[tuple[str, str]]:
    """Every command of a `console` block with the text that follows it."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    found = []
    for block in blocks:
        commands = list(COMMAND.finditer(block))
        for number, match in enumerate(commands):
            end = commands[number + 1].start() if number + 1 < len(commands) else len(block)
            found.append((match[1], block[match.end() : end].strip("\n")))
    return found


@pytest.mark.parametrize(("command", "expected"), transcripts(), ids=lambda text: text[:60])
def test_the_readme_tells_the_truth(command: str, expected: str) -> None:
    program, *arguments = shlex.split(command)
    start = [sys.executable, "cli.py"] if program == "rescind" else [sys.executable]
    assert program in ("rescind", "python")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # twelve starts, compiled once
    done = subprocess.run(
        [*start, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    status = EXIT.search(expected)
    assert done.returncode == (int(status[1]) if status else 0), done.stderr
    wanted = EXIT.sub("", expected).strip("\n")
    got = (done.stdout + done.stderr).strip("\n")
    for part in re.split(r"^…$", wanted, flags=re.MULTILINE):
        assert part.strip("\n") in got
        got = got[got.index(part.strip("\n")) + len(part.strip("\n")) :]


def test_the_readme_has_a_tour() -> None:
    assert len(transcripts()) > 5
