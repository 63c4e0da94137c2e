"""Long answers, safe answers, and answers that know what was said before."""

from __future__ import annotations

import re

import pytest

from bot.core.safety import restored
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import MINJI, RELAY
from tests.workbench import Workbench

# What may fire in Slack, wherever it stands: https://docs.slack.dev/messaging/formatting-message-text
LIVE = re.compile(
    r"<!(here|channel|everyone|subteam)|<@[UW]|<#C|@(here|channel|everyone)(?![a-z0-9_])", re.IGNORECASE
)
HOSTILE = (
    "Ask <!channel>, <!here|x>, <!subteam^S1>, <@U123>, <#C1|x> and @everyone, @channel은, `<!everyone>`."
)


@pytest.fixture
def bot(bench: Workbench) -> Workbench:
    """A workbench with a running bot whose first model says "On it."."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.start_bot()
    return bench


def says(bot: Workbench, *deltas: str, pace: Pace | None = None) -> None:
    """Let the next answer be these deltas, after the acknowledgement."""
    bot.bedrock.enqueue("converse-stream", Reply(text=deltas, after=0, then="hold", pace=pace))


def english(number: int) -> str:
    return f"Point {number}: " + "words that explain it. " * 9


def korean(number: int) -> str:
    return f"{number}번째: " + "이것을 자세히 설명하는 문장입니다. " * 10


@pytest.mark.parametrize("paragraph", [english, korean])
def test_an_answer_of_eighteen_thousand_characters_arrives_whole_in_further_messages(
    bot: Workbench, paragraph: object
) -> None:
    assert callable(paragraph)
    written = "\n\n".join(paragraph(number).strip() for number in range(1, 91))
    assert len(written) >= 18_000
    says(bot, *re.findall(r"\S+\s*", written))

    acknowledgement, *answer = bot.answered(bot.mention("why?"), count=3)

    assert acknowledgement == "On it."
    assert "\n\n".join(answer) == written


def test_a_code_fence_over_two_messages_is_whole_in_both(bot: Workbench) -> None:
    code = [f"print({number})  # a line of the example" for number in range(500)]
    says(bot, "Run this:\n\n```python\n", *(f"{line}\n" for line in code), "```\n\nThat is all.")

    _, first, second = bot.answered(bot.mention("an example"), count=3)

    assert first.count("```") == 2
    assert first.endswith("\n```")
    assert second.startswith("```python\nprint(")
    assert re.findall(r"print\(\d+\).*", first + second) == code


def test_every_edit_of_a_growing_answer_closes_its_fence(bot: Workbench) -> None:
    says(bot, "```python\n", *["print()\n"] * 90, "```", pace=Pace(0, 0, 40))
    question = bot.mention("an example")
    bot.answered(question)

    versions = bot.versions(bot.messages(thread=question)[-1])
    assert len(versions) > 2
    assert all(version.count("```") == 2 for version in versions)


def test_no_message_can_ping_anybody_not_even_half_written(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse", Reply(text=HOSTILE))
    says(bot, *HOSTILE, pace=Pace(0, 0, 40))  # a delta a character
    question = bot.mention("who is there?")
    bot.answered(question)

    for method in ("chat.postMessage", "chat.update"):
        for call in bot.calls(method):
            assert not LIVE.search(str(call.parameters)), call.parameters
    assert len(bot.calls("chat.update")) > 1
    assert restored(bot.texts(question)[-1]) == HOSTILE
    assert bot.texts(question)[-1].endswith("`< \u200b!everyone>`.")  # in code it is seen


def test_an_asker_cannot_ping_through_ask(bot: Workbench) -> None:
    bot.ask(HOSTILE)
    bot.until(bot.messages)
    lead, question = bot.calls("chat.postMessage")[0].parameters["blocks"]

    assert [match[0] for match in LIVE.finditer(str(lead))] == ["<@U"]  # the asker
    assert not LIVE.search(str(question))


def test_secrets_are_masked_in_answers(bot: Workbench) -> None:
    says(bot, "Use xoxb-123-456-abc and AKIAIOSFODNN7EXAMPLE.")

    assert bot.answered(bot.mention("which?"))[-1] == "Use xoxb-*** and AKIA***."


def test_nothing_the_bot_posts_unfurls(bot: Workbench) -> None:
    says(bot, "See https://example.com.")
    bot.answered(bot.mention("where?"))

    posts = [call.parameters for call in bot.calls("chat.postMessage")]
    assert {(post["unfurl_links"], post["unfurl_media"]) for post in posts} == {(False, False)}


def test_a_follow_up_carries_the_thread_without_acknowledgements_and_notices(bot: Workbench) -> None:
    says(bot, "Because **A**.")
    root = bot.mention("why &lt;A&gt;?")
    bot.answered(root)
    bot.bedrock.enqueue("converse-stream", Reply(error="AccessDeniedException"))
    bot.mention("and this?", thread=root)
    bot.until(lambda: len(bot.texts(root)) >= 3 and bot.at_rest())
    bot.say("I am a relay", user=RELAY.id, thread=root)
    bot.say("<@UADA|ada> is *right*, see <https://example.com|this>", user=MINJI.id, thread=root)
    says(bot, "More.")
    bot.mention("go on", thread=root)
    bot.until(lambda: len(bot.prompts()) == 3)

    turns = [(turn["role"], turn["content"][0]["text"]) for turn in bot.prompts()[-1]["messages"]]
    assert turns == [
        ("user", "⟦A message by Ada:⟧\nwhy <A>?"),
        ("assistant", "Because **A**."),
        (
            "user",
            (
                "⟦A message by Ada:⟧\nand this?\n\n⟦Posted by the app Relay:⟧\n> I am a relay\n⟦end⟧\n\n"
                "⟦A message by 민지:⟧\n@ada is *right*, see this (https://example.com)\n\n"
                "⟦A message by Ada:⟧\ngo on"
            ),
        ),
    ]


def test_a_thread_of_several_pages_is_read_to_its_newest_message(bot: Workbench) -> None:
    root = bot.say("message 0", user=MINJI.id)
    for number in range(1, 450):
        bot.say(f"message {number}", user=MINJI.id, thread=root)
    says(bot, "Because.")
    bot.mention("why?", thread=root)
    bot.answered(root)

    (turn,) = bot.prompts()[-1]["messages"]
    assert turn["content"][0]["text"].endswith(
        "\n⟦A message by 민지:⟧\nmessage 449\n\n⟦A message by Ada:⟧\nwhy?"
    )
    assert len(bot.calls("conversations.replies")) == 3


def test_a_thread_under_ask_knows_the_question_it_began_with(bot: Workbench) -> None:
    says(bot, "Because.")
    bot.ask("why\nso?")
    root = bot.posted_question()
    bot.answered(root)
    says(bot, "More.")
    bot.mention("go on", thread=root)
    bot.until(lambda: len(bot.prompts()) == 2)

    turns = [(turn["role"], turn["content"][0]["text"]) for turn in bot.prompts()[-1]["messages"]]
    assert turns == [("user", "why\nso?"), ("assistant", "Because."), ("user", "go on")]
