"""Who may ask, over the wire: nothing is said to a model for anybody else, and nothing in the channel."""

from __future__ import annotations

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import ADA, MINJI, NOOR, SAM, Message
from tests.workbench import Workbench

EN, KO = texts_in(Language.EN), texts_in(Language.KO)


def is_denied(bench: Workbench, question: Message, sentence: str) -> bool:
    """Whether the asker alone is told `sentence`, and nothing else comes of it."""
    bench.until(
        lambda: bench.told_privately(question.user, question.channel) == [sentence] and bench.at_rest()
    )
    assert not [message for message in bench.messages(question.channel) if not message.only_for]
    return not bench.prompts() and not bench.prompts("converse")


@pytest.mark.parametrize(
    ("user", "channel", "settings", "sentence"),
    [
        (SAM.id, "CGENERAL", {}, EN.denied_person),
        (SAM.id, "DSAM", {}, EN.denied_person),
        (NOOR.id, "CPARTNERS", {}, EN.denied_person),
        (ADA.id, "CPARTNERS", {}, EN.denied_room),
        (ADA.id, "DADA", {"allow_dm": False}, EN.denied_direct_messages),
        (ADA.id, "CGENERAL", {"allowed_channels": ("CRANDOM",)}, EN.denied_room),
        (ADA.id, "CGENERAL", {"allowed_users": (MINJI.id,)}, EN.denied_person),
        (ADA.id, "CGENERAL", {"blocked_users": (ADA.id,)}, EN.denied_person),
    ],
)
def test_who_may_not_ask_is_told_so_alone_and_no_model_is_called(
    ready: Workbench, user: str, channel: str, settings: dict[str, object], sentence: str
) -> None:
    ready.start_bot(**settings)

    assert is_denied(ready, ready.mention("why?", channel=channel, user=user), sentence)


@pytest.mark.parametrize(
    ("user", "channel", "settings"),
    [
        (SAM.id, "CGENERAL", {"allow_guests": True}),
        (NOOR.id, "CPARTNERS", {"allow_external": True}),
        (ADA.id, "CPARTNERS", {"allow_external": True}),
        (ADA.id, "DADA", {"allowed_channels": ("CRANDOM",)}),
        (ADA.id, "CGENERAL", {"allowed_channels": ("CGENERAL",), "allowed_users": (ADA.id,)}),
    ],
)
def test_who_may_ask_is_answered(
    ready: Workbench, user: str, channel: str, settings: dict[str, object]
) -> None:
    ready.start_bot(**settings)

    assert ready.answered(ready.mention("why?", channel=channel, user=user)) == ["On it.", "Because."]


def test_a_denial_is_told_once_an_hour_and_in_the_askers_language(bot: Workbench) -> None:
    assert is_denied(bot, bot.mention("왜요?", user=SAM.id), KO.denied_person)
    bot.mention("why?", user=SAM.id)
    bot.until(lambda: len(bot.written(2)) == 2)

    assert bot.told_privately(SAM.id) == [KO.denied_person]
    assert {one.outcome for one in bot.written(2)} == {"denied"}


@pytest.mark.parametrize("user", [SAM.id, NOOR.id])
def test_a_command_and_a_button_are_denied_as_a_message_is(bot: Workbench, user: str) -> None:
    bot.ask("why?", channel="CGENERAL", user=user)

    bot.until(lambda: bot.told_privately(user) == [EN.denied_person])
    assert not bot.prompts()


def test_a_command_in_a_channel_shared_with_another_company_is_denied(bot: Workbench) -> None:
    bot.ask("why?", channel="CPARTNERS")

    bot.until(lambda: bot.told_privately(channel="CPARTNERS") == [EN.denied_room])
    assert not bot.prompts()


def test_a_guest_is_shown_nothing_of_a_channel_that_a_link_leads_to(ready: Workbench) -> None:
    ready.start_bot(allow_guests=True)
    secret = ready.say("the plan", channel="CRANDOM")
    link = f"https://ours.slack.com/archives/CRANDOM/p{secret.ts.replace('.', '')}"
    ready.answered(ready.mention(f"What of <{link}>?", user=SAM.id))

    assert "the plan" not in str(ready.prompts())
    ready.answered(ready.mention(f"What of <{link}>?", user=ADA.id))
    assert "the plan" in str(ready.prompts())


def test_what_was_answered_in_a_private_channel_is_shown_in_no_other_room(ready: Workbench) -> None:
    ready.servers.do(lambda: ready.slack.workspace.add_channel("CPRIVATE", "private", kind="private"))
    ready.start_bot(cache_ttl=60.0)
    ready.bedrock.always("converse-stream", Reply(text="Because.", pace=Pace(0, 0.3, 1000)))
    for channel in ("CPRIVATE", "CGENERAL", "CRANDOM"):
        ready.mention("why?", channel=channel)
        ready.until(ready.at_rest)

    assert len(ready.written(3)) == 3
    assert len(ready.prompts()) == 2  # one in the private channel, one for all that are open
