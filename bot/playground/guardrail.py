"""A guardrail: of a request it reads what is marked for it, or else all that was said.

https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

CANNED = "Sorry, the model cannot answer this question."
_IMAGE_FORMATS = ("png", "jpeg")


def plain_block(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """A block as the model reads it, which knows nothing of guardrails."""
    guarded = block.get("guardContent")
    if guarded is None:
        return block
    return {"text": guarded["text"]["text"]} if "text" in guarded else guarded


def intervenes(body: Mapping[str, Any], words: Collection[str]) -> bool:
    """Return whether a guardrail reads along with a request, and finds one of `words`."""
    return bool(body.get("guardrailConfig")) and any(word in text for text in _read(body) for word in words)


def guard_complaints(body: Mapping[str, Any]) -> Iterator[str]:
    """Return what is wrong with the blocks that are marked: it reads texts, and images of two formats.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailConverseImageBlock.html
    """
    for turn in body["messages"]:
        for guarded in (block["guardContent"] for block in turn["content"] if "guardContent" in block):
            if len(guarded) != 1 or not guarded.keys() <= {"text", "image"}:
                yield "The guardContent field must set exactly one of: text, image."
            elif "image" in guarded and guarded["image"].get("format") not in _IMAGE_FORMATS:
                yield f"The image of guardContent must be one of: {', '.join(_IMAGE_FORMATS)}."


def _read(body: Mapping[str, Any]) -> list[str]:
    blocks = [block for turn in body["messages"] for block in turn["content"]]
    marked = [block for block in blocks if "guardContent" in block]
    return [str(plain_block(block).get("text", "")) for block in marked or blocks]
