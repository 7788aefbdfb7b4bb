"""How soon the command answers, beside a bare interpreter that imports click and yaml.

    python benchmarks/cold_start.py [--rounds 15]

Byte code is cached, as it is for users: in a folder of its own, whatever this shell says about it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile

from measure import ROOT, print_table

__all__ = ["main"]

COMMANDS = {
    "python -c 'import click, yaml'": (["-c", "import click, yaml"], ""),
    "rescind --help": ([str(ROOT / "cli.py"), "--help"], "< 3"),
    "rescind decide examples/allowed.json": (
        [str(ROOT / "cli.py"), "decide", str(ROOT / "examples" / "allowed.json"), "--at", "2025-11-05T10:00:00+08:00"],
        "< 3",
    ),
    "rescind check": ([str(ROOT / "cli.py"), "check", str(ROOT / "policies.yaml")], ""),
}  # fmt: skip


def seconds(arguments: list[str], environment: dict[str, str]) -> float:
    """The processor time of one run: that of a command that waits for nothing, whatever else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for arguments, _ in COMMANDS.values():
            seconds(arguments, environment)
        best = dict.fromkeys(COMMANDS, float("inf"))
        for _ in range(rounds):
            for name, (arguments, _) in COMMANDS.items():
                best[name] = min(best[name], seconds(arguments, environment))
    base = next(iter(best.values()))
    table = [
        (name, f"{took * 1e3:.0f} ms", f"{took / base:.1f}", COMMANDS[name][1]) for name, took in best.items()
    ]
    print_table("cold start", ("", "processor time", "to the first", "goal"), table)


if __name__ == "__main__":
    main()
