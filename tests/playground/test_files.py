"""Slack's file server, and what the Web API and events tell of files and of who shares them."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from slack_sdk.errors import SlackApiError

from bot.playground.files import LOGIN_PAGE, Mishap
from bot.playground.limits import UNLIMITED
from bot.playground.servers import Servers
from bot.playground.slack import ALL_SCOPES, APP_TOKEN, BOT_TOKEN, Slack
from bot.playground.workspace import ADA, BOT_USER, MINJI, NOOR, OTHER_TEAM, SAM, TEAM, User
from tests.playground.serving import Listener, serving, web_client

DATA = b"\x89PNG\r\n\x1a\n and more"
MENTION = f"<@{BOT_USER}> what is this?"
READING = {"Authorization": f"Bearer {BOT_TOKEN}"}


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with serving() as servers:
        yield servers


def uploaded(servers: Servers, name: str = "map.png", data: bytes = DATA, **fields: Any) -> dict[str, Any]:
    return servers.do(lambda: servers.slack.upload(name, data, **fields))


def test_a_transcript_is_told_of_by_files_info_once_it_is_made_and_served_whole_as_vtt(
    servers: Servers,
) -> None:
    file = uploaded(servers, "audio_message.m4a", subtype="slack_audio")
    words = "Why is the sky blue? " * 20
    event = servers.do(lambda: servers.slack.files.transcribe(file["id"], words, still=2))
    client = web_client(servers)
    told = [client.files_info(file=file["id"])["file"] for _ in range(3)]

    assert event["transcription"] == told[0]["transcription"] == {"status": "processing"}
    assert "vtt" not in told[0]
    assert told[1] == told[2]
    assert told[1]["transcription"]["status"] == "complete"
    assert told[1]["transcription"]["preview"] == {"content": words[:100], "has_more": True}
    served = download(told[1]["vtt"])
    assert (served.status, served.mimetype) == (200, "text/vtt")
    assert served.data.decode().startswith("\ufeffWEBVTT \n\n00:00:00.000 --> ")
    assert download(told[1]["vtt"], headers={}).mimetype == "text/html"


@dataclass(frozen=True)
class Download:
    """An answer of the file server. It is whole unless its connection ended before it did."""

    status: int
    mimetype: str
    location: str
    data: bytes
    is_whole: bool = True


def download(url: str, headers: dict[str, str] | None = None, timeout: float = 10.0) -> Download:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("GET", parts.path, headers=READING if headers is None else headers)
        response = connection.getresponse()
        known = (response.status, response.headers.get_content_type(), response.headers.get("Location", ""))
        try:
            return Download(*known, response.read())
        except http.client.IncompleteRead as broken:
            return Download(*known, broken.partial, is_whole=False)
    finally:
        connection.close()


# The file server


def test_a_file_is_described_as_slack_does(servers: Servers) -> None:
    file = uploaded(servers, "지도 1.png", thumbnail=b"small", original_w=30, original_h=20)
    key = f"{servers.slack.base_url}/files-pri/TDUET-{file['id']}"

    assert file.pop("thumb_1024").startswith(f"{servers.slack.base_url}/files-tmb/TDUET-{file['id']}-")
    assert file == {
        "id": file["id"],
        "name": "지도 1.png",
        "title": "지도 1.png",
        "mimetype": "image/png",
        "filetype": "png",
        "size": len(DATA),
        "mode": "hosted",
        "is_external": False,
        "url_private": f"{key}/%EC%A7%80%EB%8F%84%201.png",
        "url_private_download": f"{key}/download/%EC%A7%80%EB%8F%84%201.png",
        "original_w": 30,
        "original_h": 20,
    }
    assert "thumb_1024" not in uploaded(servers)


@pytest.mark.parametrize(
    ("name", "filetype"),
    [
        ("a.jpeg", "jpg"),
        ("a.JPG", "jpg"),
        ("a.txt", "text"),
        ("a.py", "python"),
        ("a.tar.gz", "gz"),
        ("README", "binary"),
    ],
)
def test_a_file_has_a_type_by_its_name(servers: Servers, name: str, filetype: str) -> None:
    assert uploaded(servers, name)["filetype"] == filetype


@pytest.mark.parametrize("name", ["url_private", "url_private_download"])
def test_a_file_is_given_to_the_bot(servers: Servers, name: str) -> None:
    file = uploaded(servers, "지도.png")

    assert download(file[name]) == Download(200, "image/png", "", DATA)
    assert servers.do(lambda: servers.slack.files.asked[-1]) == file["id"]


def test_a_thumbnail_is_given_to_the_bot_alone(servers: Servers) -> None:
    url = uploaded(servers, thumbnail=b"small")["thumb_1024"]

    assert download(url) == Download(200, "image/png", "", b"small")
    assert download(url, {}).data == LOGIN_PAGE.encode()


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        BOT_TOKEN,
        f"Basic {BOT_TOKEN}",
        f"Bearer {APP_TOKEN}",
        "Bearer xoxb-another",
        f"Bearer {BOT_TOKEN}x",
    ],
)
def test_all_others_are_shown_where_to_log_in(servers: Servers, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    found = download(uploaded(servers)["url_private"], headers)

    assert found == Download(200, "text/html", "", LOGIN_PAGE.encode())


def test_so_is_a_bot_without_the_scope() -> None:
    with serving(lambda: Slack(UNLIMITED, ALL_SCOPES - {"files:read"})) as servers:
        assert download(uploaded(servers)["url_private"]).data == LOGIN_PAGE.encode()
        assert not servers.slack.used_scopes


def test_a_download_counts_as_a_use_of_the_scope() -> None:
    with serving() as servers:
        download(uploaded(servers)["url_private"], {})
        assert not servers.slack.used_scopes

        download(uploaded(servers)["url_private"])
        assert servers.slack.used_scopes == {"files:read"}


def test_a_file_that_is_not_there_is_not_found(servers: Servers) -> None:
    file = uploaded(servers)
    servers.do(lambda: servers.slack.files.delete(file["id"]))

    assert download(file["url_private"]).status == 404
    assert download(file["url_private"].replace(file["id"], "F0")).status == 404


@pytest.mark.parametrize(
    ("mishap", "expected"),
    [
        (Mishap(is_login=True), Download(200, "text/html", "", LOGIN_PAGE.encode())),
        (Mishap(302, location="/a"), Download(302, "text/plain", "/a", b"")),
        (Mishap(403), Download(403, "text/plain", "", b"")),
        (Mishap(404), Download(404, "text/plain", "", b"")),
        (Mishap(extra=3), Download(200, "image/png", "", DATA + bytes(3))),
        (Mishap(extra=-3), Download(200, "image/png", "", DATA[:-3], is_whole=False)),
    ],
)
def test_a_download_goes_wrong_as_often_as_it_is_told_to(
    servers: Servers, mishap: Mishap, expected: Download
) -> None:
    file, other = uploaded(servers), uploaded(servers)
    servers.do(lambda: servers.slack.files.enqueue(file["id"], mishap, mishap))

    assert download(other["url_private"]).data == DATA
    assert [download(file["url_private"]) for _ in range(2)] == [expected, expected]
    assert download(file["url_private"]).data == DATA


def test_a_download_can_be_met_with_silence(servers: Servers) -> None:
    file = uploaded(servers)
    servers.do(lambda: servers.slack.files.enqueue(file["id"], Mishap(is_silent=True)))

    with pytest.raises(TimeoutError):
        download(file["url_private"], timeout=0.2)
    assert download(file["url_private"]).data == DATA


# The Web API


def test_a_file_can_be_asked_about(servers: Servers) -> None:
    file = uploaded(servers, title="Where we are", size=3)

    assert (file["title"], file["size"]) == ("Where we are", 3)
    assert web_client(servers).files_info(file=file["id"])["file"] == file


def test_a_file_that_is_gone_cannot_be_asked_about(servers: Servers) -> None:
    file = uploaded(servers)
    servers.do(lambda: servers.slack.files.delete(file["id"]))

    with pytest.raises(SlackApiError, match="file_deleted"):
        web_client(servers).files_info(file=file["id"])
    with pytest.raises(SlackApiError, match="file_not_found"):
        web_client(servers).files_info(file="F0")


@pytest.mark.parametrize("with_locale", [True, False, None])
def test_a_person_can_be_asked_about(servers: Servers, with_locale: bool | None) -> None:
    user = web_client(servers).users_info(user=MINJI.id, include_locale=with_locale)["user"]

    assert user.items() >= {"id": MINJI.id, "name": "민지", "real_name": "민지", "is_bot": False}.items()
    assert user["profile"]["display_name"] == "민지"
    assert user["tz"] == "Asia/Seoul"
    assert user.get("locale") == ("ko-KR" if with_locale else None)


@pytest.mark.parametrize(
    ("user", "team", "is_admin", "is_restricted"),
    [
        (ADA, TEAM, True, False),
        (MINJI, TEAM, False, False),
        (SAM, TEAM, False, True),
        (NOOR, OTHER_TEAM, False, False),
    ],
    ids=["admin", "member", "guest", "partner"],
)
def test_it_is_told_who_somebody_is_to_the_workspace(
    servers: Servers, user: User, team: str, is_admin: bool, is_restricted: bool
) -> None:
    """Somebody of another company is no stranger where the bot shares a channel with them."""
    found = web_client(servers).users_info(user=user.id)["user"]

    assert (found["team_id"], found["is_stranger"]) == (team, False)
    assert (found["is_admin"], found["is_restricted"]) == (is_admin, is_restricted)


def test_somebody_of_another_company_without_a_shared_channel_is_a_stranger(servers: Servers) -> None:
    stranger = User("USTRANGER", "Who", team=OTHER_TEAM)
    servers.do(lambda: servers.slack.workspace.users.update({stranger.id: stranger}))

    assert web_client(servers).users_info(user=stranger.id)["user"]["is_stranger"] is True


def test_a_bot_is_told_from_a_person(servers: Servers) -> None:
    assert web_client(servers).users_info(user=BOT_USER)["user"]["is_bot"] is True


def test_a_person_who_is_unknown_cannot_be_asked_about(servers: Servers) -> None:
    with pytest.raises(SlackApiError, match="user_not_found"):
        web_client(servers).users_info(user="U0")


@pytest.mark.parametrize(("method", "scope"), [("files.info", "files:read"), ("users.info", "users:read")])
def test_to_ask_about_them_takes_a_scope(method: str, scope: str) -> None:
    granted = ALL_SCOPES - {scope}
    with serving(lambda: Slack(UNLIMITED, granted)) as servers, pytest.raises(SlackApiError) as refused:
        web_client(servers).api_call(method, params={"file": "F0", "user": ADA.id})

    assert (refused.value.response["error"], refused.value.response["needed"]) == ("missing_scope", scope)


# Events


@pytest.fixture(scope="module")
def listener(servers: Servers) -> Iterator[Listener]:
    listener = Listener(servers)
    yield listener
    listener.close()


@pytest.mark.parametrize(
    ("channel", "lack", "is_told"),
    [("CGENERAL", False, True), ("CGENERAL", True, False), ("DADA", True, True)],
)
def test_a_mention_may_lack_the_files_that_its_message_has(
    servers: Servers, listener: Listener, channel: str, lack: bool, is_told: bool
) -> None:
    file = uploaded(servers)

    def say(slack: Slack) -> None:
        slack.events.mentions_lack_files = lack
        slack.say(ADA.id, channel, MENTION, files=[file])

    (event,) = listener.hears(say)

    assert (event.get("files"), event.get("subtype")) == (([file], "file_share") if is_told else (None, None))
    client, ts = web_client(servers), event["ts"]
    (reply,) = client.conversations_replies(channel=channel, ts=ts)["messages"]
    newest = client.conversations_history(channel=channel)["messages"][0]
    assert reply["files"] == newest["files"] == [file]


def test_a_stub_tells_no_more_than_where_to_ask(servers: Servers, listener: Listener) -> None:
    file = uploaded(servers)
    stub = {"id": file["id"], "mode": "file_access", "file_access": "check_file_info"}

    (event,) = listener.hears(lambda slack: slack.say(ADA.id, "DADA", "", files=[slack.stub(file)]))

    assert event["files"] == [stub]
    assert web_client(servers).files_info(file=event["files"][0]["id"])["file"] == file


def test_what_slack_made_of_a_presentation_is_served_where_its_file_object_says(servers: Servers) -> None:
    file = uploaded(servers, "talk.pptx", pdf=b"%PDF-1.7")

    assert file["converted_pdf"].endswith("/talk_converted.pdf")
    found = download(file["converted_pdf"])
    assert (found.data, found.mimetype) == (b"%PDF-1.7", "application/pdf")
    assert download(file["converted_pdf"], headers={}).data == LOGIN_PAGE.encode()
    assert "converted_pdf" not in uploaded(servers, "talk.pptx")
