"""Standard input and output that are closed, full or read by nobody: a status that means what it says, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ALLOWED = ROOT / "examples" / "allowed.json"
AT = ["--at", "2025-11-05T09:00:00+08:00", "--book", str(ROOT)]
NOBODY_READS = 141


def shell(words: list[str], redirections: str) -> subprocess.CompletedProcess[str]:
    """`rescind` with `words`, its standard streams as a shell redirects them."""
    command = f'"$0" -c "from rescind.commands import main; main(prog_name=\'rescind\')" "$@" {redirections}'
    result = subprocess.run(
        ["bash", "-c", command, sys.executable, *words], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr
    assert "R0999" not in result.stderr
    return result


@pytest.mark.parametrize(
    ("words", "redirections", "status", "said"),
    [
        (["decide", str(ALLOWED), *AT], ">&-", 0, ""),
        (["decide", str(ALLOWED), *AT, "--fail-on", "allowed"], ">&-", 3, ""),
        (["decide", str(ALLOWED), *AT], ">&- 2>&-", 0, ""),
        (["list", str(ALLOWED), *AT, "--format", "csv"], ">&-", 0, ""),
        (["request", str(ALLOWED), *AT, "--reason", "other", "--format", "json"], ">&-", 0, ""),
        (["decide", "-", *AT], "<&-", 1, "<stdin>: R0010"),
        (["list", "-", *AT], "<&-", 1, "<stdin>: R0010"),
        (["list", "-", *AT, "--input", "csv"], "<&-", 1, "<stdin>:1:1: R0010"),
        (["decide", str(ALLOWED), *AT], "<&- >&- 2>&-", 0, ""),
        (["decide", "missing.json", *AT], "2>&-", 1, ""),
        (
            ["decide", str(ALLOWED), *AT],
            ">/dev/full",
            1,
            "rescind: R0001 the output cannot be written: no space",
        ),
        (
            ["list", str(ALLOWED), *AT, "--format", "jsonl"],
            ">/dev/full",
            1,
            "rescind: R0001 the output cannot be",
        ),
        (["--version"], ">/dev/full", 1, "rescind: R0001 the output cannot be written"),
        (["decide", "--help"], ">/dev/full", 1, "rescind: R0001 the output cannot be written"),
        (["decide", "missing.json", *AT], "2>/dev/full", 1, ""),
    ],
)
def test_streams_that_are_closed_or_full(words: list[str], redirections: str, status: int, said: str) -> None:
    result = shell(words, redirections)
    assert (result.returncode, result.stderr[: len(said)]) == (status, said)


@pytest.mark.parametrize(
    "words", [["list", "--format", "jsonl"], ["list", "--format", "csv"], ["list"], ["decide"]]
)
def test_output_that_nobody_reads_to_its_end(words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(" ".join(ALLOWED.read_text("utf-8").split()).join(["", "\n"]) * 1_500, "utf-8")
    verb, *options = words
    result = shell([verb, str(path), *AT, *options], "| head -n 1; exit ${PIPESTATUS[0]}")
    assert result.returncode == NOBODY_READS
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""
