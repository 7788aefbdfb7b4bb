"""The corpus of broken and of good books: exactly the problems that each case lists. See `tests/corpus/README.md`."""

from __future__ import annotations

import copy
import datetime as dt
import os
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from rescind import load as load_module
from rescind.authoring.lock_file import lock_of, lock_text
from rescind.book import read_book as book_module
from rescind.commands import main
from rescind.engine import Engine
from rescind.load import load_book
from rescind.problems.codes import CODES
from rescind.problems.exceptions import BookError, FactsError
from rescind.problems.problem import Problem, Problems
from rescind.source.document import Document
from rescind.source.read_source import read_file, read_text

CORPUS = Path(__file__).parents[1] / "corpus"
BASE = CORPUS / "base"
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
UPDATE = "RESCIND_UPDATE_CORPUS" in os.environ
AT = "2025-03-06T10:00:00+01:00"
# The form that a case shows decisions in: amounts are short texts.
SHORT = "rescind/decision/1"
TODAY = dt.date(2025, 3, 6)
DIGEST = re.compile(r"(sha256(?:-2)?):[0-9a-f]{9,64}…?")
# The codes without a case, and why.
ELSEWHERE = {
    "R0199": "takes a schema that says less than the parser asks; see `test_book.py`",
    "R0990": "takes a rules engine or a memory that gives up; see `test_cli_explain.py`",
    "R0991": "takes an extension that does not load; see `test_installation.py`",
    "R0999": "takes a mistake in rescind itself; see `test_cli_explain.py`",
    "R1014": "takes a Python caller; see `tests/unit/requests/test_arguments.py`",
    "R1001": "takes a Python caller with an empty list (the command says R0010); see `tests/scenarios/request.yaml`",
}
KEYS = {"about", "base", "change", "files", "bytes", "frozen", "drafts", "decide", "run", "expect"}
LOCATED = re.compile(r"^(?:FAILED |SURVIVED )?[^ ].*?: R\d{4} ")


class _Loader(yaml.SafeLoader):
    """Cases in YAML without surprises: only true, false, null and whole numbers are more than text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML reads it from the class


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("(?:null)?$"), ["n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("-?[0-9]{1,9}$"), list("-0123456789"))


def yaml_of(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a safe loader


def read_case(path: Path) -> dict[str, Any]:
    case = yaml_of(path)
    assert case.keys() <= KEYS, path
    return case


def expanded(text: str) -> str:
    return re.sub(r'\{(\d+) × "([^"]*)"\}', lambda match: int(match[1]) * match[2], text)


def build(case: dict[str, Any], folder: Path) -> Path:
    """The base book with what the case changes, in `folder`; the path of the book."""
    for name, data in base_files(case.get("base", BASE.name)).items():
        write(folder / name, data)
    if "frozen" in case:
        for name in case["frozen"].split(", "):
            freeze(folder, *name.split())
    changes = case.get("change", [])
    for change in changes if isinstance(changes, list) else [changes]:
        replace_line(folder / change["in"], change["line"], change.get("becomes"))
    for name, text in case.get("files", {}).items():
        write(folder / name, None if text is None else expanded(text).encode("utf-8", "surrogatepass"))
    for name, digits in case.get("bytes", {}).items():
        write(folder / name, bytes.fromhex(digits))
    return folder / "policies.yaml"


@cache
def base_files(name: str) -> dict[str, bytes]:
    base = CORPUS / name
    return {path.relative_to(base).as_posix(): path.read_bytes() for path in base.rglob("*.*")}


@cache
def base_document(shown: str) -> Document | None:
    return read_file(BASE / shown, shown, Problems())


def read_unless_base(path: Path, shown: str, problems: Problems) -> Document | None:
    """A document; those of the base are read once for all cases."""
    if path.is_file() and base_files(BASE.name).get(shown) == path.read_bytes():
        return base_document(shown)
    return read_file(path, shown, problems)


def write(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def replace_line(path: Path, line: str, becomes: str | None) -> None:
    lines = path.read_text("utf-8").split("\n")
    found = [number for number, each in enumerate(lines) if line in (each, each.strip())]
    assert len(found) == 1, f"{line!r} stands {len(found)} times in {path.name}"
    indent = lines[found[0]].removesuffix(line)
    new = [] if becomes is None else expanded(becomes).removesuffix("\n").split("\n")
    lines[found[0] : found[0] + 1] = [indent + each if each else each for each in new]
    write(path, "\n".join(lines).encode("utf-8", "surrogatepass"))


def freeze(folder: Path, policy: str, version: str) -> None:
    """Write the digest of a version into the book, and what it says into the lock."""
    engine = Engine.load(folder, drafts=True)
    [digest] = [
        each.digest
        for one in engine.book.policies
        for each in one.versions
        if (one.id, each.version) == (policy, version)
    ]
    book = folder / "policies.yaml"
    entry = f"file: rules/{policy}/{version}.yaml"
    text = re.sub(
        rf"^( +){entry}$", rf'\1{entry}\n\1digest: "{digest}"', book.read_text("utf-8"), flags=re.MULTILINE
    )
    book.write_text(text.replace(f"{entry}}}", f'{entry}, digest: "{digest}"}}'), "utf-8")
    published = Engine.load(folder, drafts=True).book
    lock = lock_of(published, "policies.lock", TODAY)
    (folder / "policies.lock").write_text(lock_text(lock, published.zone), "utf-8")


def merged(facts: Any, changes: Any) -> Any:
    """`facts` with `changes` put in; null takes a key away."""
    if not isinstance(facts, dict) or not isinstance(changes, dict):
        return changes
    result = {
        key: merged(facts.get(key), value) for key, value in (facts | changes).items() if key in changes
    }
    return (
        {**facts, **result}
        if None not in result.values()
        else {key: value for key, value in {**facts, **result}.items() if value is not None}
    )


def load(path: Path, *, drafts: bool = True) -> tuple[Engine | None, list[Problem]]:
    """The book through both doors, which must agree: the list of problems, and `Engine.load`."""
    with pytest.MonkeyPatch.context() as patch:  # nothing is read or compiled twice
        patch.setattr(book_module, "read_file", read_unless_base)
        loaded = load_book(path)
        problems = loaded[2]
        patch.setattr(load_module, "load_book", lambda _: loaded)
        if not problems.errors and drafts:
            return Engine.load(path, drafts=True), list(problems)
        with pytest.raises(BookError) as caught:
            Engine.load(path, drafts=drafts, at=AT)
    assert list(caught.value.problems) == list(problems.errors)
    return None, list(problems)


def shown(problem: Problem) -> str:
    """A problem as a case lists it; digests, which change with every word of the base, are cut."""
    return DIGEST.sub(r"\1:…", str(problem))


def is_good(problem: Problem) -> None:
    """What every message must be."""
    message = problem.message
    assert message[0] in "`«" or message[0].islower() or message[0].isdigit() or message.startswith("YAML"), (
        message
    )
    assert not message.endswith("."), message
    assert message.count("`") % 2 == 0, message
    assert problem.hint.count("`") % 2 == 0, problem.hint
    assert len(message) < 400, message
    assert not re.search(r"\b(NoneType|dict|Traceback|KeyError|ValueError|Kind\.|Fraction\()", message), (
        message
    )


def found_by(path: Path, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A case, and the same case with what is found now in the place of what it expects."""
    case = read_case(path)
    book = build(case, tmp_path / "book")
    if "run" in case:
        return case, {**case, "expect": said(case["run"], book.parent)}
    engine, problems = load(book, drafts=case.get("drafts", True))
    for problem in problems:
        is_good(problem)
    now = {**copy.deepcopy(case), "expect": [shown(problem) for problem in problems]}
    for step in now.get("decide", ()):
        assert engine, "a book with errors decides nothing"
        decided(engine, step)
    return case, now


def said(commands: str, folder: Path) -> list[str]:
    """The lines with a place and a code that commands print in a folder; `> FILE` keeps what one prints."""
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in commands.splitlines():
            words, _, target = command.partition(" > ")
            program, *arguments = shlex.split(words)
            assert program == "rescind", command
            result = CliRunner().invoke(main, arguments, catch_exceptions=False)
            assert result.exit_code in {0, 1}, result.stderr
            if target:
                write(folder / target, result.stdout.encode())
                assert result.exit_code == 0, result.stderr
            printed = result.stderr.splitlines() + result.stdout.splitlines()
            lines += [DIGEST.sub(r"\1:…", line) for line in printed if LOCATED.match(line)]
    return lines


def decided(engine: Engine, step: dict[str, Any]) -> None:
    """Decide one case; put what is found in the place of what is expected."""
    text = (CORPUS / "facts.yaml").read_text("utf-8")
    good = read_text(text, "facts", Problems())
    options = {key: step[key] for key in ("policy", "version") if key in step}
    try:
        decision = engine.decide(merged(good.data, step.get("facts", {})), at=step.get("at", AT), **options)
    except FactsError as error:
        for problem in error.problems:
            is_good(problem)
        step["expect"] = [shown(problem) for problem in error.problems]
        step.pop("gives", None)
    else:
        step.pop("expect", None)
        step["gives"] = part_of(decision.to_dict(SHORT), step.get("gives", {"outcome": ""}))


def part_of(whole: Any, part: Any) -> Any:
    """What stands in `whole` where `part` has something."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return {key: part_of(whole.get(key), value) for key, value in part.items()}
    if isinstance(whole, list) and isinstance(part, list) and len(whole) == len(part):
        return [part_of(*pair) for pair in zip(whole, part, strict=True)]
    return whole


@pytest.mark.parametrize("path", [*VALID, *INVALID], ids=lambda path: path.stem)
def test_exactly_these_problems(path, tmp_path):
    case, now = found_by(path, tmp_path)
    if UPDATE:
        update(path, now)
    assert now == case


def update(path: Path, now: dict[str, Any]) -> None:
    """Write `now` into the case, which keeps what stands before the first expectation."""
    head = re.split(r"^(?:decide|expect):", path.read_text("utf-8"), maxsplit=1, flags=re.MULTILINE)[0]
    tail = {key: now[key] for key in ("decide", "expect") if key in now}
    text = yaml.dump(tail, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    path.write_text(head + text, "utf-8")


class _Dumper(yaml.SafeDumper):
    """Block style, but what fits on a line stands on one."""

    def represent_sequence(self, tag, sequence, flow_style=None):
        del flow_style
        return super().represent_sequence(tag, sequence, flow_style=_is_short(sequence))

    def represent_mapping(self, tag, mapping, flow_style=None):
        del flow_style
        return super().represent_mapping(tag, mapping, flow_style=_is_short(mapping))


def _is_short(data: Any) -> bool:
    return len(repr(data)) < 100 and not re.search(r"\bR\d{4} ", repr(data))


def test_the_base_has_no_problem(tmp_path):
    assert load(build({}, tmp_path / "book"))[1] == []


def test_the_corpus_is_large_and_holds_every_code_but_those_that_say_why_not():
    assert len(INVALID) >= 120
    found = {code for path in INVALID for code in re.findall(r"\b(R\d{4}) ", path.read_text("utf-8"))}
    assert CODES.keys() - found == ELSEWHERE.keys()


def test_a_case_is_named_after_its_first_code():
    for path in INVALID:
        assert re.search(rf" {path.stem[:5]} ", path.read_text("utf-8")), path.stem
