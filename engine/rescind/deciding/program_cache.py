"""The compiled versions of a book, each built when it is first used."""

from __future__ import annotations

from collections.abc import Callable

from rescind.deciding.version_program import Program

__all__ = ["Programs"]


class Programs(dict[tuple[str, str], Program]):
    """Programs by policy and version. A book may hold many versions that never decide."""

    def __init__(self, build: Callable[[tuple[str, str]], Program]) -> None:
        super().__init__()
        self._build = build

    def __missing__(self, key: tuple[str, str]) -> Program:
        built = self._build(key)
        program = self.setdefault(key, built)
        if program is not built:  # another thread built it first
            built.close()
        return program
