"""The rooms are the story: what each module may import, and other habits that a reader relies on."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.rooms import PACKAGE, PAGE, ROOMS, page_with_table

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "engine"

ORDER = tuple(ROOMS)
LOOSE = {"__init__", "engine", "load"}  # the only modules that stand in no room
APART = {("history", "analysis")}  # neighbours that a verb joins and that do not know each other

# Where floats have a place: likeness of words, and what is shown to people.
FLOATS_ALLOWED = {"rescind.problems.suggestions"}
FLOATS_ALLOWED_ROOMS = {"authoring", "terminal", "commands"}

EXTENSION = {"durable", "durable_rules_engine"}
DRIVER = "rescind.matching.durable_runtime"


class Module(NamedTuple):
    room: str  # as in ROOMS
    path: Path
    dotted: str

    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))


class Import(NamedTuple):
    target: str  # dotted, absolute
    line: int
    typing_only: bool


def modules() -> list[Module]:
    """Every Python file of the package; templates hold none."""
    return [
        Module(room_of(dotted_name(path)) or "", path, dotted_name(path))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def dotted_name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def room_of(dotted: str) -> str | None:
    """The name in ROOMS that a dotted name belongs to; None for other packages."""
    first, *rest = dotted.split(".")
    if first != "rescind":
        return None
    return rest[0] if rest else "rescind"


MODULES = modules()
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.dotted)


def imports(module: Module) -> Iterator[Import]:
    """Every import of a module: at the top, inside functions, for type checking, by name; relative ones absolute."""
    tree = module.tree()
    typing_only = {
        id(inner)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
        for inner in itertools.chain.from_iterable(map(ast.walk, block.body))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, id(node) in typing_only)
        elif isinstance(node, ast.ImportFrom):
            for target in targets(module, node):
                yield Import(target, node.lineno, id(node) in typing_only)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            for name in ast.walk(node.args[0]):
                if (
                    isinstance(name, ast.Constant)
                    and isinstance(name.value, str)
                    and len(node.args[0]._fields) == 2
                ):
                    yield Import(name.value, node.lineno, typing_only=False)


def targets(module: Module, node: ast.ImportFrom) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        package = module.dotted.split(".")
        package = package if module.path.name == "__init__.py" else package[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
    # `from rescind.source import document` means the module, `from rescind import Engine` a name of the package.
    for alias in node.names:
        yield f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base


def is_module(dotted: str) -> bool:
    path = SOURCE.joinpath(*dotted.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def upward(module: Module) -> Iterator[str]:
    """The imports of a module that its room's place in the order does not allow."""
    for found in imports(module):
        target = room_of(found.target)
        if target is None or target == module.room:
            continue
        if found.typing_only and module.room == "rescind":
            continue
        if target not in ORDER[: ORDER.index(module.room)] or (module.room, target) in APART:
            yield f"{module.path.name}:{found.line} imports {found.target}"


def circles(modules: Iterable[Module]) -> list[str]:
    """The modules that import each other in a circle at run time or for annotations, however long the way around."""
    known = {module.dotted for module in modules}
    ahead = {module.dotted: {found.target for found in imports(module)} & known for module in modules}
    try:
        tuple(TopologicalSorter(ahead).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def test_the_loose_modules_are_the_known_ones() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} <= LOOSE


def test_a_file_name_occurs_once_in_the_tree() -> None:
    names = Counter(
        path.name
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "commands" and path.name != "__init__.py"
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_the_page_of_the_architecture_shows_the_rooms() -> None:
    page = PAGE.read_text("utf-8")
    assert page == page_with_table(page), "run `python -m tests.rooms`"


def test_the_tests_that_the_page_names_are_there() -> None:
    named = re.findall(r"`(tests/[^`]*)`", PAGE.read_text("utf-8"))
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_no_modules_import_each_other() -> None:
    assert circles(MODULES) == []


def test_every_module_stands_in_a_room() -> None:
    assert sorted({module.room for module in MODULES} - set(ORDER)) == []


@each_module
def test_a_module_imports_only_from_modules_before_it(module: Module) -> None:
    assert list(upward(module)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import rescind.matching.runtime",
        "from rescind.matching.runtime import fire",
        "from rescind.matching import runtime",
        "from rescind import Engine",
        "from rescind import matching",
        "from ..matching.runtime import fire",
        "from ..matching import runtime",
        "import_module('rescind.matching.runtime')",
        "def late():\n    from rescind.matching.runtime import fire",
        "if TYPE_CHECKING:\n    from rescind.matching.runtime import Session",
    ],
)
def test_an_import_against_the_order_is_seen_however_it_is_written(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room, name in (("matching", "runtime"), ("values", "money")):
        folder = tmp_path / "rescind" / room
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / f"{name}.py").touch()
    path = tmp_path / "rescind" / "values" / "money.py"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setitem(globals(), "SOURCE", tmp_path)
    assert list(upward(Module("values", path, "rescind.values.money")))


def test_a_circle_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "SOURCE", tmp_path)
    names = ("one", "two", "three")
    for name, ahead in zip(names, (*names[1:], names[0]), strict=True):
        (tmp_path / f"{name}.py").write_text(f"def late():\n    import {ahead}", encoding="utf-8")
    assert circles([Module("", tmp_path / f"{name}.py", name) for name in names])


@each_module
def test_only_the_runtime_knows_the_extension(module: Module) -> None:
    if module.dotted != DRIVER:
        assert not [found for found in imports(module) if found.target.split(".")[0] in EXTENSION]


@each_module
def test_public_names_are_listed_in_order_and_exist(module: Module) -> None:
    body = module.tree().body
    if module.path.name == "__init__.py" and len(body) <= 1:
        return  # a folder's file with nothing in it but its purpose
    listed = [node.value for node in body if isinstance(node, ast.Assign) and is_all(node)]
    assert len(listed) == 1, "no `__all__`"
    names = ast.literal_eval(listed[0])
    assert names == sorted(set(names), key=reading_order)
    loaded = importlib.import_module(module.dotted)
    assert [name for name in names if not hasattr(loaded, name)] == []


def is_all(node: ast.Assign) -> bool:
    return [ast.unparse(target) for target in node.targets] == ["__all__"]


def reading_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions."""
    return (0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2, name)


@each_module
def test_no_float_comes_near_money_or_time(module: Module) -> None:
    if module.dotted not in FLOATS_ALLOWED and module.room not in FLOATS_ALLOWED_ROOMS:
        assert list(floats(module.tree())) == []


def floats(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"line {node.lineno}: the literal {node.value!r}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
            yield f"line {node.lineno}: float()"
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".total_seconds", ".timestamp")):
            yield f"line {node.lineno}: {ast.unparse(node.func)}() gives a float"


@pytest.mark.parametrize("text", ["x = 0.1", "float('1')", "delta.total_seconds()", "moment.timestamp()"])
def test_a_float_is_seen(text: str) -> None:
    assert list(floats(ast.parse(text)))
