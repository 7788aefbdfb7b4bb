"""The files are the pipeline: what each module may import, and other habits that a reader relies on."""

from __future__ import annotations

import ast
import importlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "engine"

# A module imports only from modules above it. A folder counts as the one module that it is named after, `__init__`
# is what `from engine import …` means, and `cli` is `cli.py` at the top. A name may stand here before its file does.
ORDER = (
    "frozen",
    "errors",
    "diagnostics",
    "units",
    "types",
    "limits",
    "scalars",
    "values",
    "source",
    "node",
    "vocabulary",
    "schema",
    "formula",
    "model",
    "digest",
    "parse",
    "checks",
    "compile",
    "facts",
    "runtime",
    "refund",
    "program",
    "working",
    "reviews",
    "decision",
    "requests",
    "engine",
    "__init__",
    "workbench",
    "commands",
    "cli",
)

# Imports against the order that are for annotations only: an error carries problems, and raises before any are read.
TYPING_ONLY = {("errors", "diagnostics")}

# Where floats have a place: likeness of words, and what is shown to people.
FLOATS_ALLOWED = {"diagnostics", "workbench", "commands", "cli"}

EXTENSION = {"durable", "durable_rules_engine"}


class Module(NamedTuple):
    name: str  # as in ORDER
    path: Path
    dotted: str

    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))


class Import(NamedTuple):
    target: str  # dotted, absolute
    line: int
    typing_only: bool


def modules() -> list[Module]:
    """Every Python file of the package, and `cli.py`."""
    found = [
        Module(path.relative_to(ENGINE).parts[0].removesuffix(".py"), path, dotted_name(path))
        for path in sorted(ENGINE.rglob("*.py"))
    ]
    return found + [Module("cli", path, "cli") for path in [ROOT / "cli.py"] if path.exists()]


def dotted_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


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
            yield Import(str(ast.literal_eval(node.args[0])), node.lineno, typing_only=False)


def targets(module: Module, node: ast.ImportFrom) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        package = module.dotted.split(".")
        package = package if module.path.name == "__init__.py" else package[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
    if (
        base == "engine"
    ):  # `from engine import source` means the module, `from engine import Engine` the package
        yield from (f"engine.{alias.name}" if is_module(alias.name) else "engine" for alias in node.names)
    else:
        yield base


def is_module(name: str) -> bool:
    return (ENGINE / f"{name}.py").exists() or (ENGINE / name / "__init__.py").exists()


def stage(target: str) -> str | None:
    """The name in ORDER that a dotted import belongs to; None for other packages."""
    first, *rest = target.split(".")
    if first == "engine":
        return rest[0] if rest else "__init__"
    return "cli" if first == "cli" else None


def upward(module: Module) -> Iterator[str]:
    """The imports of a module that its place in ORDER does not allow."""
    for found in imports(module):
        target = stage(found.target)
        if target is None or target == module.name:
            continue
        if found.typing_only and (module.name, target) in TYPING_ONLY:
            continue
        if target not in ORDER[: ORDER.index(module.name)]:
            yield f"{module.path.name}:{found.line} imports {found.target}"


def test_every_module_has_a_place_in_the_order() -> None:
    assert sorted({module.name for module in MODULES} - set(ORDER)) == []
    assert len(ORDER) == len(set(ORDER))


@each_module
def test_a_module_imports_only_from_modules_before_it(module: Module) -> None:
    assert list(upward(module)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import engine.runtime",
        "from engine.runtime import fire",
        "from engine import runtime",
        "from engine import Engine",
        "from .runtime import fire",
        "from . import runtime",
        "import cli",
        "import_module('engine.runtime')",
        "def late():\n    from engine.runtime import fire",
        "if TYPE_CHECKING:\n    from engine.runtime import Session",
    ],
)
def test_an_import_against_the_order_is_seen_however_it_is_written(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "engine"
    package.mkdir()
    (package / "runtime.py").touch()
    (package / "units.py").write_text(text, encoding="utf-8")
    monkeypatch.setitem(globals(), "ENGINE", package)
    assert list(upward(Module("units", package / "units.py", "engine.units")))


@each_module
def test_only_the_runtime_knows_the_extension(module: Module) -> None:
    if module.name != "runtime":
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
    if module.name not in FLOATS_ALLOWED:
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
