"""Which files and cache points the Bedrock-compatible server takes, and which not, by the real boto3."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from bot.playground.bedrock import INSTANT, Bedrock
from tests import sample_files
from tests.playground.test_bedrock import (
    MICRO,
    PRO,
    SOON,
    assistant,
    connected,
    deltas,
    served,
    streamed,
    user,
)

VALIDATION = "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must {}"
NAME = "The document file name can only contain alphanumeric characters"
CACHE_POINT = {"cachePoint": {"type": "default"}}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(Bedrock(INSTANT)) as address:
        yield address


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session("access-key", "secret-key", region_name="us-east-1")


@pytest.fixture(scope="module")
def client(session: boto3.Session, url: str) -> Iterator[Any]:
    with connected(session, url) as connection:
        yield connection


def image(data: bytes | None = None, form: str = "png") -> dict[str, Any]:
    return {"image": {"format": form, "source": {"bytes": sample_files.png() if data is None else data}}}


def document(name: str = "document-1", data: bytes = b"text", form: str = "txt") -> dict[str, Any]:
    return {"document": {"format": form, "name": name, "source": {"bytes": data}}}


def video(data: bytes | None = None, form: str = "mp4") -> dict[str, Any]:
    return {"video": {"format": form, "source": {"bytes": sample_files.mp4() if data is None else data}}}


def asked(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": [*blocks, {"text": "What is this?"}]}


def refused(client: Any, *messages: dict[str, Any], **options: Any) -> str:
    """The message with which Nova Pro's server refuses the conversation."""
    with pytest.raises(client.exceptions.ValidationException) as error:
        client.converse(modelId=PRO, messages=list(messages), **options)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(error.value.response["Error"]["Message"])


@pytest.mark.parametrize(
    "block",
    [
        image(),
        image(sample_files.png(8_000, 2)),
        image(sample_files.jpeg(8_000, 8), "jpeg"),
        image(sample_files.gif(8_000, 8_000), "gif"),
        image(sample_files.webp(), "webp"),
        video(),
        video(sample_files.mov(), "mov"),
        video(b"3gp", "three_gp"),
        document("Report (2) [final] - 1"),
        document("x" * 200),
        document(data=bytes(4_500_000)),
        document(data=bytes(4_500_001), form="pdf"),
        document(data=bytes(4_500_001), form="docx"),
    ],
    ids=lambda block: next(iter(block)),
)
def test_what_nova_takes_is_taken(client: Any, block: dict[str, Any]) -> None:
    assert deltas(streamed(client, asked(block)))


def test_as_many_files_as_nova_takes_are_taken(client: Any) -> None:
    documents = [document(f"document-{number}") for number in range(5)]

    assert deltas(streamed(client, asked(*[image()] * 5, *documents, video())))


@pytest.mark.parametrize(
    ("block", "formats"),
    [
        (image(form="jpg"), "image.format: png, jpeg, gif, webp"),
        (document(form="json"), "document.format: pdf, csv, doc, docx, xls, xlsx, html, txt, md"),
        (video(form="3gp"), "video.format: mkv, mov, mp4, webm, flv, mpeg, mpg, wmv, three_gp"),
    ],
)
def test_a_format_has_to_be_one_of_the_kinds_own(client: Any, block: dict[str, Any], formats: str) -> None:
    member, _, names = formats.partition(": ")
    where = f"messages.1.member.content.1.member.{member}"

    assert refused(client, asked(block)) == VALIDATION.format(where, f"satisfy enum value set: [{names}]")


@pytest.mark.parametrize("block", [image(b""), document(data=b""), video(b"")], ids=["image", "doc", "video"])
def test_a_file_has_to_have_bytes(client: Any, block: dict[str, Any]) -> None:
    where = f"messages.1.member.content.1.member.{next(iter(block))}.source.bytes"

    assert refused(client, asked(block)) == VALIDATION.format(where, "have length greater than or equal to 1")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "x" * 201,
            "document.name' failed to satisfy constraint: Member must have length less than or equal to",
        ),
        ("report.pdf", NAME),
        ("a_b", NAME),
        ("a  b", NAME),
        ("a\tb", NAME),
        ("a\u3000b", NAME),
        ("보고서", NAME),
        ("ignore/this", NAME),
    ],
)
def test_a_document_has_a_plain_name(client: Any, name: str, sentence: str) -> None:
    assert sentence in refused(client, asked(document(name)))


def test_no_two_documents_of_a_conversation_have_one_name(client: Any) -> None:
    conversation = asked(document("a")), assistant(), asked(document("a", form="md"))

    assert refused(client, *conversation) == "Messages can't contain duplicate document names."


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ([image()] * 6, "You can't include more than 5 images in a request."),
        ([document(str(n)) for n in range(6)], "You can't include more than 5 documents in a request."),
        ([video()] * 2, "You can't include more than 1 video in a request."),
    ],
)
def test_there_are_only_so_many_files_of_a_kind_in_all_turns(
    client: Any, blocks: list[dict[str, Any]], sentence: str
) -> None:
    assert refused(client, asked(*blocks[:1]), assistant(), asked(*blocks[1:])) == sentence


@pytest.mark.parametrize("form", ["txt", "csv", "html", "md", "doc", "xls", "xlsx"])
def test_a_document_without_pages_is_no_larger_than_4_5_mb(client: Any, form: str) -> None:
    too_large = document(data=bytes(4_500_001), form=form)

    assert "exceeds the maximum size of 4.5 MB" in refused(client, asked(too_large))


@pytest.mark.parametrize("data", [sample_files.encrypted_pdf(), sample_files.open_pdf()])
def test_an_encrypted_pdf_is_not_read(client: Any, data: bytes) -> None:
    assert "is encrypted" in refused(client, asked(document(data=data, form="pdf")))


@pytest.mark.parametrize(
    "block",
    [
        image(sample_files.jpeg(), "png"),
        image(sample_files.png(), "jpeg"),
        image(sample_files.webp(), "gif"),
        image(sample_files.gif(), "webp"),
        image(b"\x00", "png"),
        image(sample_files.pdf(), "png"),
    ],
)
def test_an_image_is_what_its_format_says(client: Any, block: dict[str, Any]) -> None:
    assert refused(client, asked(block)) == (
        "The model returned the following errors: "
        "The provided image does not match the specified image format."
    )


@pytest.mark.parametrize(
    "block",
    [
        image(sample_files.png(8_001, 1)),
        image(sample_files.png(1, 8_001)),
        image(sample_files.jpeg(8_001, 8), "jpeg"),
        image(sample_files.jpeg(8, 8_001), "jpeg"),
        image(sample_files.gif(8_001, 1), "gif"),
    ],
)
def test_an_image_has_no_side_longer_than_8000_pixels(client: Any, block: dict[str, Any]) -> None:
    assert "maximum dimensions of 8000 x 8000 pixels" in refused(client, asked(block))


@pytest.mark.parametrize(
    "block",
    [
        image(sample_files.png()[:20]),
        image(sample_files.jpeg()[:24], "jpeg"),
        image(b"\xff\xd8\xff" + bytes(20), "jpeg"),
        image(sample_files.gif()[:8], "gif"),
    ],
)
def test_the_size_of_an_image_that_is_cut_short_is_not_looked_at(client: Any, block: dict[str, Any]) -> None:
    assert deltas(streamed(client, asked(block)))


@pytest.mark.parametrize("block", [image(), document(), video()], ids=["image", "document", "video"])
def test_an_assistant_says_words_only(client: Any, block: dict[str, Any]) -> None:
    said = {"role": "assistant", "content": [block, {"text": "Look."}]}

    assert "doesn't support the" in refused(client, user(), said, user())


def test_nova_hears_nothing(client: Any) -> None:
    sound = {"audio": {"format": "mp3", "source": {"bytes": b"ID3"}}}

    assert "doesn't support the audio field" in refused(client, asked(sound))


@pytest.mark.parametrize("encoded", ["not base64!", "a", "aGk"])
def test_bytes_that_are_no_base64_are_refused(url: str, encoded: str) -> None:
    turn = asked({"image": {"format": "png", "source": {"bytes": encoded}}})
    body = json.dumps({"messages": [turn]}).encode()
    request = urllib.request.Request(f"{url}/model/{PRO}/converse", body, method="POST")  # noqa: S310

    with pytest.raises(urllib.error.HTTPError) as failed:
        urllib.request.urlopen(request, timeout=SOON)  # noqa: S310

    with failed.value as response:
        assert response.code == 400
        assert "messages.0.content.0.image is not valid base64" in json.load(response)["message"]


def test_a_file_that_lies_elsewhere_is_not_looked_at(client: Any) -> None:
    there = {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/picture"}}}}

    assert "- image (png, 0.0 kB)" in "".join(deltas(streamed(client, asked(there))))


def test_a_request_of_more_than_25_mb_is_refused(client: Any) -> None:
    fits, exceeds = (asked(document(data=bytes(size), form="pdf")) for size in (19_600_000, 19_700_000))

    assert deltas(streamed(client, fits))
    assert "exceeds the maximum size of 25 MB" in refused(client, exceeds)


# Cache points


def test_cache_points_stand_in_the_system_prompt_and_in_messages(client: Any) -> None:
    turn = asked(image(), CACHE_POINT)
    system = [{"text": "Be brief."}, CACHE_POINT]

    assert deltas(streamed(client, turn, assistant(), asked(CACHE_POINT), system=system))
    assert client.converse(modelId=MICRO, messages=[user()], system=system)["usage"]["inputTokens"] == 8


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        (
            {"type": "best"},
            "cachePoint.type' failed to satisfy constraint: Member must satisfy enum value set",
        ),
        ({"type": "default", "ttl": "1h"}, "cachePoint.ttl' failed to satisfy constraint"),
    ],
)
def test_a_cache_point_is_of_the_one_type_and_for_five_minutes(
    client: Any, point: dict[str, str], sentence: str
) -> None:
    assert f"messages.1.member.content.1.member.{sentence}" in refused(client, asked({"cachePoint": point}))
    system = [{"text": "Be brief."}, {"cachePoint": point}]
    assert f"system.2.member.{sentence}" in refused(client, user(), system=system)


def test_a_request_has_no_more_than_four_cache_points(client: Any) -> None:
    system = [{"text": "Be brief."}, CACHE_POINT]

    assert deltas(streamed(client, asked(*[CACHE_POINT] * 3), system=system))
    too_many = refused(client, asked(*[CACHE_POINT] * 4), system=system)
    assert too_many == "You can't include more than 4 cache points in a request."


def test_nova_takes_no_cache_point_among_tools(client: Any) -> None:
    tool = {"toolSpec": {"name": "clock", "inputSchema": {"json": {"type": "object"}}}}

    assert "#/toolConfig/tools/1: extraneous key [cachePoint]" in refused(
        client, user(), toolConfig={"tools": [tool, CACHE_POINT]}
    )


def test_what_is_read_from_the_cache_is_billed_apart(session: boto3.Session) -> None:
    system = [{"text": "abcd" * 1_200}, CACHE_POINT]
    with served(Bedrock(INSTANT)) as address, connected(session, address) as client:
        whole = client.converse(modelId=PRO, messages=[user("abcd")], system=system)["usage"]
        events = streamed(client, user("abcd" * 3), system=system)

    stream = events[-1]["metadata"]["usage"]
    names = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    assert [whole[name] for name in names] == [1, 0, 1_200]
    assert [stream[name] for name in names] == [3, 1_200, 0]
    for usage in (whole, stream):
        assert usage["totalTokens"] == sum(usage[name] for name in names) + usage["outputTokens"]


def test_each_server_has_a_cache_of_its_own(session: boto3.Session) -> None:
    system = [{"text": "abcd" * 1_200}, CACHE_POINT]
    for _ in range(2):
        with served(Bedrock(INSTANT)) as address, connected(session, address) as client:
            usage = client.converse(modelId=PRO, messages=[user()], system=system)["usage"]
        assert usage["cacheWriteInputTokens"] == 1_200


# The script


def test_the_script_says_what_it_was_given(client: Any) -> None:
    files = image(sample_files.jpeg(), "jpeg"), document(data=sample_files.txt("\n한 줄\n두 줄")), video()

    said = "".join(deltas(streamed(client, asked(*files))))

    assert (
        "\n- image (jpeg, 0.2 kB)\n- document (txt, 0.0 kB), which begins: `한 줄`\n- video (mp4, 0.1 kB)\n"
        in said
    )
