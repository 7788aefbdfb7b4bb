"""What each version compiles to, held by files.

A changed file is a changed ruleset: read the difference, and when it is meant, renew the files by
`python -m tests.golden --update` and commit them with the change that caused it. Nothing else writes them.
"""

from __future__ import annotations

import json

import pytest

from tests.golden.compiled import FOLDER, expected_files

RENEW = "if this is meant: python -m tests.golden --update"


@pytest.fixture(scope="module")
def compiled():
    return expected_files()


def test_every_version_compiles_to_its_golden_file(compiled):
    for name, text in compiled.items():
        file = FOLDER / name
        assert file.is_file(), f"{name} is missing; {RENEW}"
        assert text == file.read_text(encoding="utf-8"), f"{name} has changed; {RENEW}"


def test_no_golden_file_is_left_of_a_version_that_is_gone(compiled):
    assert {path.name for path in FOLDER.glob("*.json")} == set(compiled), RENEW


def test_golden_files_are_the_definitions_themselves(compiled):
    definition = json.loads(compiled["golden-stages@1.json"])
    assert [stage["pass"] for stage in definition["stages"]] == sorted(
        stage["pass"] for stage in definition["stages"]
    )
    assert len({stage["pass"] for stage in definition["stages"]}) > 2
    shards = [
        len(shard["rules"]) for shard in json.loads(compiled["golden-shards@1.json"])["stages"][0]["shards"]
    ]
    assert shards == [61, 2]  # each with its sentinel
    flags = json.loads(compiled["golden-flags@1.json"])
    assert any(column["as"] == "fired" for stage in flags["stages"] for column in stage["columns"])
