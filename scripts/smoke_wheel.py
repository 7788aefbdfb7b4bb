"""Build the wheel, install it into an empty environment and use it there: `python scripts/smoke_wheel.py`.

Shows that the package stands alone: the shipped book is inside, every run-time dependency is declared, and nothing
is read from the checkout. The wheel is built from the sdist, so that the sdist is complete too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = "allowed"

SHIPPED = (
    "cli.py",
    "engine/py.typed",
    "engine/shipped/policies.yaml",
    "engine/shipped/problems.md",
    "engine/shipped/rules/facts.yaml",
)
WHERE = "import engine; engine.Engine.load(); print(engine.__file__)"

# What could lead the installed package, or pip, back to the checkout or to another environment.
ELSEWHERE = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_NO_DEPS")


def main() -> int:
    """Run every step; the exit status is 0 only where all of them did what they should."""
    with tempfile.TemporaryDirectory(prefix="rescind-wheel-") as folder:
        home = Path(folder).resolve()
        wheel = build(home / "dist")
        holds(wheel)
        use(install(wheel, home / "empty"), home / "elsewhere")
    print("the wheel works in an empty environment")
    return 0


def build(target: Path) -> Path:
    """The wheel, made from the sdist."""
    run([sys.executable, "-m", "build", "--outdir", str(target), str(ROOT)], ROOT)
    return next(target.glob("*.whl"))


def holds(wheel: Path) -> None:
    """The files that must be in the wheel, and none of the places that must not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    if missing := sorted({*SHIPPED, *data()} - names):
        sys.exit(f"{wheel.name} lacks {', '.join(missing)}")
    if extra := sorted(
        {name.split("/")[0] for name in names if ".dist-info" not in name} - {"cli.py", "engine"}
    ):
        sys.exit(f"{wheel.name} would install {', '.join(extra)} beside the package")


def data() -> set[str]:
    """The files of the package that are not Python: tables, schemas, templates."""
    files = (path for path in (ROOT / "engine").rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if path.suffix not in {".py", ".pyc"}}


def install(wheel: Path, environment: Path) -> Path:
    """The folder of commands of a new environment that holds the wheel and what it needs."""
    run([sys.executable, "-m", "venv", str(environment)], environment.parent)
    commands = environment / ("Scripts" if os.name == "nt" else "bin")
    run([str(commands / "python"), "-m", "pip", "install", "-q", str(wheel)], environment.parent)
    return commands


def use(commands: Path, elsewhere: Path) -> None:
    """The command and the package, from a folder that has no book."""
    elsewhere.mkdir()
    rescind = str(commands / "rescind")
    print(run([rescind, "--version"], elsewhere).strip())
    print(run([rescind, "check"], elsewhere).strip())
    decision = json.loads(run([rescind, "decide", str(example(elsewhere)), "--format", "json"], elsewhere))
    print(f"{decision['schema']}: {decision['outcome']}")
    origin = Path(run([str(commands / "python"), "-c", WHERE], elsewhere).strip()).resolve()
    if not origin.is_relative_to(commands.parent):
        sys.exit(f"`import engine` found {origin}, not the installed package")


def example(elsewhere: Path) -> Path:
    """A copy of the example of an allowed case."""
    found = [
        path for path in sorted((ROOT / "examples").glob(f"{EXAMPLE}*")) if path.suffix in {".json", ".yaml"}
    ]
    if not found:
        sys.exit(f"there is no examples/{EXAMPLE}*.json or .yaml to decide")
    copy = elsewhere / f"facts{found[0].suffix}"
    copy.write_bytes(found[0].read_bytes())
    return copy


def run(command: list[str], folder: Path) -> str:
    """Standard output of a command; where it fails, all that it said and the end of this script."""
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    environment |= {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nexit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
