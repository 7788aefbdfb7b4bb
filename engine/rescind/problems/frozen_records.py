"""`@frozen` makes what `@dataclass(frozen=True, slots=True)` makes, in a quarter of the time at import.

About fifty records are declared before a first decision, and `dataclass` compiles seven methods for each: a sixth of
the time of a command that decides one case. Here only `__init__` is compiled; comparison, hash, text and the refusal to
change are shared. `dataclasses.fields` and `replace` work, and so do `match`, `copy` and `pickle`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

__all__ = ["frozen"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class with annotated fields a frozen record with slots, equal by class and fields."""
    record: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    record.__init__ = _init(record)
    record.__compared__ = _picker(item.name for item in fields(record) if item.compare)
    hashed = (item.name for item in fields(record) if (item.compare if item.hash is None else item.hash))
    record.__hashed__ = _picker(hashed)
    record.__eq__, record.__hash__, record.__repr__ = _equal, _hashed, _shown
    record.__setattr__, record.__delattr__ = _refuse_to_set, _refuse_to_delete
    record.__getstate__, record.__setstate__ = _values, _restore
    return record  # type: ignore[no-any-return]


def _init(record: Any) -> Any:
    """An `__init__` that writes to the slots directly; `field(default_factory=…)` is called for each object."""
    names: dict[str, Any] = {"MISSING": MISSING}
    lines = [_line(record, item, names) for item in fields(record)]
    parameters = [_parameter(item, names) for item in fields(record)]
    text = f"def __init__({', '.join(['self', *parameters])}):\n    " + "\n    ".join(lines or ["pass"])
    exec(compile(text, f"<{record.__name__}>", "exec"), names)  # noqa: S102 - names of fields, and names made of them
    return names["__init__"]


def _parameter(item: Field[Any], names: dict[str, Any]) -> str:
    if item.default is not MISSING:
        names[f"default_{item.name}"] = item.default
        return f"{item.name}=default_{item.name}"
    return item.name if item.default_factory is MISSING else f"{item.name}=MISSING"


def _line(record: Any, item: Field[Any], names: dict[str, Any]) -> str:
    names[f"set_{item.name}"] = getattr(record, item.name).__set__
    if item.default_factory is MISSING:
        return f"set_{item.name}(self, {item.name})"
    names[f"make_{item.name}"] = item.default_factory
    return f"set_{item.name}(self, make_{item.name}() if {item.name} is MISSING else {item.name})"


def _values(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__match_args__]


def _restore(self: Any, values: list[Any]) -> None:
    for name, value in zip(self.__match_args__, values, strict=True):
        object.__setattr__(self, name, value)


def _picker(names: Iterable[str]) -> Callable[[Any], Any]:
    """What picks the values of some fields; two names at least make it yield a tuple."""
    return attrgetter("__class__", "__class__", *names)


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    pick = self.__class__.__compared__
    return self is other or pick(self) == pick(other)


def _hashed(self: Any) -> int:
    return hash(self.__class__.__hashed__(self))


def _shown(self: Any) -> str:
    shown = [f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.repr]
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(_: object, name: str, value: object) -> NoReturn:
    del value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
