"""Buttons under answers: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack

from bot.core.message import Press
from bot.core.question import Place, question_id
from bot.core.texts import Language, language_of, texts_in
from bot.engine.orchestrator import Orchestrator


@dataclass(frozen=True)
class _Click:
    """A button's press: whose, on which question, in which thread, and where to reply to it alone."""

    team: str
    user: str
    press: Press
    place: Place
    language: Language
    response_url: str


def stop_listener(orchestrator: Orchestrator) -> Callable[..., None]:
    """Hears the button that stops an answer."""

    def hear_stop(ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        click = _click(body)
        if _may(click, orchestrator):
            press = click.press
            orchestrator.stop_answer(question_id(click.team, press.question_key, press.retry))

    return hear_stop


def retry_listener(orchestrator: Orchestrator) -> Callable[..., None]:
    """Hears the button that asks a question again."""

    def hear_retry(ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        click = _click(body)
        if _may(click, orchestrator):
            orchestrator.retry(click.team, click.press, click.place, click.response_url, click.language)

    return hear_retry


def _may(click: _Click, orchestrator: Orchestrator) -> bool:
    """Whether who pressed is who asked; others are told."""
    if click.user == click.press.asker:
        return True
    orchestrator.tell_privately(click.response_url, texts_in(click.language).only_asker)
    return False


def _click(body: Mapping[str, Any]) -> _Click:
    message = body["message"]
    return _Click(
        team=str((body.get("team") or {}).get("id") or ""),
        user=str(body["user"]["id"]),
        press=Press.read(str(body["actions"][0]["value"])),
        place=Place(str(body["channel"]["id"]), str(message.get("thread_ts") or message["ts"])),
        language=language_of(str(message.get("text") or "")),
        response_url=str(body.get("response_url") or ""),
    )
