"""The lock, the ranges of pyproject.toml and what CI runs say the same."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
PYTHONS = [
    match[1]
    for line in PROJECT["project"]["classifiers"]
    if (match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))
]
# What each file is made from: the extras beside the dependencies of the library, if those.
MADE_FROM: dict[str, list[str] | None] = {
    extra: [extra] for extra in EXTRAS if extra not in {"calendars", "dev"}
}
MADE_FROM |= {"build": None, "demo": ["calendars"], "dev": ["calendars", "dev"]}


@cache
def pins(name: str, python: str) -> dict[str, str]:
    """Package to version, as a file of the lock has them for one Python on Linux."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    here = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    kept = [each for each in found if each.marker is None or each.marker.evaluate(here)]
    versions = {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in kept}
    assert len(versions) == len(kept)
    return versions


def declared(name: str) -> list[Requirement]:
    """The requirements that a file of the lock must meet."""
    if (extras := MADE_FROM[name]) is None:
        text = (ROOT / "requirements" / "build.in").read_text("utf-8").splitlines()
        lines = [line for line in text if not line.startswith("#")] + PROJECT["build-system"]["requires"]
    else:
        lines = PROJECT["project"]["dependencies"] + [line for extra in extras for line in EXTRAS[extra]]
    return [each for each in map(Requirement, lines) if each.name != "rescind"]


def test_each_extra_has_its_file():
    assert {path.stem for path in LOCK} == set(MADE_FROM)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", MADE_FROM)
def test_the_lock_meets_the_ranges(name: str, python: str):
    versions = pins(name, python)
    for wanted in declared(name):
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), wanted


@pytest.mark.parametrize("python", PYTHONS)
def test_the_files_agree(python: str):
    together: dict[str, str] = {}
    for name in MADE_FROM:
        for package, version in pins(name, python).items():
            assert together.setdefault(package, version) == version, package


@pytest.mark.parametrize("path", LOCK, ids=lambda path: path.stem)
def test_the_lock_names_no_place(path: Path):
    for line in path.read_text("utf-8").splitlines():
        assert re.fullmatch(r"#.*|[a-z0-9-]+==[^ @/]+( ; .*)?", line)
        assert "/" not in line


def test_every_supported_python_is_in_the_workflow_and_the_page():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    for job in ("locked", "ranges"):
        assert workflow["jobs"][job]["strategy"]["matrix"]["python"] == PYTHONS
    page = (ROOT / "docs" / "releasing.md").read_text("utf-8")
    assert f"Supported: CPython {', '.join(PYTHONS)}." in page
    (tried,) = re.findall(r"(3\.\d+) and (3\.\d+) are tried", page)
    assert workflow["jobs"]["tried"]["strategy"]["matrix"]["python"] == list(tried)
