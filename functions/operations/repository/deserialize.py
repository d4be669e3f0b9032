"""Items of any table as plain values: the auditor knows no models of others."""

from collections.abc import Callable, Mapping
from typing import Any


def deserialize(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A row with whole numbers as int; sets are lists, binary values stay as they come."""
    return {name: _value(value) for name, value in item.items()}


def _value(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    read = _READ.get(kind)
    return content if read is None else read(content)


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return float(text)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "N": _number,
    "NULL": lambda _: None,
    "M": deserialize,
    "L": lambda items: [_value(item) for item in items],
    "NS": lambda texts: [_number(text) for text in texts],
}
