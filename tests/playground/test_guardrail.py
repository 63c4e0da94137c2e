"""The guardrail of the playground's Bedrock, and files that its models do not take."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from bot.playground.bedrock import INSTANT, Bedrock
from bot.playground.bedrock_media import FILE_REFUSALS
from bot.playground.guardrail import CANNED, guard_complaints, intervenes
from tests import sample_files
from tests.playground.test_bedrock import PRO, assistant, connected, served, streamed, user

GUARDRAIL = {"guardrailIdentifier": "g-1", "guardrailVersion": "1"}
DATA = sample_files.png()
PNG = {"image": {"format": "png", "source": {"bytes": DATA}}}


def marked(text: str) -> dict[str, Any]:
    return {"guardContent": {"text": {"text": text}}}


def body(*blocks: dict[str, Any], guardrail: Any = GUARDRAIL) -> dict[str, Any]:
    earlier = [user("a cactus"), assistant("It is green.")]
    return {"guardrailConfig": guardrail, "messages": [*earlier, {"role": "user", "content": list(blocks)}]}


def test_a_guardrail_reads_all_that_was_said_or_only_what_is_marked() -> None:
    assert intervenes(body({"text": "hello"}), {"cactus"})
    assert not intervenes(body(marked("hello")), {"cactus"})
    assert intervenes(body({"text": "hello"}, marked("a rose")), {"rose"})
    assert not intervenes(body({"text": "hello"}, guardrail=None), {"cactus"})


@pytest.mark.parametrize("block", [{"image": {"format": "gif"}}, {"document": {}}, {}])
def test_what_a_guardrail_cannot_read_is_not_to_be_marked(block: dict[str, Any]) -> None:
    assert list(guard_complaints(body({"guardContent": block})))
    assert not list(guard_complaints(body({"guardContent": PNG})))


def test_a_blocked_question_is_answered_by_a_fixed_sentence_and_a_refused_file_by_none() -> None:
    bedrock = Bedrock(INSTANT)
    bedrock.guard("cactus")
    bedrock.refuse_file(DATA, FILE_REFUSALS["pdf"])
    session = boto3.Session("access-key", "secret-key", region_name="us-east-1")
    with served(bedrock) as address, connected(session, address) as client:
        blocked = {"role": "user", "content": [marked("a cactus")]}
        events = streamed(client, blocked, guardrailConfig=GUARDRAIL)
        assert CANNED in str(events)
        assert {"messageStop": {"stopReason": "guardrail_intervened"}} in events
        with pytest.raises(client.exceptions.ValidationException, match=r"messages\.0\.content\.1\.image"):
            client.converse(modelId=PRO, messages=[{"role": "user", "content": [{"text": "why?"}, PNG]}])
