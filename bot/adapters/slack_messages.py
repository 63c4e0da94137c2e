"""Messages as Slack's blocks and metadata, both ways, and the views that people see.

What Slack gives back is not what was sent: it translates Markdown, which is translated back here
(https://docs.slack.dev/reference/block-kit/blocks/markdown-block).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.core import message_text, mrkdwn, signature
from bot.core.bots import is_own
from bot.core.conversation import Remark, Role
from bot.core.frames import quote, unframed
from bot.core.home import Home
from bot.core.lengths import (
    MAX_HEADER,
    MAX_INPUT_LABEL,
    MAX_LABEL,
    MAX_MODAL_LABEL,
    MAX_OPTION_VALUE,
    MAX_SECTION,
    escaped_units,
    shortened,
)
from bot.core.message import Action, Content, Form, Kind, Outgoing, Press, Standing
from bot.core.notification import notification
from bot.core.reasoning import without_reasoning
from bot.core.rich_line import dicts, integer
from bot.core.safety import Safe, neutralise, restored

# A message's kind travels in its metadata, so that a thread can be read back after a restart, too:
# https://docs.slack.dev/messaging/message-metadata
_METADATA = "duet_message"
_HEARD_SUBTYPES = {None, "bot_message", "file_share", "me_message", "thread_broadcast"}
_KEY_OF_PAGE = re.compile(rf"/{Kind.ANSWER.value}/\d+$")
_LIST_OR_CODE = re.compile(r"(?:[-*]|\d+[.)])(?: |$)|`{3}")


def rendered(message: Outgoing) -> dict[str, Any]:
    """`message` as the `text`, `blocks` and `metadata` of a call."""
    content = message.content
    if content.is_plain:
        shown = (content.lead, mrkdwn.escaped(content.body), content.note, content.footer)
        return {"text": "\n".join(filter(None, shown)), "metadata": _metadata(message)}
    blocks: list[dict[str, Any]] = []
    if content.lead:
        blocks.append({"type": "section", "text": _verbatim(content.lead)})
    blocks.append({"type": "markdown", "text": content.body})
    blocks += _under(message)
    return {"text": notification(message), "blocks": blocks, "metadata": _metadata(message)}


def finished(message: Outgoing) -> dict[str, Any]:
    """What the stream of `message` ends with, as the `blocks` and `metadata` of a call."""
    return {"blocks": [*_under(message)], "metadata": _metadata(message)}


def _under(message: Outgoing) -> Iterator[dict[str, Any]]:
    """What stands under the words of a message."""
    content = message.content
    for told in filter(None, (content.note, content.footer)):
        yield {"type": "context", "elements": [_verbatim(told)]}
    if message.press:
        yield from _controls(content, message.press)


def _metadata(message: Outgoing) -> dict[str, Any]:
    payload: dict[str, Any] = {"kind": message.kind.value, "key": message.key, "is_end": message.is_end}
    if message.press and message.press.retry:
        payload["retry"] = message.press.retry
    if (content := message.content).is_plain:
        payload |= {"above": _lines(content.lead), "below": _lines(content.note) + _lines(content.footer)}
    if message.lines:
        payload["lines"] = " ".join(message.lines)
    if content.refused:
        payload["refused"] = " ".join(content.refused)
    if content.is_blocked:
        payload["is_blocked"] = True
    return {"event_type": _METADATA, "event_payload": payload}


def is_same(message: Outgoing, found: Mapping[str, Any]) -> bool:
    """Return whether a message of the bot's is `message`. Without a key, the letters are compared."""
    if key := _payload(found).get("key"):
        return bool(key == message.key)
    return _letters(_body(found)) == _letters(restored(message.content.body))


def _letters(text: str) -> str:
    """Return what no translation changes."""
    return "".join(filter(str.isalnum, html.unescape(text))) or text.strip()


def _controls(content: Content, press: Press) -> Iterator[dict[str, Any]]:
    """What people can press under a message."""
    if content.follow_ups:
        asking = [
            {
                "type": "button",
                "action_id": f"{Action.FOLLOW_UP.value}_{number}",
                "text": _plain(question, MAX_LABEL),
                "value": f"{press.retry} {question}",
            }
            for number, question in enumerate(content.follow_ups, 1)
        ]
        yield {"type": "actions", "elements": asking}
    if content.feedback:
        buttons = {
            f"{side}_button": {
                "text": _plain(face, MAX_LABEL),
                "value": f"{verdict} {press}",
                "accessibility_label": shortened(neutralise(label), MAX_LABEL),
            }
            for side, face, verdict, label in (
                ("positive", "👍", "up", content.feedback.good),
                ("negative", "👎", "down", content.feedback.bad),
            )
        }
        rating = {"type": "feedback_buttons", "action_id": Action.FEEDBACK.value, **buttons}
        yield {"type": "context_actions", "elements": [rating]}
    if content.button:
        value = f"{Action.REGENERATE.value} {press}" if content.button.replaces else str(press)
        pressed = {"action_id": content.button.action.value, "value": value}
        button = {"type": "button", "text": _plain(content.button.label, MAX_LABEL), **pressed}
        yield {"type": "actions", "elements": [button]}
    if content.menu:
        short = replace(press, answer_key="")  # there is no room for it in an option
        options = [
            {"text": _plain(each.label, MAX_LABEL), "value": value}
            for each in content.menu
            if escaped_units(value := f"{each.action.value} {short}")
            <= MAX_OPTION_VALUE - signature.LENGTH  # half of it says nothing
        ]
        menu = {"type": "overflow", "action_id": "menu", "options": options}
        if options:
            yield {"type": "actions", "elements": [menu]}


def signed(shown: Any, scope: str, key: bytes, purpose: str = "") -> Any:
    """Return blocks, or a view, with each value signed that Slack gives back when somebody presses there."""
    if isinstance(shown, list):
        return [signed(each, scope, key, purpose) for each in shown]
    if not isinstance(shown, Mapping):
        return shown
    purpose = shown.get("action_id", purpose)
    found = {name: signed(each, scope, key, purpose) for name, each in shown.items()}
    if "private_metadata" in shown:
        use = shown.get("callback_id") or shown["type"]
        found["private_metadata"] = signature.signed(shown["private_metadata"], use, scope, key)
    if purpose and "value" in shown:
        found["value"] = signature.signed(shown["value"], purpose, scope, key)
    return found


def as_view(page: Home) -> dict[str, Any]:
    """`page` as a view: https://docs.slack.dev/reference/views/home-tab-views"""
    examples = [
        {
            "type": "button",
            "action_id": f"example_{number}",
            "text": _plain(question, MAX_LABEL),
            "value": question,
        }
        for number, question in enumerate(page.examples, 1)
    ]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(page.title, MAX_HEADER)},
        {"type": "section", "text": _verbatim(page.about)},
        {"type": "context", "elements": [_verbatim(page.invitation)]},
        {"type": "actions", "elements": examples},
        {"type": "divider"},
    ]
    for section in page.sections:
        blocks.append({"type": "header", "text": _plain(section.title, MAX_HEADER)})
        blocks += ({"type": "section", "text": _verbatim(line)} for line in section.lines)
    return {"type": "home", "private_metadata": page.room, "blocks": blocks}


def as_modal(form: Form) -> dict[str, Any]:
    """`form` as a view: https://docs.slack.dev/reference/views/modal-views"""
    field = {"type": "plain_text_input", "action_id": form.name, "multiline": True, "max_length": 2000}
    block = {
        "type": "input",
        "block_id": form.name,
        "optional": form.is_optional,
        "label": _plain(form.label, MAX_INPUT_LABEL),
        "element": field,
    }
    return {
        "type": "modal",
        "callback_id": form.name,
        "private_metadata": form.carries,
        "title": _plain(form.title, MAX_MODAL_LABEL),
        "submit": _plain(form.send, MAX_MODAL_LABEL),
        "close": _plain(form.close, MAX_MODAL_LABEL),
        "blocks": [block],
    }


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": shortened(neutralise(text), most)}


def _verbatim(text: Safe) -> dict[str, Any]:
    """A text object in which Slack looks for nothing: bare names and links stay what they are."""
    return {"type": "mrkdwn", "text": shortened(text, MAX_SECTION), "verbatim": True}


def standing(message: Mapping[str, Any], me: str, my_bot: str = "") -> Iterator[tuple[str, Standing]]:
    """`message` and its key, if it is the bot's own. While Slack streams it, its key is its ts.

    Other apps' metadata is not believed.
    """
    if not is_own(message, me, my_bot):
        return
    ts, kind, payload = str(message["ts"]), _kind(message), _payload(message)
    if kind:
        is_end, lines, retry = bool(payload.get("is_end")), _listed(payload, "lines"), payload.get("retry")
        retry = retry if isinstance(retry, int) else 0
        yield str(payload.get("key")), Standing(ts, _body(message), is_end, kind, lines, retry)
    else:
        yield ts, Standing(ts, _body(message))


def remark(message: Mapping[str, Any], me: str, my_bot: str = "") -> Remark | None:
    """What `message` adds to the conversation; None for what is no part of it.

    Parts of it are what people say, what other apps post, the bot's answers, and the questions it posted for
    a slash command; not its acknowledgements and notices.
    """
    ts = str(message.get("ts", ""))
    if is_own(message, me, my_bot):
        kind, payload = _kind(message), _payload(message)
        key, lines = str(payload.get("key") or ""), _listed(payload, "lines")
        if payload.get("is_blocked") is True:  # what it says is a guardrail's sentence, or an apology
            return Remark(ts, Role.ASSISTANT, "", key=key, lines=lines, is_blocked=True)
        if kind is Kind.ANSWER:
            is_page = _KEY_OF_PAGE.search(key) is not None
            said = unframed(without_reasoning(_body(message)))
            refused = _listed(payload, "refused")
            key = key if is_page else ""
            return Remark(ts, Role.ASSISTANT, said, key=key, lines=lines, refused=refused)
        if kind is Kind.QUESTION:
            return Remark(ts, Role.USER, _asked(message), user=_asker(message), key=key)
        return None
    if message.get("subtype") not in _HEARD_SUBTYPES:
        return None
    return Remark(
        ts,
        Role.USER,
        message_text.words(message, me),
        user=str(message.get("user") or ""),
        files=message_text.files_of(message),
        app=message_text.app_of(message),
    )


def _asked(message: Mapping[str, Any]) -> str:
    """The words of a question that the bot posted as a quotation.

    Slack knows no quotation in another: what is quoted in the question comes back as one that follows.
    """
    quotes = re.findall(r"(?:^>.*\n?)+", _body(message), re.MULTILINE)
    asked, is_text_above = [], False
    for quoted in quotes:
        words = re.sub("^> ?", "", quoted.strip("\n"), flags=re.MULTILINE)
        is_text = not _LIST_OR_CODE.match(words)
        asked.append(quote(words) if is_text and is_text_above else words)
        is_text_above = is_text
    return "\n\n".join(asked)


def _listed(payload: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(payload.get(name) or "").split())


def _asker(message: Mapping[str, Any]) -> str:
    """Whose question it is that the bot posted: the person named over it."""
    sections = [block.get("text") for block in dicts(message.get("blocks")) if block.get("type") == "section"]
    texts = [text.get("text") for text in sections if isinstance(text, Mapping)]
    named = (user for text in texts or [message.get("text")] for user in mrkdwn.mentioned(str(text)))
    return next(named, "")


def _kind(message: Mapping[str, Any]) -> Kind | None:
    return next((kind for kind in Kind if kind.value == _payload(message).get("kind")), None)


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = message.get("metadata") or {}
    return (metadata.get("event_payload") or {}) if metadata.get("event_type") == _METADATA else {}


def _body(message: Mapping[str, Any]) -> str:
    """A message of the bot's in Markdown, but for what Duet itself put over and under it."""
    body, payload = message_text.body(message), _payload(message)
    if "above" not in payload:
        return body
    lines = body.split("\n")
    return "\n".join(lines[integer(payload["above"]) : len(lines) - integer(payload.get("below"))])


def _lines(text: str) -> int:
    return len(text.split("\n")) if text else 0
