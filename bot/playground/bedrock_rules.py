"""What bedrock-runtime refuses, in its own sentences, and how its server here counts tokens."""

from __future__ import annotations

import re
from base64 import b64decode
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.playground.bedrock_media import constraint, media_complaints
from bot.playground.bedrock_regions import region_complaint
from bot.playground.guardrail import guard_complaints, plain_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Amazon Nova user guide: the longest output of the first generation's models, and what is used if unset.
MAX_TOKENS = 10_000

_MODEL_ID = re.compile(r"(?:[a-z-]+\.)?amazon\.nova-[a-z0-9.:-]+|arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:.+")
_MEDIA = frozenset({"image", "document", "video", "audio"})
# Amazon Bedrock API reference, ContentBlock: a union, so a block has exactly one of these members.
_BLOCKS = _MEDIA | {
    "text", "toolUse", "toolResult", "guardContent", "cachePoint", "reasoningContent", "citationsContent",
    "searchResult", "toolAddition", "toolRemoval",
}  # fmt: skip
_CACHE_POINTS = 4  # of a request: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
_MEDIA_TOKENS = 1_300  # Amazon Nova user guide: an image of 900 x 900 pixels
# Of these the model reads the words: https://docs.aws.amazon.com/nova/latest/userguide/modalities.html
_TEXT_FORMATS = {"csv", "html", "md", "txt"}

# A run of four ASCII characters is about one token of English, a Hangul syllable or Han character one
# of its own, with the space before it. Nova's tokenizer is not public.
_TOKEN = re.compile(r" ?[^\x00-\x7f]|[\x00-\x7f]{1,4}")


def tokens(text: str) -> list[str]:
    """`text` cut into estimated tokens. Joined they are `text` again."""
    return _TOKEN.findall(text)


def block_tokens(block: Mapping[str, Any]) -> int:
    """Count the tokens of a block of `system` or `messages`; a document that is text has as many as words."""
    block = plain_block(block)
    document = block.get("document") or {}
    if document.get("format") in _TEXT_FORMATS and "bytes" in document.get("source", {}):
        words = b64decode(document["source"]["bytes"]).decode(errors="replace")
        return len(tokens(words.replace("\0", "")))  # which stands in no text
    return len(tokens(block.get("text", ""))) + _MEDIA_TOKENS * len(_MEDIA & block.keys())


def context_window(model_id: str) -> int:
    """Tokens that a model reads at most: 128K for Micro, 300K for the others of Nova's first generation.

    https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html
    """
    return 128_000 if "nova-micro" in model_id else 300_000


def refusal(model_id: str, body: Mapping[str, Any], region: str = "") -> str | None:
    """The message of the ValidationException that Bedrock answers the request with; None if it is fine.

    `region` is the one that the request was signed for, "" if that is not known. boto3 lets all of these
    requests through. Tools, but for cache points, guardrails and stop sequences are not looked at.
    """
    return next(_complaints(model_id, body, region), None)


def _complaints(model_id: str, body: Mapping[str, Any], region: str) -> Iterator[str]:
    """What is wrong. Only the first is read, so each check may rely on those before it."""
    if not _MODEL_ID.fullmatch(model_id):
        yield "The provided model identifier is invalid."
    if region and (complaint := region_complaint(model_id, region)):
        yield complaint
    yield from _range_complaints(body.get("inferenceConfig") or {})
    turns = body.get("messages") or []
    yield from _turn_complaints(turns)
    for number, turn in enumerate(turns):
        yield from _content_complaints(number, turn, text_only="nova-micro" in model_id)
    yield from guard_complaints(body)
    yield from media_complaints(turns)
    yield from _cache_point_complaints(body)


def _range_complaints(config: Mapping[str, Any]) -> Iterator[str]:
    max_tokens = config.get("maxTokens", 1)
    if max_tokens < 1:
        yield constraint("inferenceConfig.maxTokens", "have value greater than or equal to 1", max_tokens)
    if max_tokens > MAX_TOKENS:
        yield (
            f"The maximum tokens you requested exceeds the model limit of {MAX_TOKENS}. "
            f"Try again with a maximum tokens value that is lower than {MAX_TOKENS}."
        )
    for name in ("temperature", "topP"):
        value = config.get(name, 0)
        if value < 0:
            yield constraint(f"inferenceConfig.{name}", "have value greater than or equal to 0", value)
        if value > 1:
            yield constraint(f"inferenceConfig.{name}", "have value less than or equal to 1", value)


def _turn_complaints(turns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    roles = [turn.get("role") for turn in turns]
    for number, role in enumerate(roles, 1):
        if role not in ("user", "assistant"):
            where = f"messages.{number}.member.role"
            yield constraint(where, "satisfy enum value set: [user, assistant]", role)
    if not roles or roles[0] != "user":
        yield (
            "A conversation must start with a user message. "
            "Try again with a conversation that starts with a user message."
        )
    if any(before == after for before, after in pairwise(roles)):
        yield (
            "A conversation must alternate between user and assistant roles. "
            "Make sure the conversation alternates between user and assistant roles and try again."
        )


def _content_complaints(number: int, turn: Mapping[str, Any], *, text_only: bool) -> Iterator[str]:
    content = turn.get("content")
    if not content:
        yield (
            f"The content field in the Message object at messages.{number} is empty. "
            "Add a ContentBlock object to the content field and try again."
        )
    kinds = [next(iter(block), None) if len(block) == 1 else None for block in content or ()]
    for place, (kind, block) in enumerate(zip(kinds, content or (), strict=True)):
        where = f"messages.{number}.content.{place}"
        if kind not in _BLOCKS:
            yield f"The ContentBlock object at {where} must set exactly one of its known fields."
        if kind == "text" and not block["text"].strip():
            yield (
                f"The text field in the ContentBlock object at {where} is blank. "
                "Add text to the text field, and try again."
            )
        if kind == "audio" or (kind in _MEDIA and (text_only or turn["role"] != "user")):
            yield f"This model doesn't support the {kind} field at {where}. Remove {kind} and try again."
    if "document" in kinds and "text" not in kinds:
        yield "A text block must be included when using documents. Add a text block and retry your request."


def _cache_point_complaints(body: Mapping[str, Any]) -> Iterator[str]:
    """Nova takes them in `system` and `messages`, of the one type and for the five minutes that it has."""
    for number, tool in enumerate((body.get("toolConfig") or {}).get("tools") or ()):
        if "cachePoint" in tool:
            yield (
                f"Malformed input request: #/toolConfig/tools/{number}: extraneous key [cachePoint] is not "
                "permitted, please reformat your input and try again."
            )
    points = dict(_cache_points(body))
    for where, point in points.items():
        if point.get("type") != "default":
            yield constraint(f"{where}.type", "satisfy enum value set: [default]", point.get("type"))
        if point.get("ttl", "5m") != "5m":
            yield constraint(f"{where}.ttl", "satisfy enum value set: [5m]", point["ttl"])
    if len(points) > _CACHE_POINTS:
        yield f"You can't include more than {_CACHE_POINTS} cache points in a request."


def _cache_points(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each of them, with where it is to the check of constraints, which counts from 1."""
    lists = [("system", body.get("system") or ())]
    lists += [(f"messages.{n}.member.content", turn["content"]) for n, turn in enumerate(body["messages"], 1)]
    for name, blocks in lists:
        for place, block in enumerate(blocks, 1):
            if "cachePoint" in block:
                yield f"{name}.{place}.member.cachePoint", block["cachePoint"]
