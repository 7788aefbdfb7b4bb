"""Renew the golden files: `python -m tests.golden --update`. Without `--update`, name what would change."""

from __future__ import annotations

import sys

from tests.golden.compiled import FOLDER, expected_files

files = expected_files()
there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
changed = sorted(name for name in files.keys() | there.keys() if files.get(name) != there.get(name))
print("\n".join(changed) or "nothing has changed")  # noqa: T201 - it talks on the terminal
if "--update" in sys.argv[1:]:
    for name in changed:
        if name in files:
            (FOLDER / name).write_text(files[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
