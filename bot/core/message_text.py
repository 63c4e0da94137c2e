"""All that a Slack message says, wherever in its payload that stands, and each thing once.

Of a person's message that is the `text`, which its `rich_text` repeats; of an app's, often blocks and
attachments (https://docs.slack.dev/reference/messaging/attachments). What somebody forwards, and previews of
links, are quotations, named as what they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from bot.core import frames, mrkdwn
from bot.core.blocks import TRANSLATED, markdown_of
from bot.core.bots import SLACKBOT, bot_in, is_own
from bot.core.files import SharedFile, file_in
from bot.core.reasoning import without_reasoning
from bot.core.rich_line import dicts, string
from bot.core.safety import restored

# Slack keeps so much of one `text`: https://docs.slack.dev/reference/methods/chat.postMessage
MAX_CHARACTERS = 40_000
_MAX_ATTACHMENTS = 20
_MAX_DEPTH = 3  # of forwards in forwards

_WORD = re.compile(r"[^\W_]+")
# Rich text has ids where `text` has names.
_MENTION_OR_EMOJI = re.compile(r"<[@#!][^<>]*>|(?<!\w)[@#](?=[^\W\d])\S+|:[a-z0-9_+'-]+(?:::[a-z0-9-]+)?:")
_MAX_LOOKED_FOR = 200  # words that are looked for within others, each in the whole text
_SAME_FROM = 0.9  # share of its words from which an app's `text` is a fallback that its blocks repeat
# What a table that somebody pasted has in place of a fallback: https://github.com/vercel/chat/issues/803
_NO_FALLBACK = "[no preview available]"
# Slack's own words around what is forwarded, and what is read of it last.
_NOT_OF_FORWARDS = {"author_name": "", "footer": "", "fallback": ""}
# Frames; older versions put [ ] around their labels.
_LABEL = re.compile(r"[\s>]*(?:⟦[^⟦⟧]*⟧|\[[^\[\]]*:\])\s*$")
_MATERIAL_LINE = re.compile(rf"\s*(?:>|\||$)|{_LABEL.pattern}")


def words(message: Mapping[str, Any], me: str) -> str:
    """Return what `message` says, without mentions of the bot user `me`; at most `MAX_CHARACTERS`.

    A message of the bot's own is its `body`, without what an older version showed of a model's reasoning.
    """
    if is_own(message, me):
        return frames.unframed(without_reasoning(body(message)))
    return _bounded("\n\n".join(_parts(frames.unframed_payload(message), me)))


def body(message: Mapping[str, Any]) -> str:
    """Return a message of the bot's own in Markdown, but for what Duet itself put over and under it.

    A message without such blocks says what its `text` does.
    """
    translation = markdown_of(message.get("blocks"), kinds=TRANSLATED)
    return restored(translation or mrkdwn.plain(string(message.get("text")), ""))


def own_words(message: Mapping[str, Any], me: str) -> str:
    """Return what the sender of `message` wrote: without forwards, previews and whatever else is attached."""
    text, blocks = mrkdwn.plain(string(message.get("text")), me), dicts(message.get("blocks"))
    if text and not app_of(message):  # the rich text of a person's message says the same
        blocks = [block for block in blocks if block.get("type") != "rich_text"]
    return _bounded(_merged(text, markdown_of(blocks, me)))


def files_of(message: Mapping[str, Any]) -> tuple[SharedFile, ...]:
    """The files of `message`, and of what it forwards, each once."""
    own = {string(each.get("id")) for each in dicts(message.get("files"))}
    found = (file_in(each) for each in _files(message, _MAX_DEPTH))
    return tuple({file.id: replace(file, is_forwarded=file.id not in own) for file in found}.values())


def app_of(message: Mapping[str, Any]) -> str:
    """The name of the app that posted `message`; "" where a person did.

    https://docs.slack.dev/reference/events/message/bot_message
    """
    is_slackbots = message.get("user") == SLACKBOT
    if not (bot_in(message) or is_slackbots):
        return ""
    profile = message.get("bot_profile")
    names = (
        string(message.get("username")),
        string(profile.get("name")) if isinstance(profile, Mapping) else "",
        "Slackbot" if is_slackbots else "",
    )
    return next(filter(None, map(frames.name_in_frame, names)), "of unknown name")


def is_material(text: str) -> bool:
    """Return whether `text` is quotations and tables alone, about which nothing is asked."""
    return bool(text.strip()) and all(_MATERIAL_LINE.match(line) for line in text.splitlines())


def written(text: str) -> str:
    """Return what of `text` is no quotation; if that is nothing, what it quotes without the labels."""
    lines = text.splitlines()
    own = "\n".join(line for line in lines if not _MATERIAL_LINE.match(line))
    return own or "\n".join(line for line in lines if not _LABEL.match(line))


def _parts(message: Mapping[str, Any], me: str) -> list[str]:
    own = own_words(message, me)
    is_app = bool(app_of(message))
    attached = dicts(message.get("attachments"))[:_MAX_ATTACHMENTS]
    others = [_attachment(each, me, own, _MAX_DEPTH, is_app=is_app) for each in attached]
    parts = [part for part in (own, *others) if part.strip()]
    return _each_once(parts) if is_app else parts


def _attachment(attachment: Mapping[str, Any], me: str, own: str, depth: int, *, is_app: bool) -> str:
    """https://docs.slack.dev/reference/messaging/attachments"""
    is_message = attachment.get("is_msg_unfurl") is True
    url = string(attachment.get("from_url"))
    address = url.partition("?")[0]
    if attachment.get("is_share") is True or (is_message and not (address and address in own)):
        return _labelled(f"A forwarded message{_author(attachment)}", _forwarded(attachment, me, depth))
    if is_message:  # whoever may read the message that is linked to can open it
        return ""
    told = _told(attachment, me)
    is_preview = not is_app and (url or attachment.get("title") or attachment.get("text"))
    link = url or string(attachment.get("original_url")) or string(attachment.get("title_link"))
    return (
        _labelled(f"Preview of the link {frames.name_in_frame(link)}".strip(), told) if is_preview else told
    )


def _forwarded(attachment: Mapping[str, Any], me: str, depth: int) -> str:
    """The words of a forward. Its `message_blocks` hold a message each.

    https://github.com/slackapi/java-slack-sdk/issues/1179
    """
    inner = [
        each["message"]
        for each in dicts(attachment.get("message_blocks"))
        if isinstance(each.get("message"), Mapping)
    ]
    blocks = [block for message in inner for block in dicts(message.get("blocks"))]
    told = _told({**attachment, **_NOT_OF_FORWARDS, "blocks": blocks or attachment.get("blocks")}, me)
    nested = [each for holder in (attachment, *inner) for each in dicts(holder.get("attachments"))]
    deeper = nested[:_MAX_ATTACHMENTS] if depth > 1 else []
    others = [_attachment(each, me, told, depth - 1, is_app=True) for each in deeper]
    parts = _each_once([part for part in (told, *others) if part.strip()])
    return "\n\n".join(parts) or _fallback(attachment, me)


def _told(attachment: Mapping[str, Any], me: str) -> str:
    """The words of an attachment from top to bottom; its fallback where there are none."""
    title, link = mrkdwn.plain(string(attachment.get("title")), me), string(attachment.get("title_link"))
    text = mrkdwn.plain(string(attachment.get("text")), me)
    shown = [
        mrkdwn.plain(string(attachment.get("pretext")), me),
        string(attachment.get("author_name")),
        f"{title} ({link})" if title and link else title or link,
        _merged(text, markdown_of(attachment.get("blocks"), me)),
    ]
    fields = [
        ": ".join(filter(None, (string(each.get("title")), mrkdwn.plain(string(each.get("value")), me))))
        for each in dicts(attachment.get("fields"))
    ]
    lines = [*_each_once(list(filter(None, shown))), *filter(None, fields)]
    if lines:
        return "\n".join((*lines, *filter(None, [mrkdwn.plain(string(attachment.get("footer")), me)])))
    return _fallback(attachment, me)


def _fallback(attachment: Mapping[str, Any], me: str) -> str:
    fallback = mrkdwn.plain(string(attachment.get("fallback")), me)
    return "" if fallback == _NO_FALLBACK else fallback


def _author(attachment: Mapping[str, Any]) -> str:
    """The writer of what is forwarded: a name, or an id that is to be looked up."""
    name = frames.name_in_frame(
        string(attachment.get("author_name")) or string(attachment.get("author_subname"))
    )
    if not name and mrkdwn.mentioned(mention := f"<@{string(attachment.get('author_id'))}>"):
        name = mention
    return f" by {name}" if name else ""


def _files(holder: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    yield from dicts(holder.get("files"))
    for attachment in dicts(holder.get("attachments"))[:_MAX_ATTACHMENTS] if depth else []:
        inner = [each.get("message") for each in dicts(attachment.get("message_blocks"))]
        for each in (attachment, *inner):
            if isinstance(each, Mapping):
                yield from _files(each, depth - 1)


def _labelled(label: str, text: str) -> str:
    return frames.quotation(label, text) if text.strip() else ""


def _merged(text: str, blocks: str) -> str:
    """Both `text` and `blocks`; only one of them where it says what the other does."""
    if not text or not blocks or _says(text, blocks, least=1.0):
        return text or blocks
    return blocks if _says(blocks, text, least=_SAME_FROM) else f"{text}\n\n{blocks}"


def _says(whole: str, part: str, least: float) -> bool:
    """Return whether `whole` has so large a share of the words of `part`."""
    wanted = _WORD.findall(_MENTION_OR_EMOJI.sub(" ", part).casefold())
    base = whole.casefold()
    known = set(_WORD.findall(base))
    others = Counter(word for word in wanted if word not in known)
    within = (count for word, count in islice(others.items(), _MAX_LOOKED_FOR) if word in base)
    return len(wanted) - others.total() + sum(within) >= least * len(wanted)


def _each_once(parts: Sequence[str]) -> list[str]:
    """`parts` without those that another one contains."""
    flat = [" ".join(_WORD.findall(part.casefold())) for part in parts]
    return [
        part
        for number, part in enumerate(parts)
        if not any(
            flat[number] in other and (len(other) > len(flat[number]) or place < number)
            for place, other in enumerate(flat)
            if place != number
        )
    ]


def _bounded(text: str) -> str:
    text = text.strip()
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
