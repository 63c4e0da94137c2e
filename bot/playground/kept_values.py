"""Values read from a file that anybody may have written: each is of its type, or refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, NoReturn, TypeVar, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,6}")


def parsed(text: str) -> Any:
    """Return what JSON says. Raises ValueError for a number that is none, RecursionError for a deep nest."""
    return json.loads(text, parse_constant=_refuse)


def value_of(kind: type[_T], values: Mapping[str, Any]) -> _T:
    """Make a dataclass of `values`. Raises TypeError or ValueError unless each is what its field takes."""
    hints = get_type_hints(kind)
    for name, value in values.items():
        if not _fits(value, hints[name]):
            raise ValueError(f"{name} is {type(value).__name__}")
        if name == "ts" and not _TS.fullmatch(value):
            raise ValueError(f"ts is {value}")
    return kind(**values)


def _fits(value: object, hint: Any) -> bool:
    origin, parts = get_origin(hint) or hint, get_args(hint)
    if origin is UnionType:
        return any(_fits(value, part) for part in parts)
    if origin in (Sequence, frozenset):
        is_row = isinstance(value, list | tuple | frozenset)
        return is_row and all(_fits(each, parts[0]) for each in value)  # type: ignore[attr-defined] # see is_row
    if origin is float:
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, dict if origin is Mapping else origin)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
