"""New files made from a template or a copy: a first book, and the next version of a policy."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from rescind.authoring.author_problems import inspect_book
from rescind.authoring.freeze_version import entry_path, trial_load, version_named
from rescind.authoring.policy_schema import policy_schema
from rescind.authoring.yaml_edits import Source, add_item, replace_file, set_text, staged
from rescind.book.lock import lock_path
from rescind.book.model import Book, Version
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Location, Problem
from rescind.shape.shipped_schemas import base_schema
from rescind.source.yaml_writer import quoted, scalar
from rescind.values.decimals import UnitError
from rescind.values.times import parse_date_or_time

__all__ = ["StartedVersion", "init_book", "new_version", "trial_of"]

SCHEMAS = ("book", "facts", "shared", "cases")


@dataclass(slots=True)
class StartedVersion:
    """What was written: new files and folders, and the files that were edited."""

    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    edited: list[Path] = field(default_factory=list)


def init_book(folder: Path) -> StartedVersion:
    """Write a small, complete, tested book into a folder that is new or empty.

    Raises `BookError` where it is not empty, and then writes nothing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "is not empty" if folder.is_dir() else "is a file"
        raise _refused("R0655", f"`{folder}` {what}", Location(str(folder)), "name a new folder")
    begun = StartedVersion()
    with _undone_on_failure(begun):
        for name, text in _template(files("rescind").joinpath("authoring/templates/book")):
            _create(folder / name, text, begun)
        book = trial_of(folder / "policies.yaml")
        schemas = {kind: base_schema(kind) for kind in SCHEMAS} | {"policy": policy_schema(book.vocabulary)}
        for kind, schema in schemas.items():
            text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
            _create(folder / "schemas" / f"{kind}.schema.json", text, begun)
    return begun


def trial_of(path: Path) -> Book:
    """The book at a path. Raises `BookError` where it has errors."""
    inspection = inspect_book(path)
    if inspection.errors or inspection.book is None:
        raise BookError(problems=inspection.errors)
    return inspection.book


def _template(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for item in sorted(folder.iterdir(), key=lambda each: each.name):
        if item.is_dir():
            yield from _template(item, f"{prefix}{item.name}/")
        else:
            yield f"{prefix}{item.name}", item.read_text("utf-8")


def new_version(path: Path, policy: str, old: str, new: str, start: str) -> StartedVersion:
    """Copy a version of the book at `path` as a draft that comes into force at `start`, with its cases.

    Files are new, except that the book lists the draft, and a suite that lists versions lists it too. Raises
    `BookError` and changes nothing where something is in the way.
    """
    source = Source.read(path, path.name)
    book = trial_of(path)
    version = version_named(book, policy, old)
    _check_new(book, version, new)
    shown = Path(version.path).with_name(f"{new}.yaml").as_posix()
    edited = _with_entry(source, book, version, {"version": new, "in_force_from": start, "file": shown})
    begun = StartedVersion()
    with _undone_on_failure(begun):
        copy = _relabelled(Source.read(path.parent / version.path, version.path), ("version",), new)
        _create(path.parent / shown, copy.text, begun)
        suites = list(_suites(path.parent, version, new))
        for target, suite in suites:
            if target != suite.path:
                _create(target, suite.text, begun)
        with staged(edited) as staged_book:
            trial_load(staged_book, source, lock_path(path))
            replace_file(source, staged_book)
    begun.edited.append(path)
    for target, suite in suites:
        if target == suite.path:
            _rewrite(suite, begun)
    return begun


def _check_new(book: Book, version: Version, new: str) -> None:
    taken = [each for policy in book.policies if policy.id == version.policy for each in policy.versions]
    for each in taken:
        if each.version == new:
            hint = "give the new version another name"
            raise _refused("R0654", f"`{version.policy}` has a version `{new}` already", each.entry, hint)


def _with_entry(source: Source, book: Book, version: Version, entry: dict[str, str]) -> Source:
    """The book with the entry of the new version behind those that start before it."""
    _, number, _, _ = entry_path(source, version.policy, version.version)
    start = _start(entry["in_force_from"], book)
    versions = next(policy.versions for policy in book.policies if policy.id == version.policy)
    before = [place for place, each in enumerate(versions) if each.in_force_from < start]
    if not before:
        message = (
            f"`{entry['in_force_from']}` is before the first version of `{version.policy}` comes into force"
        )
        raise _refused(
            "R0654", message, versions[0].entry, "a new version follows the one that it is made from"
        )
    texts = {
        "version": quoted(entry["version"]),
        "in_force_from": scalar(entry["in_force_from"]),
        "file": scalar(entry["file"]),
    }
    edited = add_item(source, ("policies", number, "versions"), before[-1], texts)
    source.data["policies"][number]["versions"].insert(before[-1] + 1, entry)
    return edited.must_say(source.data)


def _start(text: str, book: Book) -> int:
    try:
        return parse_date_or_time(text, book.zone)
    except UnitError as error:
        raise _refused("R0303", str(error), Location(book.path), error.hint) from None


def _relabelled(source: Source, path: tuple[str], new: str) -> Source:
    """A file with the version that it names replaced."""
    edited = set_text(source, path, quoted(new))
    source.data[path[0]] = new
    return edited.must_say(source.data)


def _suites(root: Path, version: Version, new: str) -> Iterator[tuple[Path, Source]]:
    """The suites that try a version, as they are to be for the new one: where to, and what."""
    old, folder = version.version, root / Path(version.path).parent / "tests"
    for path in sorted(folder.glob("*.y*ml")):
        source = Source.read(path, path.relative_to(root).as_posix())
        data = source.data if isinstance(source.data, dict) else {}
        if data.get("policy") != version.policy:
            continue
        if data.get("version") == old:
            yield _renamed(path, old, new), _relabelled(source, ("version",), new)
        elif isinstance(data.get("versions"), list) and old in data["versions"]:
            yield path, _listed(source, data, old, new)


def _renamed(path: Path, old: str, new: str) -> Path:
    stem = path.stem.replace(old, new) if old in path.stem else f"{path.stem}-{new}"
    return path.with_name(stem + path.suffix)


def _listed(source: Source, data: dict[str, Any], old: str, new: str) -> Source:
    """A suite about several versions with the new one in its list."""
    place = data["versions"].index(old)
    edited = add_item(source, ("versions",), place, quoted(new))
    data["versions"].insert(place + 1, new)
    return edited.must_say(data)


def _rewrite(suite: Source, begun: StartedVersion) -> None:
    before = Source.read(suite.path, suite.shown)
    with staged(suite) as new:
        replace_file(before, new)
    begun.edited.append(suite.path)


def _create(path: Path, text: str, begun: StartedVersion) -> None:
    """Write a new file. Raises `BookError` where there is one."""
    missing = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    begun.folders += reversed(missing)
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            begun.files.append(path)
            file.write(text)
    except FileExistsError:
        hint = "move it away, or choose another name"
        raise _refused("R0654", f"there is a file `{path.name}` already", Location(str(path)), hint) from None


@contextlib.contextmanager
def _undone_on_failure(begun: StartedVersion) -> Iterator[None]:
    """Delete the new files and folders where something goes wrong before the end."""
    try:
        yield
    except BaseException:
        for path in reversed(begun.files):
            path.unlink(missing_ok=True)
        for folder in reversed(begun.folders):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _refused(code: str, message: str, place: Location, hint: str) -> BookError:
    return BookError(problems=[Problem(code, message, place, hint)])
