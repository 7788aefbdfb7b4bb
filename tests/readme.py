"""The commands of README.md and what they print.

`python -m tests.readme` runs them and writes what they print now into the page; the test of the page holds one against
the other. A block ends at a fence as long as its own: output with fences in it stands in a block with longer ones.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["PAGE", "Transcript", "blocks_of", "run", "shows", "with_output"]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "README.md"
BLOCK = re.compile(r"^(?P<fence>`{3,})console\n(?P<body>.*?)^(?P=fence)$\n", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^ *(`{3,})", re.MULTILINE)
COMMAND = re.compile(r"^\$ (.+)\n", re.MULTILINE)
SECONDS = re.compile(r"\(\d+\.\d\d s\)")
MORE = "…"


class Transcript(NamedTuple):
    """A command and what the page shows of its output. `…` stands for anything on a line, or for any lines."""

    command: str
    shown: str


def blocks_of(page: str) -> list[list[Transcript]]:
    """The transcripts of each console block of a page."""
    return [_transcripts(match["body"]) for match in BLOCK.finditer(page)]


def _transcripts(body: str) -> list[Transcript]:
    first, *rest = COMMAND.split(body)
    assert not first.strip(), f"a block begins with a command, found {first!r}"
    return [Transcript(*pair) for pair in zip(rest[::2], rest[1::2], strict=True)]


def run(command: str) -> str:
    """What a command prints in the checkout, its status last where that is not 0."""
    program, *arguments = shlex.split(command)
    assert program in ("rescind", "python")
    start = [sys.executable, "cli.py"] if program == "rescind" else [sys.executable]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # twelve starts, compiled once
    done = subprocess.run(
        [*start, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    status = f"(exit status {done.returncode})\n" if done.returncode else ""
    return done.stdout + done.stderr + status


def shows(shown: str, printed: str) -> bool:
    """Whether the page shows what is printed, all of it but for what `…` stands for."""
    pattern = "".join(map(_pattern, _trimmed(shown).splitlines()))
    return re.fullmatch(pattern, _trimmed(printed)) is not None


def _pattern(line: str) -> str:
    return r"(?:.*\n)*?" if line == MORE else re.escape(line).replace(MORE, ".*") + r"\n"


def _trimmed(text: str) -> str:
    return text.strip("\n") + "\n"


def with_output(page: str, run_: Callable[[str], str] = run) -> str:
    """The page with what its commands print now; where it shows only the first lines, that many."""
    return BLOCK.sub(lambda match: _renewed(_transcripts(match["body"]), run_), page)


def _renewed(transcripts: list[Transcript], run_: Callable[[str], str]) -> str:
    texts = [f"$ {each.command}\n{_abridged(each.shown, run_(each.command))}" for each in transcripts]
    body = "\n".join(texts)
    fence = "`" * max([3, *(len(found) + 1 for found in FENCE.findall(body))])
    return f"{fence}console\n{body}{fence}\n"


def _abridged(shown: str, printed: str) -> str:
    lines = _trimmed(SECONDS.sub(MORE, printed)).splitlines(keepends=True)
    kept = _trimmed(shown).splitlines()
    return "".join([*lines[: kept.index(MORE)], f"{MORE}\n"] if MORE in kept else lines)


def _main() -> Iterator[str]:
    old = PAGE.read_text("utf-8")
    new = with_output(old)
    PAGE.write_text(new, "utf-8")
    yield "README.md is as it was" if new == old else "README.md is written anew"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in _main())
