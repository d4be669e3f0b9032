"""JSON that crosses a boundary inside the platform, checked against types.

`parse` takes exactly the fields of a type: one that is missing, unknown or of another type is a
ContractError that names it, never its value. Nothing is converted or filled in, so a sender and a
receiver that do not agree stop at once.

A type is a `Message`, or a dataclass of a domain. Messages are no dataclasses because those compile
their methods anew for each class: half a millisecond for each, in every cold start.
"""

import functools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Literal,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from shop import clock

T = TypeVar("T")
M = TypeVar("M", bound="Message")


class ContractError(Exception):
    """Data is not what its type says. The message is a place and what is wrong there."""


@dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=True)
class Message:
    """A frozen record with keyword fields; equal to one of its type with equal fields."""

    FIELDS: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        hints = cls.__annotations__.items()  # Perhaps still as text.
        cls.FIELDS = tuple(name for name, hint in hints if "ClassVar" not in str(hint))

    def __init__(self, **values: Any) -> None:
        unknown = values.keys() - set(self.FIELDS)
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {sorted(unknown)}")
        for name in self.FIELDS:
            if name not in values and not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} needs {name}")
            self.__dict__[name] = values[name] if name in values else getattr(type(self), name)

    def but(self: M, **changes: Any) -> M:
        """The same with other values of these fields."""
        return type(self)(**{**self.__dict__, **changes})

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({shown})"


def parse(kind: type[T], data: Any) -> T:
    """The value of this type, or of a union of types that differ in a Literal field."""
    return cast(T, _value(kind, data, ""))


def dump(value: Any) -> Any:
    """JSON values only; the inverse of `parse`."""
    if isinstance(value, Message):
        return {name: dump(item) for name, item in vars(value).items()}
    if is_dataclass(value):
        return {field.name: dump(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: dump(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [dump(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return clock.rfc3339(value) if isinstance(value, datetime) else value


def members(kind: Any) -> tuple[Any, ...]:
    """The types of a union; of another type itself."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


@functools.cache
def fields_of(kind: type) -> dict[str, Any]:
    """The types of a record's fields by name."""
    hints = get_type_hints(kind)
    if issubclass(kind, Message):
        return {name: hints[name] for name in kind.FIELDS}
    return {field.name: hints[field.name] for field in fields(cast(Any, kind))}


def is_record(kind: Any) -> bool:
    """Whether `fields_of` knows it."""
    return isinstance(kind, type) and (issubclass(kind, Message) or is_dataclass(kind))


@functools.cache
def tags_of(kind: type) -> dict[str, tuple[Any, ...]]:
    """The fields that tell this type from the others of a union, and their values."""
    found = fields_of(kind).items()
    return {name: get_args(hint) for name, hint in found if get_origin(hint) is Literal}


def _value(kind: Any, data: Any, where: str) -> Any:
    if is_record(kind):
        return _record(kind, data, where)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _one_of(get_args(kind), data, where)
    if origin is tuple:
        if not isinstance(data, list):
            raise _error(where, "no list")
        item, _ = get_args(kind)
        return tuple(_value(item, part, f"{where}.{n}") for n, part in enumerate(data))
    if origin is Literal:
        if not any(type(data) is type(known) and data == known for known in get_args(kind)):
            raise _error(where, "unknown value")
        return data
    return _scalar(origin or kind, data, where)


def _scalar(kind: Any, data: Any, where: str) -> Any:
    if kind is Mapping:
        if not isinstance(data, dict):
            raise _error(where, "no object")
        return data
    if kind is datetime or issubclass(kind, Enum):
        try:
            return clock.parse(data) if kind is datetime else kind(data)
        except (TypeError, ValueError, AttributeError):
            raise _error(where, f"no {kind.__name__}") from None
    if type(data) is not kind:
        raise _error(where, f"no {kind.__name__}")
    return data


def _record(kind: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise _error(where, "no object")
    known = fields_of(kind)
    for name in known.keys() - data.keys():
        raise _error(f"{where}.{name}", "missing")
    for name in data.keys() - known.keys():
        raise _error(f"{where}.{name}", "unknown field")
    return kind(
        **{name: _value(hint, data[name], f"{where}.{name}") for name, hint in known.items()}
    )


def _one_of(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and NoneType in kinds:
        return None
    candidates = [kind for kind in kinds if kind is not NoneType]
    if len(candidates) > 1:
        tagged = data if isinstance(data, dict) else {}
        candidates = [
            kind
            for kind in candidates
            if all(tagged.get(name) in values for name, values in tags_of(kind).items())
        ]
    if len(candidates) != 1:
        raise _error(where, "none of the types that are known here")
    return _value(candidates[0], data, where)


def _error(where: str, what: str) -> ContractError:
    return ContractError(f"{where.removeprefix('.') or 'data'}: {what}")
