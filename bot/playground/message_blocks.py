"""The blocks of a message: checked, translated and counted as Slack does it before it takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.playground.api_rules import ApiError, Parameters, decoded, refusal
from bot.playground.blocks import characters, identified, problems_of
from bot.playground.markdown_blocks import translated

Block = Mapping[str, Any]

# "The cumulative limit for all markdown blocks in a single payload is 12,000 characters":
# https://docs.slack.dev/reference/block-kit/blocks/markdown-block
MAX_MARKDOWN = 12_000
# After translation, as a message of 55 tables met it: https://github.com/archestra-ai/archestra/issues/4724
MAX_ITEMS = 50
# About so many characters in all blocks together: https://github.com/slackapi/bolt-js/issues/2509
MAX_CHARACTERS = 13_200
# https://docs.slack.dev/reference/block-kit/blocks/table-block
MAX_ROWS = 100
MAX_COLUMNS = 20
MAX_TABLE_CHARACTERS = 10_000  # of all tables of a message


@dataclass(frozen=True)
class Content:
    """A message's `blocks` as Slack keeps and shows them, and as they were `sent`."""

    blocks: Sequence[Block] = ()
    sent: Sequence[Block] = ()


def content_of(parameters: Parameters, tables_per_message: int) -> Content:
    """The blocks of a call. Raises ApiError if Slack would not take them."""
    sent = decoded(parameters.get("blocks") or [], "invalid_blocks_format")
    if not isinstance(sent, list):
        raise ApiError("invalid_blocks_format")
    if problems := problems_of(sent, "message", "/blocks"):
        raise refusal("invalid_blocks", problems)
    if sum(characters(block["text"]) for block in sent if block["type"] == "markdown") > MAX_MARKDOWN:
        raise ApiError("msg_too_long")
    blocks = stored(sent)
    _check(sent, blocks, tables_per_message)
    return Content(blocks, sent)


def streamed(text: str) -> Content:
    """The blocks of a stream that has said `text`."""
    if not text:
        return Content()
    blocks = [identified(block) for block in translated(text, is_stream=True)]
    return Content(blocks, [{"type": "markdown", "text": text}])


def markdown_of(parameters: Parameters) -> str:
    """The Markdown of a part of a message. Raises ApiError if it is too long."""
    text = str(parameters.get("markdown_text") or "")
    if characters(text) > MAX_MARKDOWN:
        raise ApiError("msg_too_long")
    return text


def stored(blocks: Sequence[Block]) -> list[Block]:
    """Blocks as Slack keeps them: with ids, and the translation in the place of Markdown, whose id goes."""
    return [
        identified(kept)
        for block in blocks
        for kept in (translated(block["text"]) if block["type"] == "markdown" else [block])
    ]


def _check(sent: Sequence[Block], blocks: Sequence[Block], tables_per_message: int) -> None:
    if len(blocks) > MAX_ITEMS:
        raise refusal("invalid_blocks", [f"no more than {MAX_ITEMS} items allowed [json-pointer:/blocks]"])
    if sum(map(characters, _strings(sent))) > MAX_CHARACTERS:
        raise ApiError("msg_blocks_too_long")
    tables = [block for block in blocks if block["type"] == "table"]
    if problems := [problem for table in tables for problem in _table_problems(table)]:
        raise refusal("invalid_blocks", problems)
    if sum(map(characters, _cells(tables))) > MAX_TABLE_CHARACTERS:
        problem = f"no more than {MAX_TABLE_CHARACTERS} characters in tables [json-pointer:/blocks]"
        raise refusal("invalid_blocks", [problem])
    if len(tables) > tables_per_message:
        raise ApiError("only_one_table_allowed")


def _table_problems(table: Block) -> Iterator[str]:
    if len(table["rows"]) > MAX_ROWS:
        yield f"no more than {MAX_ROWS} items allowed [json-pointer:/rows]"
    if len(table["rows"][0]) > MAX_COLUMNS:
        yield f"no more than {MAX_COLUMNS} items allowed [json-pointer:/rows/0]"


def _cells(tables: Sequence[Block]) -> Iterator[str]:
    """The texts of the cells of tables."""
    for table in tables:
        for row in table["rows"]:
            for cell in row:
                section = cell.get("elements", [{"elements": [cell]}])[0]
                yield from (str(element.get("text", "")) for element in section["elements"])


def _strings(thing: Any) -> Iterator[str]:
    """Each string in blocks: what is shown, and what is told when it is pressed."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Mapping):
        for value in thing.values():
            yield from _strings(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from _strings(value)
