"""No text stops the process: the work for one grows with its length, and not faster."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.core.links import linked
from bot.core.markdown import pages
from bot.core.message_text import is_material, words, written
from bot.core.mrkdwn import plain
from bot.core.plain_words import plain_words
from bot.core.prompts import suggestions
from bot.core.reasoning import without_reasoning
from bot.core.redaction import KINDS, redacted
from bot.core.rejoined import rejoined
from bot.core.rich_text import rich_text
from bot.core.safety import Safe, neutralise, restored
from bot.core.slack_markdown import for_slack
from tests.hostile_texts import KNOWN, grows_too_fast, texts

_ROOT = Path(bot.__file__).parent
_BEGINNING = {"match", "fullmatch"}
_METHODS = _BEGINNING | {"search", "sub", "subn", "finditer", "findall", "split"}
_MAKERS = {"_kind", "_place"}  # of tables, in which their patterns are found
_MODULES = sorted(
    each.name for each in pkgutil.walk_packages([str(_ROOT)], "bot.") if not each.name.endswith("__main__")
)


def _patterns(value: object, depth: int = 4) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns in what a module holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, Mapping):
        for each in value.values():
            yield from _patterns(each, depth - 1)
    elif depth and isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from _patterns(each, depth - 1)
    elif depth and is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _patterns(getattr(value, field.name), depth - 1)
    elif depth and isinstance(value, type) and value.__module__.startswith("bot."):
        for each in vars(value).values():
            yield from _patterns(each, depth - 1)


def _all_patterns() -> dict[re.Pattern[Any], str]:
    """Return each pattern that a module of the bot holds, or makes in a function, and where."""
    found: dict[re.Pattern[Any], str] = {}
    for name in _MODULES:
        for held, value in vars(importlib.import_module(name)).items():
            for pattern in _patterns(value):
                found.setdefault(pattern, f"{name}.{held}")
    return found


def _uses() -> dict[str, set[str]]:
    """Return what is done with each constant of a module, wherever that is imported."""
    uses: dict[str, set[str]] = {}
    for path in _ROOT.rglob("*.py"):
        module = ".".join(path.relative_to(_ROOT.parent).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        homes = {alias.name: node.module for node in imports for alias in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _METHODS:
                name = node.value.id
                uses.setdefault(f"{homes.get(name, module)}.{name}", set()).add(node.attr)
    return uses


def _in_functions() -> Iterator[tuple[str, ast.Call]]:
    for path in _ROOT.rglob("*.py"):
        functions = (
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef | ast.Lambda)
        )
        for function in functions:
            if getattr(function, "name", "") in _MAKERS:
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                    f"re.{each}" for each in (*_METHODS, "compile")
                }:
                    yield f"{path.relative_to(_ROOT.parent)}:{node.lineno}", node


def _too_slow(pattern: re.Pattern[Any], *, only_beginning: bool) -> bool:
    def work(text: Any) -> object:
        return pattern.match(text) if only_beginning else deque(pattern.finditer(text), maxlen=0)

    return any(grows_too_fast(work, make) for make in texts(pattern))


_PATTERNS, _USES = _all_patterns(), _uses()


@pytest.mark.parametrize("group", range(8))
def test_the_work_of_a_pattern_grows_with_the_text(group: int) -> None:
    """One that is only tried at the beginning of a text or a line may repeat what it begins with."""
    slow = []
    for pattern, place in list(_PATTERNS.items())[group::8]:
        uses = _USES.get(place, set())
        if _too_slow(pattern, only_beginning=bool(uses) and uses <= _BEGINNING):
            slow.append(place)

    assert slow == []


def test_patterns_in_functions_are_constant_and_grow_with_the_text_too() -> None:
    slow = []
    for place, call in _in_functions():
        assert isinstance(call.args[0], ast.Constant), f"{place}: make the pattern once, in the module"
        pattern = re.compile(str(call.args[0].value))
        function = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if _too_slow(pattern, only_beginning=function in _BEGINNING):
            slow.append(place)

    assert slow == []


@pytest.mark.parametrize("slow", ["a+b", "<[^>]*>", "=(?=[a-z.=]*[0-9])", "(a+)+$"])
def test_a_pattern_that_grows_faster_is_found(slow: str) -> None:
    assert _too_slow(re.compile(slow), only_beginning=False)


def _rich(text: str, **style: bool) -> str:
    pieces = [{"type": "text", "text": text, "style": style}, {"type": "link", "url": text, "text": text}]
    return rich_text([{"type": "rich_text_section", "elements": pieces}])


def _message(text: str) -> str:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text[::-1]}}]
    return words(
        {"bot_id": "B1", "text": text, "blocks": blocks, "attachments": [{"title": text, "text": text}]}, "U1"
    )


_READERS: Mapping[str, Callable[[str], object]] = {
    "redacted": lambda text: redacted(text, KINDS),
    "neutralise": neutralise,
    "restored": restored,
    "for_slack": lambda text: for_slack(Safe(text)),
    "pages": lambda text: pages(Safe(text)),
    "plain_words": plain_words,
    "mrkdwn": lambda text: plain(text, "U1"),
    "rich text": lambda text: _rich(text, bold=True),
    "rich text in code": lambda text: _rich(text, code=True),
    "message": _message,
    "written": lambda text: (written(text), is_material(text)),
    "rejoined": lambda text: rejoined([text, text]),
    "reasoning": without_reasoning,
    "suggestions": lambda text: suggestions(text, 3),
    "linked": linked,
}
_PIECES = (
    *KNOWN, "password: a", "a,password\n", "://a:", "```a\n", "> - ", "|a|b\n|-|-|\n", "[a](http://b.c) ", "<http://a|b>",
    "<thinking>", "@here", "-----BEGIN PRIVATE KEY-----\n", "QUJD\n-----END PRIVATE KEY", "한글 ", "ok ",
)  # fmt: skip


def _repeated(piece: str, length: int) -> str:
    return piece * (length // len(piece)) + "!"


@pytest.mark.parametrize("reader", _READERS)
def test_the_work_for_a_text_grows_with_it(reader: str) -> None:
    slow = [piece for piece in _PIECES if grows_too_fast(_READERS[reader], partial(_repeated, piece))]

    assert slow == []


def test_all_patterns_are_looked_at() -> None:
    assert len(_PATTERNS) > 100
    assert {"bot.core.safety._CONTROL_SEQUENCE", "bot.core.placed_secrets._PLACES"} <= set(_PATTERNS.values())
