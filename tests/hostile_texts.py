"""Texts that make a pattern work hard, from the pattern itself, and how its work grows with them."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from time import process_time
from typing import Any

if sys.version_info >= (3, 11):
    import re._constants as ops
    import re._parser as parser
else:
    import sre_constants as ops
    import sre_parse as parser

_MAX_ATOMS, _MAX_WORDS = 7, 10
_SIZES = (8, 16, 24, 32, 100, 400, 1_600, 6_400, 25_600, 102_400)  # from 100 on four times the one before
_MAX_TINY, _MAX_SMALL = 32, 6_400
_SUSPICIOUS_SECONDS, _HOPELESS_SECONDS = 0.003, 0.15
_MAX_RATIO = 9  # of the times for four times the text: 4 if it grows like the text, 16 like its square

KNOWN = (
    "authorization=.", "a", " ", "\n", "\t", "[", "](", "[](", "*", "**", "_", "`", "``` ", "<", "<@", "&",
    "&amp", "|", "|-", "- ", "> ", "#", "1.", "\\", "\u200b", "e\u0301", "가", '"', "'",
)  # fmt: skip


def texts(pattern: re.Pattern[Any]) -> Iterator[Callable[[int], Any]]:
    """Yield makers of texts of about a given length, which nearly match again and again."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if pattern.flags & re.ASCII else pattern.flags)
    atoms = list(dict.fromkeys(_atoms(tree)))[:_MAX_ATOMS]
    words = [word for word in dict.fromkeys(_words(tree, 1)) if word][:_MAX_WORDS]
    longer = [word for word in dict.fromkeys(_words(tree, 3)) if word][:_MAX_WORDS]
    pieces = dict.fromkeys(
        (*atoms, *words, *longer, *(one + other for one, other in product(atoms, atoms)), *KNOWN)
    )
    prefixes = (
        "",
        *dict.fromkeys(word[:end] for word in words[:2] for end in (1, len(word) // 2, len(word) - 1)),
    )
    for piece in pieces:
        yield _maker(pattern, "", piece)
    for prefix, piece in product(prefixes[1:], (*atoms, *words[:3])):
        yield _maker(pattern, prefix, piece)


def _maker(pattern: re.Pattern[Any], prefix: str, piece: str) -> Callable[[int], Any]:
    def make(length: int) -> Any:
        text = prefix + piece * (length // len(piece)) + "\x00!"
        return text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")

    return make


def _atoms(tree: Any) -> Iterator[str]:
    """Yield characters that the parts of a pattern take."""
    for op, argument in tree:
        if op in (ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY, ops.CATEGORY):
            yield _character(op, argument)
        for part in _parts(op, argument):
            yield from _atoms(part)


def _parts(op: Any, argument: Any) -> list[Any]:
    if op is ops.BRANCH:
        return list(argument[1])
    if op is ops.SUBPATTERN:
        return [argument[-1]]
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
        return [argument[2]]
    if op in (ops.ASSERT, ops.ASSERT_NOT):
        return [argument[1]]
    if op is ops.GROUPREF_EXISTS:
        return [part for part in argument[1:] if part]
    return []


def _words(tree: Any, repeats: int) -> list[str]:
    """Return words that a pattern takes, or nearly, with each repeat done `repeats` times where it may be."""
    words = [""]
    for op, argument in tree:
        if op in (ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY, ops.CATEGORY):
            parts = [_character(op, argument)]
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            least, most, part = argument
            times = max(int(least), min(repeats, int(most)))
            parts = [word * times for word in _words(part, repeats)]
        elif op is ops.ASSERT_NOT:
            continue
        elif op is ops.BRANCH:
            parts = [word for part in argument[1] for word in _words(part, repeats)]
        elif inner := _parts(op, argument):
            parts = _words(inner[0], repeats)
        else:
            continue
        words = [word + part for part in parts[:6] for word in words[:6]]
    return words


def _character(op: Any, argument: Any) -> str:
    if op is ops.LITERAL:
        return chr(argument)
    if op is ops.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if op is ops.ANY:
        return "a"
    taken = re.compile("".join(_set(argument)))
    return next((each for each in "a1A ._-/:=+@~\n\t!*\"'<>()[]{}|&%가\u200b" if taken.fullmatch(each)), "a")


def _set(items: Any) -> Iterator[str]:
    yield "["
    for op, argument in items:
        if op is ops.NEGATE:
            yield "^"
        elif op is ops.LITERAL:
            yield re.escape(chr(argument))
        elif op is ops.RANGE:
            yield f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
        elif op is ops.CATEGORY:
            yield {
                ops.CATEGORY_DIGIT: r"\d", ops.CATEGORY_NOT_DIGIT: r"\D", ops.CATEGORY_SPACE: r"\s",
                ops.CATEGORY_NOT_SPACE: r"\S", ops.CATEGORY_WORD: r"\w", ops.CATEGORY_NOT_WORD: r"\W",
            }[argument]  # fmt: skip
    yield "]"


def grows_too_fast(work: Callable[[Any], object], make: Callable[[int], Any]) -> bool:
    """Return whether the time that `work` takes for a text grows much faster than the text.

    What is done in an instant is not looked at closer. Of several times the least counts, which no other
    process on the machine can have made shorter; bounds in a pattern show only with larger texts.
    """
    for smaller, larger in pairwise(_SIZES):
        after = _seconds(work, make(larger), 3)
        if larger <= _MAX_TINY and after > _SUSPICIOUS_SECONDS:
            return True  # it doubles with each character, so that no larger text would end
        if after < _SUSPICIOUS_SECONDS and larger >= _MAX_SMALL:
            return False
        if after > _SUSPICIOUS_SECONDS and after < _MAX_RATIO * _seconds(work, make(smaller), 5):
            return False
        if after > _HOPELESS_SECONDS:
            return True
    return True


def _seconds(work: Callable[[Any], object], text: Any, times: int) -> float:
    """Seconds of processor time, without what the garbage collector takes in between."""
    least = float("inf")
    gc.disable()
    try:
        for _ in range(times):
            start = process_time()
            work(text)
            least = min(least, process_time() - start)
            if least > 0.2 or least < _SUSPICIOUS_SECONDS / 4:
                break
    finally:
        gc.enable()
    return least
