"""What people press under answers: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack

from bot.core.interaction import Vote
from bot.core.message import Press
from bot.core.question import Place, question_id
from bot.core.texts import Language, texts_in
from bot.engine.orchestrator import Orchestrator


@dataclass(frozen=True)
class _Click:
    """A press: whose, on which question, in which thread, and where to reply to it alone.

    `value` is what the button told, and `trigger_id` what a modal can be opened with.
    """

    team: str
    user: str
    value: str
    place: Place
    language: Language
    response_url: str
    trigger_id: str

    @property
    def press(self) -> Press:
        """What the value tells of the question; a verdict or an action may stand before that."""
        words = self.value.split(" ")
        return Press.read(" ".join(words[1:] if words[0].islower() else words))


def stop_listener(orchestrator: Orchestrator, admins: Collection[str]) -> Callable[..., None]:
    """Hears the button that stops an answer."""

    def hear_stop(ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        click = _click(body, orchestrator)
        if _may(click, orchestrator, admins):
            press = click.press
            orchestrator.stop_answer(question_id(click.team, press.question_key, press.retry))

    return hear_stop


def retry_listener(orchestrator: Orchestrator, admins: Collection[str]) -> Callable[..., None]:
    """Hears what asks again: the button under an answer that went wrong, and the menu under others."""

    def hear_retry(ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        click = _click(body, orchestrator)
        if _may(click, orchestrator, admins):
            again = replace(click.press, retry=click.press.retry + 1)
            orchestrator.retry(click.team, again, click.place, click.response_url, click.language)

    return hear_retry


def feedback_listener(orchestrator: Orchestrator) -> Callable[..., None]:
    """Hears what anybody thinks of an answer."""

    def hear_feedback(ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        click = _click(body, orchestrator)
        vote = _vote(click.team, click.user, click.value)
        orchestrator.vote(vote, click.press.answer_key)
        if vote.is_up:
            orchestrator.tell_privately(click.response_url, texts_in(click.language).thanks)
        else:
            orchestrator.ask_reason(click.trigger_id, click.value, click.language)

    return hear_feedback


def reason_listener(orchestrator: Orchestrator) -> Callable[..., None]:
    """Hears why somebody did not like an answer."""

    def hear_reason(ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        view = body["view"]
        reason = str(view["state"]["values"]["reason"]["reason"].get("value") or "")
        team, user = str((body.get("team") or {}).get("id") or ""), str(body["user"]["id"])
        vote = _vote(team, user, str(view["private_metadata"]))
        orchestrator.vote(replace(vote, reason=reason), "")

    return hear_reason


def _vote(team: str, user: str, value: str) -> Vote:
    verdict, _, press = value.partition(" ")
    read = Press.read(press)
    return Vote(question_id(team, read.question_key, read.retry), user, verdict == "up")


def _may(click: _Click, orchestrator: Orchestrator, admins: Collection[str]) -> bool:
    """Whether who pressed is who asked, or an admin; others are told."""
    if click.user == click.press.asker or click.user in admins:
        return True
    orchestrator.tell_privately(click.response_url, texts_in(click.language).only_asker)
    return False


def _click(body: Mapping[str, Any], orchestrator: Orchestrator) -> _Click:
    message, action = body["message"], body["actions"][0]
    return _Click(
        team=str((body.get("team") or {}).get("id") or ""),
        user=str(body["user"]["id"]),
        value=str(action.get("value") or (action.get("selected_option") or {}).get("value")),
        place=Place(str(body["channel"]["id"]), str(message.get("thread_ts") or message["ts"])),
        language=orchestrator.language_for(str(message.get("text") or "")),
        response_url=str(body.get("response_url") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
    )
