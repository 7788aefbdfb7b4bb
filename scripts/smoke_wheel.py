"""Build sdist and wheel, install the wheel into an empty environment and use it there: `python scripts/smoke_wheel.py`.

Shows that the package stands alone: the shipped book is inside, every run-time dependency is declared, nothing is read
from the checkout, and a project's own `engine.py` and `cli.py` are neither hidden nor in the way. The wheel is built
from the sdist, and both once more from what that unpacks to, elsewhere: the bytes must be the same.

Nothing is chosen here: builds use the hatchling of this environment, the wheel meets the versions of the lock, and
durable_rules is the wheel that this environment was set up with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "engine" / "rescind"
LOCK = ROOT / "requirements" / "demo.txt"
EXTENSIONS = Path(sys.prefix) / "wheels"
EXAMPLE = "allowed"

SHIPPED = (
    "rescind/py.typed",
    "rescind/shipped/policies.lock",
    "rescind/shipped/policies.yaml",
    "rescind/shipped/problems.md",
    "rescind/shipped/rules/facts.yaml",
)

# A project with modules of its own that bear the names of folders and files of the checkout.
PROJECT = {
    "engine.py": "NAME = 'the engine of the project'\n",
    "cli.py": "from engine import NAME\nfrom rescind import Engine\nEngine.load()\nprint(NAME)\n",
}
WHERE = "import rescind; rescind.Engine.load(); print(rescind.__file__)"

# What could lead the installed package, or pip, back to the checkout or to another environment.
ELSEWHERE = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_NO_DEPS")


def main() -> int:
    """Run every step; the exit status is 0 only where all of them did what they should."""
    with tempfile.TemporaryDirectory(prefix="rescind-wheel-") as folder:
        home = Path(folder).resolve()
        built = build(ROOT, home / "dist")
        repeats(built, home)
        wheel = next(path for path in built if path.suffix == ".whl")
        holds(wheel)
        use(install(wheel, home / "empty"), home / "elsewhere")
    print("the wheel works in an empty environment")
    return 0


def build(source: Path, target: Path) -> list[Path]:
    """The sdist of a source tree and the wheel made from it, in this order."""
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(source)], source)
    return sorted(target.iterdir(), key=lambda path: path.suffix)


def repeats(built: list[Path], home: Path) -> None:
    """The sdist, unpacked in another folder, builds itself and the wheel again, byte for byte."""
    sdist = next(path for path in built if path.suffix == ".gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(home / "again", filter="data")
    (source,) = (home / "again").iterdir()
    for first, second in zip(built, build(source, home / "dist-again"), strict=True):
        if (digest := sha256(first.read_bytes())).digest() != sha256(second.read_bytes()).digest():
            sys.exit(f"{first.name}, built twice, is not the same")
        print(f"{digest.hexdigest()}  {first.name}, twice")


def holds(wheel: Path) -> None:
    """The files that must be in the wheel, and none outside the package."""
    names = set(zipfile.ZipFile(wheel).namelist())
    if missing := sorted({*SHIPPED, *data()} - names):
        sys.exit(f"{wheel.name} lacks {', '.join(missing)}")
    if extra := sorted({name.split("/")[0] for name in names if ".dist-info" not in name} - {"rescind"}):
        sys.exit(f"{wheel.name} would install {', '.join(extra)} beside the package")


def data() -> set[str]:
    """The files of the package that are not Python: tables, schemas, templates."""
    files = (path for path in PACKAGE.rglob("*") if path.is_file())
    return {
        path.relative_to(PACKAGE.parent).as_posix() for path in files if path.suffix not in {".py", ".pyc"}
    }


def install(wheel: Path, environment: Path) -> Path:
    """The folder of commands of a new environment that holds the wheel and what it needs, and no other packages."""
    run([sys.executable, "-m", "venv", "--without-pip", str(environment)], environment.parent)
    commands = environment / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(commands / "python")]
    wanted = ["--find-links", str(EXTENSIONS), "--only-binary", ":all:", "--constraint", str(LOCK)]
    run([*pip, "install", "-q", *wanted, f"{wheel}[calendars]"], environment.parent)
    run([*pip, "check"], environment.parent)
    return commands


def use(commands: Path, elsewhere: Path) -> None:
    """The command and the package, from a folder that has no book."""
    elsewhere.mkdir()
    rescind, python = str(commands / "rescind"), str(commands / "python")
    print(run([rescind, "--version"], elsewhere).strip())
    print(run([rescind, "check", "--shipped"], elsewhere).strip())
    origin = Path(run([python, "-c", WHERE], elsewhere).strip()).resolve()
    if not origin.is_relative_to(commands.parent):
        sys.exit(f"`import rescind` found {origin}, not the installed package")
    for name, text in PROJECT.items():
        (elsewhere / name).write_text(text, encoding="utf-8")
    if (said := run([python, "cli.py"], elsewhere).strip()) != "the engine of the project":
        sys.exit(f"the project's own modules are not found beside rescind: {said}")
    decide = [rescind, "decide", str(example(elsewhere)), "--format", "json"]
    decision = json.loads(run(decide, elsewhere, PYTHONPATH=str(elsewhere)))
    print(f"{decision['schema']}: {decision['outcome']}, beside a project with modules of its own")


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


def run(command: list[str], folder: Path, **more: str) -> str:
    """Standard output of a command; where it fails, all that it said and the end of this script."""
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    environment |= {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1", **more}
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
