"""What people press under answers: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from slack_bolt import Ack, BoltContext

from bot.core.interaction import Vote
from bot.core.message import Action, Press
from bot.core.question import Place, Recipient, question_id
from bot.core.texts import Language, texts_in
from bot.engine.asides import Asides
from bot.engine.orchestrator import Orchestrator
from bot.engine.reception import Reception
from bot.listeners.interaction import installed_in


@dataclass(frozen=True)
class _Click:
    """A press: by whom, on which question.

    `value` is what the button told, `press` what that says of the question, and `trigger_id` what a modal can
    be opened with.
    """

    presser: Recipient
    value: str
    press: Press
    language: Language
    trigger_id: str


def stop_listener(
    reception: Reception, orchestrator: Orchestrator, asides: Asides, admins: Collection[str]
) -> Callable[..., None]:
    """Hears the button that stops an answer."""

    def hear_stop(ack: Ack, body: Mapping[str, Any], context: BoltContext) -> None:
        ack()
        click = _click(body, asides)
        if _may(click, asides, admins):
            team, press = installed_in(context), click.press
            stop = partial(orchestrator.stop_answer, team, press.question_key, press.retry)
            reception.press(team, click.presser, click.language, stop)

    return hear_stop


def retry_listener(reception: Reception, asides: Asides, admins: Collection[str]) -> Callable[..., None]:
    """Hears what asks again: the button under an answer that went wrong, and the menu under others."""

    def hear_retry(ack: Ack, body: Mapping[str, Any], context: BoltContext) -> None:
        ack()
        click = _click(body, asides)
        if _may(click, asides, admins):
            again = replace(click.press, retry=click.press.retry + 1)
            team, (verb, _) = installed_in(context), _read(click.value)
            replaces = verb == Action.REGENERATE.value
            retry = partial(reception.retry, team, again, click.presser, click.language, replaces=replaces)
            reception.press(team, click.presser, click.language, retry)

    return hear_retry


def feedback_listener(reception: Reception, asides: Asides) -> Callable[..., None]:
    """Hears what anybody thinks of an answer who may ask there."""

    def hear_feedback(ack: Ack, body: Mapping[str, Any], context: BoltContext) -> None:
        ack()
        click = _click(body, asides)
        team, user = installed_in(context), click.presser.user
        vote = _vote(team, user, click.value)

        def count() -> None:
            reception.vote(vote, click.press.answer_key)
            if vote.is_up:
                asides.tell(click.presser, texts_in(click.language).thanks)
            else:
                asides.ask_reason(click.trigger_id, user, click.value, click.language)

        reception.press(team, click.presser, click.language, count)

    return hear_feedback


def reason_listener(reception: Reception, asides: Asides) -> Callable[..., None]:
    """Hears why somebody did not like an answer."""

    def hear_reason(ack: Ack, body: Mapping[str, Any], context: BoltContext) -> None:
        ack()
        view, team, user = body["view"], installed_in(context), str(body["user"]["id"])
        reason = str(view["state"]["values"]["reason"]["reason"].get("value") or "")
        voted = str(view["private_metadata"])
        channel, _, _ = _read(voted)[1].question_key.partition("/")
        vote = replace(_vote(team, user, voted), reason=reason)
        voter = Recipient(user, Place(channel, ""))
        reception.press(team, voter, asides.language_for(reason), partial(reception.vote, vote, ""))

    return hear_reason


def _vote(team: str, user: str, value: str) -> Vote:
    verdict, press = _read(value)
    return Vote(question_id(team, press.question_key, press.retry), user, verdict == "up")


def _read(value: str) -> tuple[str, Press]:
    """What a control's value tells: a verdict or an action, in small letters, "" where there is but one."""
    word, _, rest = value.partition(" ")
    return (word, Press.read(rest)) if word.islower() else ("", Press.read(value))


def _may(click: _Click, asides: Asides, admins: Collection[str]) -> bool:
    """Whether who pressed is who asked, or an admin; others are told."""
    if click.presser.user in {click.press.asker, *admins}:
        return True
    asides.tell(click.presser, texts_in(click.language).only_asker)
    return False


def _click(body: Mapping[str, Any], asides: Asides) -> _Click:
    message, action = body["message"], body["actions"][0]
    value = str(action.get("value") or (action.get("selected_option") or {}).get("value"))
    _, press = _read(value)
    place = Place(str(body["channel"]["id"]), str(message.get("thread_ts") or message["ts"]))
    return _Click(
        presser=Recipient(str(body["user"]["id"]), place, str(body.get("response_url") or "")),
        value=value,
        press=press,
        language=asides.language_for(str(message.get("text") or "")),
        trigger_id=str(body.get("trigger_id") or ""),
    )
