"""A local model in Nova's place: the bot's adapter and boto3, over sockets, to a server of OpenAI's shape."""

from __future__ import annotations

import asyncio
import json
import socket
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.bedrock import BedrockModel
from bot.core.attachments import Attachment
from bot.core.conversation import Role, Turn
from bot.core.errors import Fault, ModelError
from bot.core.files import Medium
from bot.core.prompts import Prompt
from bot.core.stream import Failed, Finished, StreamEvent, Text, Usage
from bot.playground.bedrock import Bedrock, Reply
from bot.playground.errors import CannotStart
from bot.playground.openai_brain import ChatServer
from bot.playground.openai_form import Thoughts
from bot.playground.workspace import BOT_USER
from tests import sample_files
from tests.playground.openai_server import (
    DONE,
    HOLD,
    Answer,
    OpenAIServer,
    event,
    openai_server,
    refuses,
    says,
    streams,
    usage,
    whole,
)
from tests.playground.serving import until
from tests.playground.test_bedrock import MICRO, PRO, connected, served
from tests.playground.test_run import Playground, messages, refusal

KEY = "sk-secret"


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[OpenAIServer, Bedrock, Any]]:
    """A local server, Bedrock before it, and boto3's client."""
    session = boto3.Session("access-key", "secret-key", region_name="us-east-1")
    with openai_server() as local:
        bedrock = Bedrock(brain=ChatServer(local.url, "llama3.2", "tiny", KEY, silence=1.0).answer)
        with served(bedrock) as url, connected(session, url) as client:
            yield local, bedrock, client


@pytest.fixture
def local(stage: tuple[OpenAIServer, Bedrock, Any]) -> OpenAIServer:
    local = stage[0]
    local.asked.clear()
    local.answers.clear()
    local.go.clear()
    local.left.clear()
    local.wanted_key = ""
    return local


@pytest.fixture
def bedrock(stage: tuple[OpenAIServer, Bedrock, Any]) -> Bedrock:
    return stage[1]


@pytest.fixture
def pro(stage: tuple[OpenAIServer, Bedrock, Any]) -> BedrockModel:
    return BedrockModel(stage[2], PRO)


@pytest.fixture
def micro(stage: tuple[OpenAIServer, Bedrock, Any]) -> BedrockModel:
    return BedrockModel(stage[2], MICRO)


def prompt(text: str = "Why?", *attachments: Attachment) -> Prompt:
    turns = (Turn(Role.USER, "Hi."), Turn(Role.ASSISTANT, "Hello."), Turn(Role.USER, text, attachments))
    return Prompt("Be brief.", turns, 100, 0.5)


def heard(model: BedrockModel, asked: Prompt | None = None) -> tuple[str, StreamEvent]:
    """All that a model says, and how it ends."""
    *texts, end = model.stream(asked or prompt())
    return "".join(said.piece for said in texts if isinstance(said, Text)), end


def failure(model: BedrockModel) -> tuple[str, ModelError]:
    text, end = heard(model)
    assert isinstance(end, Failed)
    return text, end.error


# What is asked


def test_a_conversation_is_passed_on_whole(local: OpenAIServer, pro: BedrockModel) -> None:
    local.answers.append(streams(says("Because.", "stop"), DONE))
    heard(pro)

    assert local.asked == [
        {
            "model": "llama3.2",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hi."},
                {"role": "assistant", "content": "Hello."},
                {"role": "user", "content": "Why?"},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 100,
            "temperature": 0.5,
        }
    ]


def test_images_are_passed_on_and_other_files_as_what_they_are(
    local: OpenAIServer, pro: BedrockModel
) -> None:
    local.answers.append(streams(says("A picture.", "stop"), DONE))
    picture = sample_files.png()
    text = "a,b\n" + "1,2\n" * 20_000
    heard(
        pro,
        prompt(
            "What is it?",
            Attachment(Medium.IMAGE, "png", "image-1", picture),
            Attachment(Medium.DOCUMENT, "csv", "document-1", text.encode()),
            Attachment(Medium.DOCUMENT, "pdf", "document-2", b"%PDF-1.4"),
            Attachment(Medium.VIDEO, "mp4", "video-1", b"0000ftyp"),
        ),
    )

    shown, table, document, video, words = local.asked[0]["messages"][-1]["content"]
    assert shown == {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{b64encode(picture).decode()}"},
    }
    assert table["text"].startswith("document-1:\n\na,b\n1,2\n")
    assert table["text"].endswith("[The rest is left out.]")
    assert len(table["text"]) < 41_000
    assert document == {"type": "text", "text": "[document-2 is a pdf file. You cannot read it.]"}
    assert video == {"type": "text", "text": "[A mp4 video is here. You cannot see it.]"}
    assert words == {"type": "text", "text": "What is it?"}


def test_the_quick_model_acknowledges(local: OpenAIServer, micro: BedrockModel) -> None:
    local.answers.append(whole("On it."))
    reply = micro.reply(prompt())

    assert (reply.text, reply.reason, reply.usage) == ("On it.", "end_turn", Usage(7, 3))
    assert (local.asked[0]["model"], local.asked[0]["stream"]) == ("tiny", False)
    assert "stream_options" not in local.asked[0]


# What is answered


def test_words_come_piece_by_piece(local: OpenAIServer, pro: BedrockModel) -> None:
    local.answers.append(streams(says("", role="assistant"), says("One"), HOLD, says(" two", "stop"), DONE))
    with closing(pro.stream(prompt())) as events:
        assert next(event.piece for event in events if isinstance(event, Text) and event.piece) == "One"
        local.go.set()
        *rest, end = events

    assert rest == [Text(" two")]
    assert isinstance(end, Finished)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_korean_may_be_split_anywhere(local: OpenAIServer, pro: BedrockModel, size: int) -> None:
    sent = b": ping\r\n" + says("파이썬은 ") + says("빠릅니다. 🐍", "stop") + usage(5, 4) + DONE.rstrip()
    local.answers.append(streams(*(sent[at : at + size] for at in range(0, len(sent), size))))

    text, end = heard(pro)
    assert text == "파이썬은 빠릅니다. 🐍"
    assert end == Finished("end_turn", Usage(5, 4), end.request_id)  # type: ignore[union-attr] # else it fails


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([says("One", "stop"), DONE], "end_turn"),
        ([says("One"), says(None, "length"), DONE], "max_tokens"),
        ([says("One", "content_filter"), DONE], "content_filtered"),
        ([says("One"), DONE], "end_turn"),
        ([says("One", "stop")], "end_turn"),
        ([says("One", ""), says("", "stop"), DONE], "end_turn"),
    ],
    ids=["stop", "length", "filtered", "no reason", "no [DONE]", "empty reasons"],
)
def test_an_end_is_told_as_bedrock_tells_it_with_or_without_usage(
    local: OpenAIServer, pro: BedrockModel, pieces: Sequence[bytes], reason: str
) -> None:
    local.answers.append(streams(*pieces))

    text, end = heard(pro)
    assert text == "One"
    assert isinstance(end, Finished)
    assert end.reason == reason
    assert end.usage == Usage(7, 1)  # as Bedrock's server here estimates them


THINKING = [
    [says(reasoning="Hm."), says(reasoning=" Well."), says("Because."), says("", "stop"), DONE],
    [says(reasoning_content="Hm."), says("Because.", "stop"), DONE],
    [says("<think>Hm. "), says("</think>"), says("Because.", "stop"), DONE],
    [says("\n<th"), says("ink>Hm.</thi"), says("nk>Because."), says("", "stop"), DONE],
]


@pytest.mark.parametrize("pieces", THINKING, ids=["Ollama", "llama.cpp", "in the text", "in pieces"])
def test_what_a_model_thinks_is_not_shown(
    local: OpenAIServer, pro: BedrockModel, pieces: Sequence[bytes]
) -> None:
    local.answers.append(streams(*pieces))

    assert heard(pro)[0].strip() == "Because."


def test_a_thinking_acknowledgement_is_one_without_its_thoughts(
    local: OpenAIServer, micro: BedrockModel
) -> None:
    local.answers.append(whole("<think>Hm.</think>\n\nOn it.", reasoning="Hm."))

    assert micro.reply(prompt()).text.strip() == "On it."


def test_a_model_that_thinks_is_not_silent(local: OpenAIServer, pro: BedrockModel) -> None:
    """Or the bot would give it up after its time for silence."""
    local.answers.append(streams(says(reasoning="Hm."), HOLD, says("Because.", "stop"), DONE))
    with closing(pro.stream(prompt())) as events:
        assert next(events) == Text("")
        local.go.set()
        assert [event for event in events if isinstance(event, Text)] == [Text("Because.")]


@given(st.lists(st.sampled_from(["<", "<th", "think>", "ink>", "</think>", " ", "a", "<b>"]), max_size=8))
def test_however_a_text_is_cut_the_same_is_said(pieces: list[str]) -> None:
    at_once, piecemeal = Thoughts(), Thoughts()
    said = at_once.said("".join(pieces)) + at_once.rest()

    assert "".join(map(piecemeal.said, pieces)) + piecemeal.rest() == said
    assert said == "".join(pieces) or "<think>" in "".join(pieces)


# What goes wrong


@pytest.mark.parametrize(
    ("answer", "fault", "code"),
    [
        (refuses(401, {"message": "no"}), Fault.NOT_SET_UP, "AccessDeniedException"),
        (refuses(404, {"message": 'model "x" not found'}), Fault.NOT_SET_UP, "ResourceNotFoundException"),
        (refuses(302, ""), Fault.NOT_SET_UP, "ResourceNotFoundException"),
        (refuses(429, {"message": "slow down"}), Fault.BUSY, "ThrottlingException"),
        (refuses(503, {"message": "Loading model"}), Fault.UNAVAILABLE, "ServiceUnavailableException"),
        (refuses(500, "<html>oops</html>"), Fault.UNAVAILABLE, "ModelErrorException"),
        (refuses(504, ""), Fault.UNAVAILABLE, "ModelTimeoutException"),
        (
            refuses(400, {"message": "the request exceeds the available context size"}),
            Fault.TOO_LONG,
            "ValidationException",
        ),
        (refuses(400, {"message": "invalid image input"}), Fault.UNREADABLE_FILE, "ValidationException"),
        (
            refuses(500, {"message": "image input is not supported"}),
            Fault.UNREADABLE_FILE,
            "ValidationException",
        ),
        (refuses(400, json.dumps({"detail": "nonsense"})), Fault.FAILED, "ValidationException"),
        (streams(HOLD), Fault.UNAVAILABLE, "ModelTimeoutException"),
        (streams(cut=True), Fault.UNAVAILABLE, "ServiceUnavailableException"),
        (streams(b"data: <html>\n\n"), Fault.UNAVAILABLE, "ModelErrorException"),
        (
            streams(event({"error": {"code": 400, "message": "too long"}}), DONE),
            Fault.TOO_LONG,
            "ValidationException",
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "",
)
def test_an_error_before_the_first_word_is_what_bedrock_would_say(
    local: OpenAIServer, pro: BedrockModel, answer: Answer, fault: Fault, code: str
) -> None:
    local.answers.append(answer)

    text, error = failure(pro)
    assert text == ""
    assert (error.fault, error.code) == (fault, code)


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([event({"error": {"message": "out of memory"}}), DONE], "ModelStreamErrorException"),
        ([b'error: {"code":500,"message":"out of memory"}\n\n', DONE], "ModelStreamErrorException"),
        ([event({"error": {"code": 429, "message": "slow down"}})], "ThrottlingException"),
        ([b"data: {oops\n\n", DONE], "ModelStreamErrorException"),
        ([HOLD], "ModelStreamErrorException"),
    ],
    ids=["error", "error of an old llama.cpp", "throttled", "nonsense", "silence"],
)
def test_an_error_in_the_middle_comes_after_the_words_before_it(
    local: OpenAIServer, pro: BedrockModel, pieces: Sequence[bytes], code: str
) -> None:
    local.answers.append(streams(says("One two"), *pieces))

    text, error = failure(pro)
    assert (text, error.code) == ("One two", code)
    assert error.fault in (Fault.UNAVAILABLE, Fault.BUSY)


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "just ended"])
def test_a_broken_connection_is_a_cut_stream(local: OpenAIServer, pro: BedrockModel, is_cut: bool) -> None:
    local.answers.append(streams(says("One two"), cut=is_cut))

    text, error = failure(pro)
    assert text == "One two"
    assert error.fault is Fault.UNAVAILABLE


def test_an_acknowledgement_can_fail_too(local: OpenAIServer, micro: BedrockModel) -> None:
    local.answers.append(refuses(200, "{}"))
    with pytest.raises(ModelError, match="ModelErrorException"):
        micro.reply(prompt())


def test_who_stops_listening_stops_the_model(
    local: OpenAIServer, bedrock: Bedrock, pro: BedrockModel
) -> None:
    closed = len(bedrock.closed)
    local.answers.append(streams(says("One"), HOLD))
    events = pro.stream(prompt())
    assert next(events) == Text("One")
    events.close()

    assert local.left.wait(10)
    until(lambda: len(bedrock.closed) > closed)


def test_the_key_is_sent_and_never_told(local: OpenAIServer, pro: BedrockModel) -> None:
    local.answers.append(streams(says("One", "stop"), DONE))
    local.wanted_key = KEY
    assert heard(pro)[0] == "One"
    local.wanted_key = "another"

    _, error = failure(pro)
    assert error.fault is Fault.NOT_SET_UP
    assert "no such key: Bearer OPENAI_API_KEY" in str(error)
    assert KEY not in repr(ChatServer("http://x", "a", "b", KEY))


def test_faults_are_injected_before_the_local_model_is_asked(
    local: OpenAIServer, bedrock: Bedrock, pro: BedrockModel
) -> None:
    bedrock.enqueue("converse-stream", Reply(error="ThrottlingException"))

    assert failure(pro)[1].code == "ThrottlingException"
    assert local.asked == []


# The start


def complaint(server: ChatServer) -> str:
    with pytest.raises(CannotStart) as told:
        asyncio.run(server.check())
    return str(told.value)


def test_a_server_that_has_the_models_is_fine(local: OpenAIServer) -> None:
    local.wanted_key = KEY
    asyncio.run(ChatServer(local.url, "llama3.2", "tiny", KEY).check())


def test_what_keeps_a_local_model_from_answering_is_told_at_the_start(local: OpenAIServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        assert complaint(ChatServer(url, "a", "a")).startswith(f"No server answers at {url} (")
    root = local.url.removesuffix("/v1")
    assert f"{root}/models answers with HTTP 404" in complaint(ChatServer(root, "tiny", "tiny"))
    assert "an address like http://localhost:11434/v1" in complaint(ChatServer("localhost:11434", "a", "a"))
    missing = complaint(ChatServer(local.url, "qwen3", "tiny"))
    assert missing.startswith(f"{local.url} has no model qwen3. It has: llama3.2:latest, tiny\n")
    assert "ollama pull qwen3" in missing
    assert "no model without a name. It has: llama3.2" in complaint(ChatServer(local.url, "", ""))
    local.wanted_key = KEY
    assert "set OPENAI_API_KEY" in complaint(ChatServer(local.url, "tiny", "tiny"))


def test_the_playground_answers_with_a_local_model(tmp_path: Path) -> None:
    """The bot is the real one, with its own sentences and without a price."""
    with openai_server() as local:
        local.wanted_key = KEY
        local.answers.append(refuses(404, {"message": "gone"}))
        options = ("--no-browser", "--openai-url", f"{local.url}/", "--openai-model", "llama3.2")
        assert "no model nemo" in refusal(tmp_path, *options[:-1], "nemo", OPENAI_API_KEY=KEY)
        with (
            closing(Playground(tmp_path, *options, OPENAI_API_KEY=KEY)) as playground,
            playground.open("page/events") as stream,
        ):
            said = messages(stream)
            playground.post("page/say", channel="CGENERAL", text=f"<@{BOT_USER}> why?")
            next(each for each in said if "not set up correctly" in str(each["blocks"]))
            local.answers[0] = streams(says(reasoning="Hm."), says("Be"), says("cause.", "stop"), DONE)
            playground.post("page/say", channel="CRANDOM", text=f"<@{BOT_USER}> why?")
            answer = next(each for each in said if "Because." in str(each["blocks"]) and "$" in str(each))
        assert "· $0" in str(answer["blocks"])
        assert f"The models are those of {local.url}: llama3.2." in playground.output
        assert KEY not in playground.output
