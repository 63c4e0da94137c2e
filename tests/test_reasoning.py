"""A model's reasoning on the way to its answer reaches nobody: no person, no cache, no model."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.core.safety import neutralise
from bot.core.slack_markdown import for_slack
from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.slack import BOT_TOKEN
from tests.workbench import Workbench

EN = texts_in(Language.EN)
THINKING = [
    "<thin",
    "king>SECRET",
    " plan</thinki",
    "ng>\nBe",
    "cause <think>SEC",
    "RET</think>of `<thinking>`.",
]
SHOWN = "Because of `<thinking>`."


def all_said(bench: Workbench) -> str:
    """Everything that anybody was ever shown, and all that models were given."""
    shown = [version for message in bench.messages() for version in bench.versions(message)]
    return "\n".join((*shown, str(bench.prompts()), str(bench.prompts("converse"))))


@pytest.mark.parametrize(
    ("reasoning", "text"), [((), THINKING), (("SECRET", " plan"), [SHOWN])], ids=["tags", "reasoningContent"]
)
def test_reasoning_is_not_shown_kept_or_sent_back(
    ready: Workbench, reasoning: tuple[str, ...], text: list[str]
) -> None:
    ready.bedrock.always("converse", Reply(text="<thinking>SECRET</thinking>On it.", reasoning=["SECRET"]))
    ready.bedrock.enqueue("converse-stream", Reply(text=text, reasoning=reasoning))
    ready.start_bot(cache_ttl=60.0)
    root = ready.mention("why?")
    ready.until(lambda: ready.begins(root, SHOWN) and ready.at_rest())
    other = ready.mention("why?")
    ready.until(lambda: ready.begins(other, SHOWN) and ready.at_rest())
    ready.mention("and then?", thread=root)
    ready.until(lambda: len(ready.prompts()) == 2)

    assert "SECRET" not in all_said(ready)
    assert SHOWN in str(ready.prompts()[-1])


def test_an_older_answer_that_holds_reasoning_is_told_without_it(ready: Workbench) -> None:
    root = ready.say("why?", user="UMINJI")
    shown = "<thinking>SECRET</thinking>\n\nBecause."
    payload = {"kind": "answer", "key": f"{root.channel}/{root.ts}/answer/0", "is_end": True}
    WebClient(BOT_TOKEN, f"{ready.slack.base_url}/api/").chat_postMessage(
        channel=root.channel,
        thread_ts=root.ts,
        text="Because.",
        blocks=[{"type": "markdown", "text": for_slack(neutralise(shown))}],
        metadata={"event_type": "duet_message", "event_payload": payload},
    )
    ready.start_bot()
    ready.mention("and then?", thread=root)
    ready.until(lambda: ready.prompts())

    assert "SECRET" not in str(ready.prompts())
    assert "Because." in str(ready.prompts())


def test_nothing_but_reasoning_is_told_as_an_empty_answer(ready: Workbench) -> None:
    ready.bedrock.always("converse-stream", Reply(text=["<thinking>", "SECRET"]))
    ready.start_bot()
    question = ready.mention("why?")
    ready.until(lambda: ready.begins(question, EN.failed) and ready.at_rest())

    assert "SECRET" not in all_said(ready)
