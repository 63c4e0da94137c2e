"""The Bedrock-compatible server, driven by the real boto3 over loopback sockets."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aiohttp import web
from botocore.config import Config
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError, ConnectionClosedError, EventStreamError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import ReadTimeoutError as StreamTimeoutError

from bot.playground import eventstream
from bot.playground.bedrock import INSTANT, Bedrock, Pace, Reply
from bot.playground.bedrock_rules import tokens
from tests import sample_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MICRO, PRO = "us.amazon.nova-micro-v1:0", "us.amazon.nova-pro-v1:0"
SOON = 15.0  # seconds, far more than anything here takes


@contextmanager
def served(bedrock: Bedrock, *, handler_cancellation: bool = False) -> Iterator[str]:
    """The server's address, while it runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(bedrock.app, access_log=None, handler_cancellation=handler_cancellation)

    async def start() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(SOON)
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(SOON)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SOON)
        loop.close()


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session("access-key", "secret-key", region_name="us-east-1")


@contextmanager
def connected(
    session: boto3.Session, url: str, attempts: int = 1, read_timeout: float = SOON
) -> Iterator[Any]:
    """boto3's client for the server at `url`."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        read_timeout=read_timeout,
        proxies={},
        max_pool_connections=30,
    )
    with closing(session.client("bedrock-runtime", endpoint_url=url, config=config)) as client:
        yield client


@pytest.fixture
def bedrock() -> Bedrock:
    return Bedrock(INSTANT)


@pytest.fixture
def url(bedrock: Bedrock) -> Iterator[str]:
    with served(bedrock) as address:
        yield address


@pytest.fixture
def client(session: boto3.Session, url: str) -> Iterator[Any]:
    with connected(session, url) as connection:
        yield connection


def user(text: str = "Why is the sky blue?") -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def assistant(text: str = "Because.") -> dict[str, Any]:
    return {"role": "assistant", "content": [{"text": text}]}


def streamed(client: Any, *messages: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Every event of one answer."""
    response = client.converse_stream(modelId=PRO, messages=messages or (user(),), **options)
    with closing(response["stream"]) as stream:
        return list(stream)


def deltas(events: list[dict[str, Any]]) -> list[str]:
    return [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


# Frames


@settings(deadline=None)
@given(name=st.text(min_size=1, max_size=40), serial=st.integers(0, 10_000), text=st.text())
def test_every_event_frame_is_one_that_botocore_reads(name: str, serial: int, text: str) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.event(name, {"text": text}, serial))

    (message,) = buffer

    assert message.headers == {
        ":event-type": name,
        ":content-type": "application/json",
        ":message-type": "event",
    }
    payload = json.loads(message.payload)
    assert payload.pop("p") is not None
    assert payload == {"text": text}


@settings(deadline=None)
@given(name=st.text(min_size=1, max_size=40), text=st.text())
def test_every_exception_frame_is_one_that_botocore_reads(name: str, text: str) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.exception(name, text))

    (message,) = buffer

    assert message.headers[":exception-type"] == name
    assert message.headers[":message-type"] == "exception"
    assert json.loads(message.payload) == {"message": text}


@settings(deadline=None)
@given(size=st.integers(1, 800))
def test_frames_may_be_cut_anywhere_on_their_way(size: int) -> None:
    sent = b"".join(eventstream.event("contentBlockDelta", {"n": n}, n) for n in range(5))
    buffer, read = EventStreamBuffer(), []
    for start in range(0, len(sent), size):
        buffer.add_data(sent[start : start + size])
        read += [json.loads(message.payload)["n"] for message in buffer]

    assert read == list(range(5))


def test_a_frame_is_byte_for_byte_as_long_as_a_recorded_one_of_aws() -> None:
    """Recorded by opentelemetry-instrumentation-botocore: 139 bytes, 82 of them headers, "p" up to the n."""
    frame = eventstream.event("messageStart", {"role": "assistant"}, serial=14)

    assert int.from_bytes(frame[:4], "big") == len(frame) == 139
    assert int.from_bytes(frame[4:8], "big") == 82
    assert b'{"p":"abcdefghijklmn","role":"assistant"}' in frame


# Answers


def test_converse_acknowledges_in_one_sentence(client: Any) -> None:
    answer = client.converse(modelId=MICRO, messages=[user("What is the GIL?")])

    said = "I understand your question about the GIL and am preparing a detailed answer!"
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": said}]}
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"] == {
        "inputTokens": 4,
        "outputTokens": 19,
        "totalTokens": 23,
        "cacheReadInputTokens": 0,
        "cacheWriteInputTokens": 0,
    }
    assert answer["metrics"]["latencyMs"] >= 0


def test_converse_stream_answers_in_the_order_of_events_that_aws_has(client: Any) -> None:
    events = streamed(client)

    assert [next(iter(event)) for event in events if "contentBlockDelta" not in event] == [
        "messageStart",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    assert "## “Why is the sky blue”" in "".join(deltas(events))
    assert events[-2] == {"messageStop": {"stopReason": "end_turn"}}


def test_the_figures_of_a_stream_count_what_was_read_and_written(client: Any) -> None:
    events = streamed(client, user("abcd" * 5), system=[{"text": "가나다"}])

    usage = events[-1]["metadata"]["usage"]
    assert usage["inputTokens"] == 8, "five of the question, three of the system prompt"
    assert usage["outputTokens"] == len(tokens("".join(deltas(events))))
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]


def test_now_and_then_a_delta_is_empty_as_with_aws(client: Any) -> None:
    assert "" in deltas(streamed(client))


def test_the_whole_conversation_reaches_the_script(client: Any) -> None:
    events = streamed(client, user("What is a mutex?"), assistant(), user("And a semaphore?"))

    assert "began with “What is a mutex”" in "".join(deltas(events))


def test_a_request_is_kept_as_it_came(bedrock: Bedrock, client: Any) -> None:
    answer = client.converse(modelId=MICRO, messages=[user("안녕")], inferenceConfig={"maxTokens": 60})

    (request,) = bedrock.requests
    assert (request.operation, request.model_id) == ("converse", MICRO)
    assert request.body == {"messages": [user("안녕")], "inferenceConfig": {"maxTokens": 60}}
    assert request.request_id == answer["ResponseMetadata"]["RequestId"]


def test_queued_replies_are_taken_in_order_then_the_script_speaks_again(
    bedrock: Bedrock, client: Any
) -> None:
    bedrock.enqueue("converse-stream", Reply("one"), Reply(["t", "", "wo"]))

    assert "".join(deltas(streamed(client))) == "one"
    assert deltas(streamed(client)) == ["t", "", "wo"]
    assert "scripted model" in "".join(deltas(streamed(client)))


def test_a_standing_reply_holds_until_it_is_taken_back(bedrock: Bedrock, client: Any) -> None:
    bedrock.always("converse-stream", Reply("always"))
    bedrock.enqueue("converse-stream", Reply("once"))

    assert ["".join(deltas(streamed(client))) for _ in range(3)] == ["once", "always", "always"]
    bedrock.always("converse-stream", None)
    assert "always" not in "".join(deltas(streamed(client)))


def test_a_reply_may_end_for_any_reason(bedrock: Bedrock, client: Any) -> None:
    reply = Reply("Nothing to say.", stop_reason="content_filtered")
    bedrock.enqueue("converse", reply)
    bedrock.enqueue("converse-stream", reply)

    assert client.converse(modelId=MICRO, messages=[user()])["stopReason"] == "content_filtered"
    assert streamed(client)[-2] == {"messageStop": {"stopReason": "content_filtered"}}


def test_an_answer_longer_than_max_tokens_is_cut_there(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse", Reply("abcdefghijkl"))

    whole = client.converse(modelId=MICRO, messages=[user()], inferenceConfig={"maxTokens": 2})
    events = streamed(client, inferenceConfig={"maxTokens": 10})

    assert whole["output"]["message"]["content"] == [{"text": "abcdefgh"}]
    assert whole["stopReason"] == "max_tokens"
    assert events[-2] == {"messageStop": {"stopReason": "max_tokens"}}
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 10


def test_exact_deltas_are_not_cut_at_max_tokens(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse-stream", Reply(["a", "b", "c"]))

    events = streamed(client, inferenceConfig={"maxTokens": 1})

    assert deltas(events) == ["a", "b", "c"]
    assert events[-2] == {"messageStop": {"stopReason": "end_turn"}}


@settings(deadline=None)
@given(st.text())
def test_tokens_are_the_text_cut_into_pieces(text: str) -> None:
    assert "".join(tokens(text)) == text


def test_a_token_is_four_letters_or_a_syllable() -> None:
    assert tokens("Hello, 세계") == ["Hell", "o, ", "세", "계"]
    assert tokens("답변 준비") == ["답", "변", " 준", "비"]


# Refusals

CONTENT = "ContentBlock object at messages."
ALTERNATE = "A conversation must alternate between user and assistant roles."
START = "A conversation must start with a user message."


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"modelId": "amazon.titan-text-lite-v1"}, "The provided model identifier is invalid."),
        ({"messages": []}, START),
        ({"messages": [assistant()]}, START),
        ({"messages": [user(), user()]}, ALTERNATE),
        ({"messages": [user(), assistant(), assistant()]}, ALTERNATE),
        ({"messages": [{"role": "system", "content": [{"text": "x"}]}]}, "enum value set: [user, assistant]"),
        (
            {"messages": [{"role": "user", "content": []}]},
            "The content field in the Message object at messages.0",
        ),
        ({"inferenceConfig": {"temperature": 1.1}}, "'inferenceConfig.temperature' failed to satisfy"),
        ({"inferenceConfig": {"topP": 2.0}}, "'inferenceConfig.topP' failed to satisfy"),
        ({"inferenceConfig": {"maxTokens": 10_001}}, "exceeds the model limit of 10000"),
    ],
)
@pytest.mark.parametrize("operation", ["converse", "converse_stream"])
def test_what_bedrock_refuses_is_refused(
    client: Any, operation: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(client.exceptions.ValidationException) as refused:
        getattr(client, operation)(**{"modelId": PRO, "messages": [user()], **options})

    assert sentence in refused.value.response["Error"]["Message"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_a_blank_text_is_refused_as_bedrock_refuses_it(client: Any, blank: str) -> None:
    with pytest.raises(client.exceptions.ValidationException) as refused:
        streamed(client, user(), assistant(blank), user())

    assert refused.value.response["Error"]["Message"] == (
        "The text field in the ContentBlock object at messages.1.content.0 is blank. "
        "Add text to the text field, and try again."
    )


def test_a_picture_is_read_by_pro_and_refused_by_micro(client: Any) -> None:
    picture = {"image": {"format": "png", "source": {"bytes": sample_files.png()}}}
    messages = [{"role": "user", "content": [picture, {"text": "What is this?"}]}]

    assert deltas(streamed(client, *messages))
    with pytest.raises(client.exceptions.ValidationException, match="doesn't support the image field"):
        client.converse(modelId=MICRO, messages=messages)


def test_a_document_needs_a_text_beside_it(client: Any) -> None:
    document = {"document": {"format": "txt", "name": "document-1", "source": {"bytes": b"text"}}}

    with pytest.raises(client.exceptions.ValidationException, match="A text block must be included"):
        streamed(client, {"role": "user", "content": [document]})


@pytest.mark.parametrize(
    "model_id",
    [
        "amazon.nova-micro-v1:0",
        "us.amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-micro-v1:0",
    ],
)
def test_model_ids_profiles_and_arns_are_known(bedrock: Bedrock, client: Any, model_id: str) -> None:
    client.converse(modelId=model_id, messages=[user()])

    assert bedrock.requests[0].model_id == model_id


@pytest.mark.parametrize(
    ("region", "model_id", "sentence"),
    [
        ("ap-northeast-2", "apac.amazon.nova-pro-v1:0", ""),
        ("ap-northeast-2", "amazon.nova-pro-v1:0", "isn't supported. Retry your request with the ID or ARN"),
        ("ap-northeast-2", "us.amazon.nova-pro-v1:0", "The provided model identifier is invalid."),
        ("eu-west-2", "amazon.nova-micro-v1:0", ""),
        ("eu-west-2", "eu.amazon.nova-micro-v1:0", "The provided model identifier is invalid."),
        ("us-west-1", "us.amazon.nova-pro-v1:0", ""),
        ("us-west-1", "us.amazon.nova-micro-v1:0", "The provided model identifier is invalid."),
        ("ca-central-1", "amazon.nova-pro-v1:0", "The provided model identifier is invalid."),
        ("ca-central-1", "ca.amazon.nova-lite-v1:0", ""),
    ],
)
def test_an_id_is_known_in_the_regions_that_aws_lists(
    url: str, region: str, model_id: str, sentence: str
) -> None:
    with connected(boto3.Session("access-key", "secret-key", region_name=region), url) as client:
        if not sentence:
            assert client.converse(modelId=model_id, messages=[user()])["output"]
            return
        with pytest.raises(client.exceptions.ValidationException) as refused:
            client.converse(modelId=model_id, messages=[user()])
    assert sentence in refused.value.response["Error"]["Message"]


def test_more_than_a_model_can_read_is_refused_in_a_stream_after_http_200(client: Any) -> None:
    words = user("가" * 128_001)

    with pytest.raises(client.exceptions.ValidationException, match="Input Tokens Exceeded"):
        client.converse(modelId=MICRO, messages=[words])
    response = client.converse_stream(modelId=MICRO, messages=[words])
    with closing(response["stream"]) as stream, pytest.raises(EventStreamError) as broken:
        list(stream)
    assert broken.value.response["Error"]["Code"] == "validationException"
    assert client.converse(modelId=PRO, messages=[words])["output"]


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_a_key_that_is_refused_is_refused_wherever_it_signs_and_another_is_not(
    bedrock: Bedrock, url: str, code: str
) -> None:
    bedrock.refuse_key("old-key", code)

    with connected(boto3.Session("old-key", "secret", region_name="us-east-1"), url) as client:
        for call in (client.converse, client.converse_stream):
            with pytest.raises(ClientError, match="security token included in the request is") as refused:
                call(modelId=MICRO, messages=[user()])
            assert refused.value.response["Error"]["Code"] == code
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with connected(boto3.Session("new-key", "secret", region_name="us-east-1"), url) as client:
        assert client.converse(modelId=MICRO, messages=[user()])["output"]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ExpiredTokenException", "Bearer Token has expired"),
        ("UnrecognizedClientException", "Authentication failed: Please make sure your API Key is valid."),
    ],
)
def test_an_api_key_that_is_refused_is_denied_access(
    bedrock: Bedrock, url: str, code: str, sentence: str
) -> None:
    """boto3 sends one over HTTPS alone."""
    bedrock.refuse_key("bedrock-api-key-1", code)
    headers = {"Authorization": "Bearer bedrock-api-key-1"}
    request = urllib.request.Request(f"{url}/model/{MICRO}/converse", b"{}", headers, method="POST")  # noqa: S310

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=SOON)  # noqa: S310
    with refused.value as response:
        assert response.code == 403
        assert response.headers["x-amzn-ErrorType"].startswith("AccessDeniedException:")
        assert json.load(response) == {"message": sentence}


def test_a_refused_request_takes_no_reply_and_is_kept(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse", Reply("kept"))

    with pytest.raises(ClientError):
        client.converse(modelId=MICRO, messages=[])
    answer = client.converse(modelId=MICRO, messages=[user()])

    assert answer["output"]["message"]["content"] == [{"text": "kept"}]
    assert [len(request.body["messages"]) for request in bedrock.requests] == [0, 1]


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        (b"{", "SerializationException", "not JSON of an object"),
        (b"[]", "SerializationException", "not JSON of an object"),
        (b'{"messages":[{"role":"user","content":[{"poem":"x"}]}]}', "ValidationException", CONTENT),
        (
            b'{"messages":[],"inferenceConfig":{"maxTokens":0}}',
            "ValidationException",
            "greater than or equal to 1",
        ),
        (
            b'{"messages":[],"inferenceConfig":{"topP":-1}}',
            "ValidationException",
            "greater than or equal to 0",
        ),
    ],
)
def test_what_boto3_would_not_send_is_refused_too(url: str, body: bytes, code: str, sentence: str) -> None:
    request = urllib.request.Request(f"{url}/model/{PRO}/converse", body, method="POST")  # noqa: S310

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=SOON)  # noqa: S310

    with refused.value as response:
        assert response.code == 400
        assert response.headers["x-amzn-ErrorType"].startswith(f"{code}:")
        assert sentence in json.load(response)["message"]


def test_even_an_unknown_address_has_a_request_id(url: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/nowhere", timeout=SOON)  # noqa: S310

    with refused.value as response:
        assert response.code == 404
        assert response.headers["x-amzn-RequestId"]


# Failures


@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 429),
        ("ModelNotReadyException", 429),
        ("ServiceUnavailableException", 503),
        ("InternalServerException", 500),
        ("ModelErrorException", 424),
        ("ModelTimeoutException", 408),
        ("AccessDeniedException", 403),
        ("ResourceNotFoundException", 404),
    ],
)
def test_an_error_has_the_status_and_the_class_that_boto3_knows(
    bedrock: Bedrock, client: Any, operation: str, code: str, status: int
) -> None:
    bedrock.enqueue(operation, Reply(error=code, message="Too bad."))

    with pytest.raises(getattr(client.exceptions, code)) as failed:
        getattr(client, operation.replace("-", "_"))(modelId=MICRO, messages=[user()])

    response = failed.value.response
    assert response["Error"] == {"Code": code, "Message": "Too bad."}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert response["ResponseMetadata"]["RequestId"] == bedrock.requests[0].request_id


def test_reasoning_comes_in_a_block_before_the_text(bedrock: Bedrock, client: Any) -> None:
    for operation in ("converse", "converse-stream"):
        bedrock.enqueue(operation, Reply(text=["Yes."], reasoning=["Let me ", "see."]))

    thought, said = client.converse(modelId=PRO, messages=[user()])["output"]["message"]["content"]
    assert thought["reasoningContent"]["reasoningText"]["text"] == "Let me see."
    assert said == {"text": "Yes."}
    deltas = [event["contentBlockDelta"] for event in streamed(client) if "contentBlockDelta" in event]
    first, second, signature, last = ((each["contentBlockIndex"], each["delta"]) for each in deltas)
    assert first == (0, {"reasoningContent": {"text": "Let me "}})
    assert second == (0, {"reasoningContent": {"text": "see."}})
    assert "signature" in signature[1]["reasoningContent"]
    assert last == (1, {"text": "Yes."})


def test_an_error_of_any_name_and_status_can_be_had(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse", Reply(error="TeapotException", status=418), Reply(error="TeapotException"))

    for status in (418, 400):
        with pytest.raises(ClientError) as failed:
            client.converse(modelId=MICRO, messages=[user()])
        assert failed.value.response["Error"]["Code"] == "TeapotException"
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_boto3_tries_again_after_an_error_that_passes(
    bedrock: Bedrock, session: boto3.Session, url: str
) -> None:
    bedrock.enqueue("converse", Reply(error="InternalServerException"), Reply("at last"))

    with connected(session, url, attempts=2) as client:
        answer = client.converse(modelId=MICRO, messages=[user()])

    assert answer["output"]["message"]["content"] == [{"text": "at last"}]
    assert len(bedrock.requests) == 2


def collected(client: Any) -> tuple[list[dict[str, Any]], Exception | None]:
    """The events that came, and what ended them if not their end."""
    events: list[dict[str, Any]] = []
    with closing(client.converse_stream(modelId=PRO, messages=[user()])["stream"]) as stream:
        try:
            events.extend(stream)
        except Exception as error:  # whatever it is, the test looks at it
            return events, error
    return events, None


def test_an_exception_in_the_stream_comes_after_the_deltas_before_it(bedrock: Bedrock, client: Any) -> None:
    reply = Reply(["a", "b", "c"], after=2, then="exception:throttlingException", message="Too fast.")
    bedrock.enqueue("converse-stream", reply)

    events, error = collected(client)

    assert deltas(events) == ["a", "b"]
    assert isinstance(error, EventStreamError)
    assert error.response["Error"] == {"Code": "throttlingException", "Message": "Too fast."}


def test_a_cut_connection_is_a_protocol_error(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse-stream", Reply(["a", "b"], after=1, then="cut"))

    events, error = collected(client)

    assert deltas(events) == ["a"]
    assert isinstance(error, ProtocolError)
    assert bedrock.closed == []


def test_a_body_that_ends_early_is_no_error_to_boto3(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse-stream", Reply(["a", "b"], after=1, then="end"))

    events, error = collected(client)

    assert error is None
    assert [next(iter(event)) for event in events] == ["messageStart", "contentBlockDelta"]


def test_an_answer_may_stop_early_as_if_that_were_all(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse-stream", Reply(["abcd", "efgh"], after=1))

    events = streamed(client)

    assert deltas(events) == ["abcd"]
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 1


def test_a_silent_stream_runs_into_the_read_timeout_and_its_client_is_noted(
    bedrock: Bedrock, session: boto3.Session, url: str
) -> None:
    bedrock.enqueue("converse-stream", Reply(["a", "b"], after=1, then="silence"))

    with connected(session, url, read_timeout=0.2) as client:
        events, error = collected(client)

    assert deltas(events) == ["a"]
    assert isinstance(error, StreamTimeoutError)
    until(lambda: bedrock.closed == [bedrock.requests[0].request_id])


def test_a_silent_converse_runs_into_the_read_timeout(
    bedrock: Bedrock, session: boto3.Session, url: str
) -> None:
    bedrock.enqueue("converse", Reply(then="silence"))

    with connected(session, url, read_timeout=0.2) as client, pytest.raises(ReadTimeoutError):
        client.converse(modelId=MICRO, messages=[user()])

    until(lambda: bedrock.closed == [bedrock.requests[0].request_id])


def test_a_cut_converse_is_a_closed_connection(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse", Reply(then="cut"))

    with pytest.raises(ConnectionClosedError):
        client.converse(modelId=MICRO, messages=[user()])


def test_a_held_stream_goes_on_when_it_is_released(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse-stream", Reply(["a", "b", "c"], after=1, then="hold"))

    with closing(client.converse_stream(modelId=PRO, messages=[user()])["stream"]) as stream:
        events = iter(stream)
        before = [next(events), next(events)]
        bedrock.release()
        after = list(events)

    assert deltas(before) == ["a"]
    assert deltas(after) == ["b", "c"]
    assert "metadata" in after[-1]


def test_a_held_converse_answers_when_it_is_released(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse", Reply("late", then="hold"))

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.converse, modelId=MICRO, messages=[user()])
        until(lambda: bool(bedrock.requests))
        assert not answer.done()
        bedrock.release()

        assert answer.result(SOON)["output"]["message"]["content"] == [{"text": "late"}]


def test_a_release_does_not_reach_requests_to_come(bedrock: Bedrock, client: Any) -> None:
    bedrock.release()
    bedrock.enqueue("converse-stream", Reply(["a", "b"], after=1, then="hold"))

    with closing(client.converse_stream(modelId=PRO, messages=[user()])["stream"]) as stream:
        events = iter(stream)
        first = [next(events), next(events)]
        bedrock.release()

        assert deltas(first) == ["a"]
        assert deltas(list(events)) == ["b"]


def test_a_client_that_leaves_in_mid_answer_is_noted(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse-stream", Reply(pace=Pace(0.0, 0.0, tokens_per_second=20.0)))

    stream = client.converse_stream(modelId=PRO, messages=[user()])["stream"]
    next(iter(stream))
    stream.close()

    until(lambda: bedrock.closed == [bedrock.requests[0].request_id])


def test_a_stopping_server_cuts_the_answers_under_way(bedrock: Bedrock, session: boto3.Session) -> None:
    bedrock.enqueue("converse-stream", Reply(["a"], then="silence"))
    with served(bedrock) as address, connected(session, address) as client:
        stream = client.converse_stream(modelId=PRO, messages=[user()])["stream"]
        events = iter(stream)
        next(events)

    with closing(stream), pytest.raises(ProtocolError):
        list(events)
    assert bedrock.closed == []


def test_a_stopping_server_does_not_wait_for_a_client_that_has_stopped_reading(
    bedrock: Bedrock, session: boto3.Session
) -> None:
    """`served` gives the server's end no more than fifteen seconds; aiohttp would wait for a minute."""
    bedrock.enqueue("converse-stream", Reply(["x" * 1_000_000] * 12, then="silence"))
    with served(bedrock) as address, connected(session, address) as client:
        stream = client.converse_stream(modelId=PRO, messages=[user()])["stream"]
        next(iter(stream))

    stream.close()
    assert bedrock.closed == []


def test_a_runner_that_cancels_handlers_gets_its_lost_clients_noted_too(session: boto3.Session) -> None:
    bedrock = Bedrock(INSTANT)
    bedrock.enqueue("converse-stream", Reply(["a"], then="silence"))
    with served(bedrock, handler_cancellation=True) as address, connected(session, address) as client:
        stream = client.converse_stream(modelId=PRO, messages=[user()])["stream"]
        next(iter(stream))
        stream.close()

        until(lambda: bedrock.closed == [bedrock.requests[0].request_id])


def test_an_unknown_ending_is_an_error_of_the_test_that_asks_for_it() -> None:
    with pytest.raises(ValueError, match="no such ending: explode"):
        Reply(then="explode")


# Pace


def test_the_stream_keeps_its_pace(bedrock: Bedrock, client: Any) -> None:
    pace = Pace(first_token=0.1, tokens_per_second=10_000.0)
    bedrock.enqueue("converse-stream", Reply(["x"] * 2001, pace=pace))
    started = time.monotonic()

    with closing(client.converse_stream(modelId=PRO, messages=[user()])["stream"]) as stream:
        events = iter(stream)
        next(events)
        first = time.monotonic() - started
        assert len(deltas(list(events))) == 2001
    whole = time.monotonic() - started

    assert first >= 0.1
    assert whole >= 0.3
    assert len(bedrock.requests[0].sent) < 1000, "a timer for each token would be a little late each time"


def test_converse_answers_after_its_time(bedrock: Bedrock, client: Any) -> None:
    bedrock.enqueue("converse", Reply(pace=Pace(converse=0.1)))
    started = time.monotonic()

    answer = client.converse(modelId=MICRO, messages=[user()])

    assert time.monotonic() - started >= 0.1
    assert answer["metrics"]["latencyMs"] >= 100


def test_many_streams_are_answered_side_by_side(bedrock: Bedrock, session: boto3.Session, url: str) -> None:
    bedrock.always("converse-stream", Reply(["a", "b"], after=1, then="hold"))

    with connected(session, url) as client, ThreadPoolExecutor(30) as pool:
        answers = pool.map(lambda _: streamed(client), range(30))
        until(lambda: len(bedrock.requests) == 30)
        bedrock.release()

    assert all(deltas(events) == ["a", "b"] for events in answers)
