"""`rescind publish`, `rescind new` and `rescind check --deployable`: versions frozen and begun, whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from rescind import Engine
from rescind.authoring import freeze_version as module
from rescind.authoring.scaffold import init_book
from rescind.authoring.yaml_edits import Source, add_item, add_key, set_text
from rescind.commands import main
from rescind.problems.exceptions import BookError
from rescind.source.yaml_writer import quoted
from rescind.values.times import format_time

V1, FILE = "2025-01-01", Path("rules/subscriptions/2025-01-01.yaml")
SUITE = Path("rules/subscriptions/tests/2025-01-01.yaml")
BOOK, LOCK = Path("policies.yaml"), Path("policies.lock")
ENTRY = (
    '      - {version: "2025-01-01", in_force_from: 2025-01-01, file: rules/subscriptions/2025-01-01.yaml}\n'
)


@pytest.fixture
def book(tmp_path, monkeypatch):
    init_book(tmp_path / "book")
    monkeypatch.chdir(tmp_path / "book")
    return tmp_path / "book"


def rescind(*args):
    return CliRunner().invoke(main, list(args), catch_exceptions=False)


def publish(*args):
    return rescind("publish", "subscriptions", V1, *args)


def new(version="2025-07-01", start=None, old=V1):
    return rescind(
        "new", "subscriptions", "--from", old, "--version", version, "--in-force-from", start or version
    )


def edit(path, old, to):
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, to), "utf-8")


def files():
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


# publish


def test_a_draft_is_frozen_by_one_key_in_the_book_and_nothing_else(book):
    before = files()
    result = publish()
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "20 cases passed, 100.0 % of the version tried"
    digest = re.search(r"sha256-2:[0-9a-f]{64}", result.stdout)[0]
    after = files()
    assert after.keys() - before.keys() == {LOCK}
    assert [path for path in before if before[path] != after[path]] == [BOOK]
    assert after[BOOK].decode() == before[BOOK].decode().replace(
        ENTRY, ENTRY.replace("}", f', digest: "{digest}"}}')
    )
    assert Engine.load(book).book.policies[0].versions[0].frozen == digest


def test_publishing_again_writes_nothing(book):
    publish()
    before = files()
    result = publish()
    assert result.exit_code == 0
    assert "is frozen already, and unchanged" in result.stdout
    assert files() == before


def test_json_says_what_was_published(book):
    data = json.loads(publish("--format", "json").stdout)
    assert (data["published"], data["cases"], data["coverage"]) == (True, 20, "100.0%")
    assert json.loads(publish("--format", "json").stdout)["published"] is False


def test_a_changed_frozen_version_is_refused_and_the_way_on_is_explained(book):
    publish()
    edit(FILE, "over: 500 EUR", "over: 700 EUR")
    before = files()
    result = publish()
    assert result.exit_code == 1
    assert (
        "R0651 `rules/subscriptions/2025-01-01.yaml` was changed after version `2025-01-01` was frozen"
        in result.stderr
    )
    assert "rescind new subscriptions --from 2025-01-01 --version NEW --in-force-from DATE" in result.stderr
    assert files() == before


REFUSED = [
    (FILE, "order.state: ended", "order.stat: ended", "R0201"),
    (FILE, "over: 500 EUR", "over: 600 EUR", "R0650 the case `the limit of the review / row 3` fails"),
    (SUITE, f'version: "{V1}"', 'version: "2024-01-01"', "R0700"),
    (SUITE, "expect: {blockers: [ended]}", "expect: {blockers: [endid]}", "R0650 the case"),
    (SUITE, "cases:", "casis:", "R0101"),
    (BOOK, "timezone: UTC  ", "timezone: UTD  ", "R0302"),
]


@pytest.mark.parametrize(("path", "old", "to", "words"), REFUSED, ids=[row[2] for row in REFUSED])
def test_nothing_is_written_unless_everything_is_right(book, path, old, to, words):
    edit(path, old, to)
    before = files()
    result = publish()
    assert result.exit_code == 1
    assert words in result.stderr
    assert files() == before


def test_a_version_without_a_case_is_refused(book):
    SUITE.unlink()
    result = publish()
    assert result.exit_code == 1
    assert "policies.yaml:15:9: R0650 no case tries version `2025-01-01`" in result.stderr


def test_a_version_that_is_hardly_tried_is_refused_and_says_what_is_missing(book):
    text = SUITE.read_text("utf-8")
    SUITE.write_text(text[: text.index("  - name: a frozen account")], "utf-8")
    result = publish()
    assert result.exit_code == 1
    assert re.search(r"R0650 the cases try \d\d\.\d % of version `2025-01-01`, less than 90 %", result.stderr)
    assert "(not tried: applies_to never does not apply; " in result.stderr
    assert publish("--fail-under", "10").exit_code == 0


@pytest.mark.parametrize(
    ("policy", "version", "hint"),
    [
        ("subscription", V1, "did you mean `subscriptions`?"),
        ("subscriptions", "2025", "versions: `2025-01-01`"),
    ],
)
def test_an_unknown_name_is_said(book, policy, version, hint):
    result = rescind("publish", policy, version)
    assert result.exit_code == 1
    assert "R0906" in result.stderr
    assert hint in result.stderr


def test_a_book_that_someone_else_changes_meanwhile_is_left_alone(book, monkeypatch):
    rehearse = module.rehearse

    def slowly(*args):
        edit(BOOK, "title: Cancellation policies", "title: Other words")
        return rehearse(*args)

    monkeypatch.setattr(module, "rehearse", slowly)
    result = publish()
    assert result.exit_code == 1
    assert "R0653 the file was changed by someone else" in result.stderr
    assert "Other words" in BOOK.read_text("utf-8")
    assert "digest" not in BOOK.read_text("utf-8").split("policies:")[1]
    assert not [path for path in Path().iterdir() if path.suffix == ".tmp"]


def test_a_failed_write_leaves_no_trace(book, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = files()
    result = publish()
    assert result.exit_code == 1
    assert "no space left" in result.stderr
    assert files() == before


# The edit of the book, in every layout that authors use.

DIGEST = "sha256-2:" + "0" * 64
LAYOUTS = {
    "flow": (
        '- {version: "1", file: a.yaml}  # why\n',
        f'- {{version: "1", file: a.yaml, digest: "{DIGEST}"}}  # why\n',
    ),
    "flow over lines": (
        '- {\n    version: "1",  # first\n    file: a.yaml,\n  }\n',
        f'- {{\n    version: "1",  # first\n    file: a.yaml, digest: "{DIGEST}",\n  }}\n',
    ),
    "block": (
        '- version: "1"\n  file: a.yaml  # here\n# next\n',
        f'- version: "1"\n  file: a.yaml  # here\n  digest: "{DIGEST}"\n# next\n',
    ),
    "block without end of line": (
        '- version: "1"\n  file: a.yaml',
        f'- version: "1"\n  file: a.yaml\n  digest: "{DIGEST}"',
    ),
    "block, dash alone": (
        '-\n    version: "1"\n    file: a.yaml\n\n',
        f'-\n    version: "1"\n    file: a.yaml\n    digest: "{DIGEST}"\n\n',
    ),
    "block with a folded text last": (
        '- version: "1"\n  description: >-\n    two\n    lines\n- version: "2"\n',
        f'- version: "1"\n  description: >-\n    two\n    lines\n  digest: "{DIGEST}"\n- version: "2"\n',
    ),
    "lines of Windows": (
        '- version: "1"\r\n  file: a.yaml\r\n# next\r\n',
        f'- version: "1"\r\n  file: a.yaml\r\n  digest: "{DIGEST}"\r\n# next\r\n',
    ),
    "byte order mark": ('\ufeff- {version: "1"}\n', f'\ufeff- {{version: "1", digest: "{DIGEST}"}}\n'),
    "letters beyond": (
        '- {version: "1", title: Größe 🚲}\n',
        f'- {{version: "1", title: Größe 🚲, digest: "{DIGEST}"}}\n',
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_key_is_added_in_the_style_of_its_mapping(tmp_path, name):
    before, after = LAYOUTS[name]
    path = tmp_path / "a.yaml"
    path.write_bytes(before.encode())
    source = Source.read(path, "a.yaml")
    edited = add_key(source, (0,), "digest", quoted(DIGEST))
    source.data[0]["digest"] = DIGEST
    assert edited.must_say(source.data).text == after


def test_a_digest_that_is_there_is_replaced_where_it_stands(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text('- {digest: "sha256:1", version: "1"} # x\n', "utf-8")
    edited = set_text(Source.read(path, "a.yaml"), (0, "digest"), quoted(DIGEST))
    assert edited.text == f'- {{digest: "{DIGEST}", version: "1"}} # x\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  - {b: c}  # why\n  # end\n", "a:\n  - {b: c}  # why\n  - {b: d}\n  # end\n"),
        ("a:\n- b: c\n  e: f\nz: 1\n", "a:\n- b: c\n  e: f\n- b: d\nz: 1\n"),
        ("a: [{b: c}]\n", "a: [{b: c}, {b: d}]\n"),
    ],
)
def test_an_item_is_added_in_the_style_of_its_neighbour(tmp_path, before, after):
    path = tmp_path / "a.yaml"
    path.write_text(before, "utf-8")
    assert add_item(Source.read(path, "a.yaml"), ("a",), 0, {"b": "d"}).text == after


def test_an_edit_that_would_say_something_else_is_refused(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: {b: c}\n", "utf-8")
    source = Source.read(path, "a.yaml")
    with pytest.raises(BookError, match="R0653"):
        add_key(source, ("a",), "d", "e").must_say(source.data)
    with pytest.raises(BookError, match="R0653"):
        set_text(source, ("a",), "e")


def test_permissions_of_the_book_stay(book):
    BOOK.chmod(0o640)
    publish()
    assert BOOK.stat().st_mode & 0o777 == 0o640


# new


def test_new_copies_a_version_and_its_cases_as_a_draft(book):
    publish()
    before = files()
    result = new()
    assert result.exit_code == 0, result.stderr
    after = files()
    copies = {Path(str(path).replace(V1, "2025-07-01")): path for path in (FILE, SUITE)}
    assert after.keys() - before.keys() == copies.keys()
    for copy, original in copies.items():
        assert after[copy].decode() == before[original].decode().replace(
            f'version: "{V1}"', 'version: "2025-07-01"'
        )
    added = set(after[BOOK].decode().splitlines()) - set(before[BOOK].decode().splitlines())
    assert added == {ENTRY.rstrip("\n").replace(V1, "2025-07-01")}
    assert [version.draft for version in Engine.load(book, drafts=True).book.policies[0].versions] == [
        False,
        True,
    ]
    assert result.stdout.splitlines()[:3] == [
        "wrote rules/subscriptions/2025-07-01.yaml",
        "wrote rules/subscriptions/tests/2025-07-01.yaml",
        "edited policies.yaml",
    ]


def test_the_copy_passes_its_own_cases(book):
    new()
    assert rescind("publish", "subscriptions", "2025-07-01").exit_code == 0


def test_an_entry_stands_where_its_time_is(book):
    new("2025-07-01")
    new("2025-04-01")
    new("later", "2025-09-01T12:00:00+02:00")
    names = [version.version for version in Engine.load(book, drafts=True).book.policies[0].versions]
    assert names == [V1, "2025-04-01", "2025-07-01", "later"]


def test_a_start_without_an_offset_is_read_in_the_time_zone_of_the_book(book):
    edit(BOOK, "timezone: UTC", "timezone: Europe/Berlin")
    before = files()
    skipped = new("b", "2026-03-29T02:30:00")
    assert skipped.exit_code == 1
    assert "R0303 the local time `2026-03-29T02:30:00` is skipped or appears twice" in skipped.stderr
    assert files() == before
    assert new("b", "2026-03-29T03:30:00").exit_code == 0
    started = Engine.load(book, drafts=True).book.policies[0].versions[-1]
    assert format_time(started.in_force_from, dt.UTC) == "2026-03-29T01:30:00+00:00"


def test_a_suite_of_several_versions_gets_one_more(book):
    edit(SUITE, f'version: "{V1}"', f'versions: ["{V1}"]  # all of them')
    result = new()
    assert "edited rules/subscriptions/tests/2025-01-01.yaml" in result.stdout
    assert f'versions: ["{V1}", "2025-07-01"]  # all of them' in SUITE.read_text("utf-8")
    assert not Path("rules/subscriptions/tests/2025-07-01.yaml").exists()
    assert rescind("publish", "subscriptions", "2025-07-01").exit_code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"version": V1, "start": "2025-07-01"}, "R0654 `subscriptions` has a version `2025-01-01` already"),
        ({"start": "2024-12-31"}, "R0654 `2024-12-31` is before the first version"),
        ({"start": V1}, "R0654"),
        ({"old": "2025-01-02"}, "R0906"),
        ({"version": "taken"}, "R0654 there is a file `taken.yaml` already"),
    ],
)
def test_what_is_in_the_way_of_a_new_version_changes_nothing(book, args, words):
    FILE.with_name("taken.yaml").write_text("mine", "utf-8")
    before = files()
    result = new(**{"start": "2025-07-01", **args})
    assert result.exit_code == 1
    assert words in result.stderr
    assert files() == before


def test_what_the_new_text_of_the_book_breaks_changes_nothing(book):
    edit(BOOK, "in_force_from: 2025-01-01,", "in_force_from: 2025-01-01, in_force_until: 2025-12-31,")
    before = files()
    result = new()
    assert result.exit_code == 1
    assert "policies.yaml:15:" in result.stderr
    assert "R0305" in result.stderr
    assert files() == before


@pytest.mark.parametrize(
    "args",
    [
        ("--version", "a b", "--in-force-from", "2025-07-01"),
        ("--version", "../x", "--in-force-from", "2025-07-01"),
        ("--version", "b", "--in-force-from", "2025-13-01"),
        ("--version", "b", "--in-force-from", "tomorrow"),
        ("--version", "b"),
    ],
)
def test_a_wrong_command_line_of_new(book, args):
    assert rescind("new", "subscriptions", "--from", V1, *args).exit_code == 2


# check --deployable; see also test_deployable.py


@pytest.mark.parametrize(
    ("at", "begun"),
    [
        ("2024-12-31", []),
        ("2025-01-01", [V1]),
        ("2025-06-30T23:59:59Z", [V1]),
        ("2025-07-01", [V1, "2025-07-01"]),
    ],
)
def test_deployable_fails_on_drafts_that_have_begun(book, at, begun):
    new()
    result = rescind("check", "--deployable", "--at", at)
    assert re.findall(r"R0308 version `([^`]+)` of `subscriptions` ", result.stderr) == begun
    assert result.exit_code == (1 if begun else 0)


def test_deployable_is_content_once_everything_that_has_begun_is_published(book):
    publish()
    new(start="2999-01-01")
    result = rescind("check", "--deployable")
    assert result.exit_code == 0
    assert "R0337 version `2025-07-01` of `subscriptions` is a draft and left out" in result.stderr
    assert rescind("check").stdout == "policies.yaml: no problems\n"


def test_a_time_without_deployable_is_a_mistake(book):
    assert rescind("check", "--at", "2025-01-01").exit_code == 2


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"a: [b\n", b"- a\n"])
def test_a_book_that_cannot_be_read_is_a_located_problem(book, content):
    BOOK.unlink() if content is None else BOOK.write_bytes(content)
    for result in (publish("--book", "policies.yaml"), rescind("diff", "subscriptions@1", "subscriptions@2")):
        assert result.exit_code == 1
        assert "R0" in result.stderr
        assert "Traceback" not in result.stderr


def test_warnings_do_not_stop_a_publication_and_are_shown(book):
    edit(
        Path("rules/facts.yaml"),
        "facts:\n",
        "facts:\n  unread: {type: flag, description: True where unread.}\n",
    )
    result = publish()
    assert result.exit_code == 0
    assert "rules/facts.yaml:11:3: R0331" in result.stderr


def test_a_suite_that_cannot_be_read_stops_a_new_version(book):
    SUITE.with_name("broken.yaml").write_text("a: [b\n", "utf-8")
    before = files()
    result = new()
    assert result.exit_code == 1
    assert "rules/subscriptions/tests/broken.yaml:" in result.stderr
    assert files() == before
