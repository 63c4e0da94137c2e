"""What of a request's input is read from the prompt cache, and what is written to it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from bot.playground.prompt_cache import InputTokens, PromptCache

POINT: dict[str, Any] = {"cachePoint": {"type": "default"}}


def words(count: int, letter: str = "a") -> dict[str, Any]:
    """A text of that many tokens."""
    return {"text": letter * 4 * count}


def request(*content: dict[str, Any], system: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"system": system or [], "messages": [{"role": "user", "content": list(content)}]}


@pytest.fixture
def cache() -> PromptCache:
    return PromptCache()


def test_without_a_checkpoint_nothing_is_kept(cache: PromptCache) -> None:
    assert cache.take("m", request(words(2_000)), 0.0) == InputTokens(2_000)
    assert cache.take("m", request(words(2_000)), 1.0) == InputTokens(2_000)


def test_a_prefix_is_written_once_and_then_read(cache: PromptCache) -> None:
    system = [words(1_000), POINT]

    assert cache.take("m", request(words(7), system=system), 0.0) == InputTokens(7, read=0, written=1_000)
    assert cache.take("m", request(words(9), system=system), 1.0) == InputTokens(9, read=1_000, written=0)


def test_a_short_prefix_is_billed_as_if_it_had_no_checkpoint(cache: PromptCache) -> None:
    for now in (0.0, 1.0):
        assert cache.take("m", request(words(7), system=[words(999), POINT]), now) == InputTokens(1_006)


def test_a_prefix_is_kept_for_five_minutes_from_its_last_use(cache: PromptCache) -> None:
    marked = request(words(1_000), POINT)
    cache.take("m", marked, 0.0)

    assert cache.take("m", marked, 299.0).read == 1_000
    assert cache.take("m", marked, 598.0).read == 1_000
    assert cache.take("m", marked, 898.0) == InputTokens(0, read=0, written=1_000)


@pytest.mark.parametrize(
    "other",
    [
        request(words(1_000, "b"), POINT),
        request(words(1_000), words(1), POINT),
        request(words(500), words(500), POINT),
        request(POINT, system=[words(1_000)]),
        request(POINT, system=[words(1_000), POINT]),
    ],
)
def test_another_prefix_is_not_read(cache: PromptCache, other: dict[str, Any]) -> None:
    cache.take("m", request(words(1_000), POINT), 0.0)

    assert cache.take("m", other, 1.0).read == 0


def test_another_model_has_read_nothing(cache: PromptCache) -> None:
    marked = request(words(1_000), POINT)
    cache.take("m", marked, 0.0)

    assert cache.take("n", marked, 1.0) == InputTokens(0, read=0, written=1_000)


def test_a_conversation_reads_what_it_had_and_writes_what_is_new(cache: PromptCache) -> None:
    system = [words(1_000), POINT]
    first = [{"role": "user", "content": [words(10), POINT]}]
    later = [{"role": "assistant", "content": [words(20)]}, {"role": "user", "content": [words(30), POINT]}]

    assert cache.take("m", {"system": system, "messages": first}, 0.0) == InputTokens(0, 0, 1_010)
    longer = {"system": system, "messages": first + later}
    assert cache.take("m", longer, 1.0) == InputTokens(0, read=1_010, written=50)
    assert cache.take("m", longer, 2.0) == InputTokens(0, read=1_060, written=0)


def test_a_checkpoint_that_is_left_out_later_changes_nothing_before_the_next(cache: PromptCache) -> None:
    cache.take("m", request(words(1_000), POINT, words(500), POINT), 0.0)

    assert cache.take("m", request(words(1_000), words(500), POINT), 1.0) == InputTokens(0, 1_500, 0)


def test_media_are_part_of_a_prefix(cache: PromptCache) -> None:
    pictures = [{"image": {"format": "png", "source": {"bytes": data}}} for data in ("aGk=", "aG8=")]

    assert cache.take("m", request(pictures[0], POINT), 0.0).written == 1_300
    assert cache.take("m", request(pictures[1], POINT), 1.0).written == 1_300
    assert cache.take("m", request(pictures[0], POINT), 2.0).read == 1_300


def test_a_document_that_is_text_is_billed_by_its_words(cache: PromptCache) -> None:
    source = {"bytes": b64encode("글자".encode() * 50 + b"word" * 50).decode()}
    document = {"document": {"format": "txt", "name": "a", "source": source}}

    assert cache.take("m", request(document), 0.0) == InputTokens(150)


def test_no_input_is_less_than_a_token(cache: PromptCache) -> None:
    assert cache.take("m", request(POINT), 0.0) == InputTokens(1)
    assert InputTokens(1, 2, 3).total == 6
