"""docs/testing-policies.md: its files are written, its commands run, and print what the page shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner
from rescind.commands import main

PAGE = (Path(__file__).parents[3] / "docs/testing-policies.md").read_text("utf-8")
BLOCK = re.compile(r"^```(yaml|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
STATUS = re.compile(r"^\(exit status (\d)\)\n?", re.MULTILINE)


def test_the_page_tells_the_truth(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = 0
    for kind, text in BLOCK.findall(PAGE):
        if kind == "yaml":
            write(text)
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            commands += 1
            if command.startswith("cd "):
                monkeypatch.chdir(Path.cwd() / command.removeprefix("cd "))
            else:
                check(command, expected)
    assert commands > 8


def write(text: str) -> None:
    """A file whose name is the comment on its first line."""
    path = Path(text.partition("\n")[0].removeprefix("# "))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def check(command: str, expected: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "rescind"
    done = CliRunner().invoke(main, arguments)
    status = STATUS.search(expected)
    assert done.exit_code == (int(status[1]) if status else 0), f"{command}\n{done.output}"
    pattern = re.escape(STATUS.sub("", expected)).replace("…", ".*?")
    assert re.fullmatch(pattern, done.output, re.DOTALL), f"{command}\n{done.output}"
