"""The page's server: what it shows to whom, and whom it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import bot.playground.page
from bot.playground.limits import UNLIMITED
from bot.playground.page import Page
from bot.playground.servers import Servers
from bot.playground.slack import Slack
from bot.playground.socket_mode import SocketMode
from bot.playground.workspace import ADA, BOT_USER, MINJI, NOOR, SAM, Message, User
from tests.playground.serving import SOON, Listener, serving, web_client
from tests.sample_files import png

FILES = sorted(path.name for path in (Path(bot.playground.page.__file__).parent / "page").iterdir())


def slack_with_page(sockets: SocketMode | None = None) -> Slack:
    slack = Slack(UNLIMITED, sockets=sockets)
    Page(slack)
    return slack


@pytest.fixture
def servers() -> Iterator[Servers]:
    with serving(slack_with_page) as servers:
        yield servers


@pytest.fixture(scope="module")
def untouched() -> Iterator[Servers]:
    """Servers of which things are only asked."""
    with serving(slack_with_page) as servers:
        yield servers


def address(servers: Servers) -> str:
    return urlsplit(servers.slack.base_url).netloc


def request(
    servers: Servers,
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | bytes | None = None,
) -> tuple[HTTPResponse, str]:
    """The answer to a request whose path is sent as it stands."""
    sent = json.dumps(body) if isinstance(body, Mapping) else body
    with closing(HTTPConnection(address(servers), timeout=SOON)) as connection:
        connection.request(method, path, sent, dict(headers or {}))
        response = connection.getresponse()
        return response, response.read().decode(errors="replace")


def state(servers: Servers, person: User = ADA) -> Any:
    response, body = request(servers, f"/page/state?as={person.id}")
    assert response.status == 200
    return json.loads(body)


def upload(servers: Servers, person: User, **parts: str | bytes) -> str:
    """Let `person` upload a file, and return its id."""
    sent = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + (part.encode() if isinstance(part, str) else part)
        + b"\r\n"
        for name, part in parts.items()
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    _, answer = request(servers, f"/page/upload?as={person.id}", "POST", headers, sent + b"--x--\r\n")
    return str(json.loads(answer)["id"])


class Events:
    """An open stream of the page's events."""

    def __init__(self, servers: Servers, person: User = ADA) -> None:
        self._connection = HTTPConnection(address(servers), timeout=SOON)
        self._connection.request("GET", f"/page/events?as={person.id}")
        self.response = self._connection.getresponse()

    def next(self) -> Any:
        while not (line := self.response.readline()).startswith(b"data: "):
            assert line, "the stream has ended"
        return json.loads(line.removeprefix(b"data: "))

    def close(self) -> None:
        self.response.close()
        self._connection.close()


@pytest.fixture
def events(servers: Servers) -> Iterator[Events]:
    with closing(Events(servers)) as events:
        yield events


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "10.0.0.1"]
)
@pytest.mark.parametrize("path", ["/", "/page/state", "/page/events", "/page/app.js", "/api/auth.test"])
def test_a_foreign_host_is_refused(untouched: Servers, host: str, path: str) -> None:
    """Whose name leads to this machine by DNS rebinding could read it otherwise."""
    port = address(untouched).rpartition(":")[2]
    method = "POST" if path.startswith("/api") else "GET"
    response, _ = request(untouched, path, method, {"Host": host.format(port=port)})

    assert response.status == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://{own}"])
@pytest.mark.parametrize(
    "path",
    [
        *("/page/say", "/page/command", "/page/click", "/page/edit", "/page/delete", "/page/shortcut"),
        *("/page/home", "/page/submit", "/page/close", "/page/upload"),
        *("/api/chat.postMessage", "/commands/x", "/actions/x"),
    ],
)
def test_a_foreign_origin_is_refused_and_nothing_is_said(untouched: Servers, origin: str, path: str) -> None:
    headers = {"Origin": origin.format(own=address(untouched)), "Content-Type": "application/json"}
    words = {"channel": "CGENERAL", "text": "hi", "command": "/ask"}
    response, _ = request(untouched, path, "POST", headers, words)

    assert response.status == 403
    assert not untouched.slack.workspace.messages


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_page_is_opened_by_its_own_names(untouched: Servers, name: str) -> None:
    host = f"{name}:{address(untouched).rpartition(':')[2]}"
    response, body = request(untouched, "/", headers={"Host": host, "Origin": f"http://{host}"})

    assert response.status == 200
    assert "<!doctype html>" in body


@pytest.mark.parametrize("path", ["/", "/page/state", "/page/app.js", "/page/nothing"])
def test_every_answer_forbids_what_the_page_does_not_need(untouched: Servers, path: str) -> None:
    response, _ = request(untouched, path)

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("name", FILES)
def test_the_files_of_the_page_are_served_with_their_types(untouched: Servers, name: str) -> None:
    types = {"html": "html", "css": "css", "js": "javascript"}
    response, _ = request(untouched, f"/page/{name}")

    assert response.status == 200
    assert response.headers.get_content_subtype() == types[name.rpartition(".")[2]]


@pytest.mark.parametrize(
    "path",
    [
        "/page/../page.py",
        "/page/..%2fpage.py",
        "/page/%2e%2e/page.py",
        "/page/%2e%2e%2fpage.py",
        "/page/..%5cpage.py",
        "/page//etc/passwd",
        "/page/%2fetc%2fpasswd",
        "/page/..",
        "/page/",
        "/page/app.js%00.html",
        "/page.py",
    ],
)
def test_no_other_file_is_served(untouched: Servers, path: str) -> None:
    response, body = request(untouched, path)

    assert response.status == 404
    assert "import" not in body
    assert "root:" not in body


def test_a_message_and_its_edit_and_its_end_come_as_events(servers: Servers, events: Events) -> None:
    said = servers.do(lambda: servers.slack.say(ADA.id, "CGENERAL", "*hi* <@UADA>"))
    changed = servers.do(lambda: servers.slack.edit(said, "bye"))
    servers.do(lambda: servers.slack.delete(changed))

    came, edited, gone = (events.next() for _ in range(3))
    assert came == {
        "type": "message",
        "message": {
            "channel": "CGENERAL",
            "ts": said.ts,
            "thread_ts": None,
            "user": ADA.id,
            "blocks": [
                {"type": "text", "html": '<strong>hi</strong> <span class="mention">@Ada</span>'},
            ],
            "files": [],
            "text": "*hi* <@UADA>",
            "chosen": {},
            "edited": False,
            "only_you": False,
        },
    }
    assert edited["message"].items() >= {"ts": said.ts, "edited": True}.items()
    assert edited["message"]["blocks"] == [{"type": "text", "html": "bye"}]
    assert gone == {"type": "deleted", "channel": "CGENERAL", "ts": said.ts}


def test_what_the_page_sends_is_said_by_its_person(servers: Servers, events: Events) -> None:
    words = {"channel": "CGENERAL", "thread_ts": "1.5", "text": "hi"}
    headers = {"Content-Type": "application/json", "Origin": servers.slack.base_url}
    _, answer = request(servers, "/page/say", "POST", headers, words)

    assert json.loads(answer)["ok"]
    assert (
        events.next()["message"].items()
        >= {
            "user": ADA.id,
            "channel": "CGENERAL",
            "thread_ts": "1.5",
            "ts": json.loads(answer)["ts"],
        }.items()
    )


def test_a_command_of_the_page_is_given_by_its_person(servers: Servers) -> None:
    with closing(Listener(servers)) as listener:
        words = {"channel": "CQUIET", "command": "/ask", "text": "why?"}
        _, answer = request(servers, "/page/command", "POST", body=words)
        (envelope,) = listener.envelopes()

    assert json.loads(answer)["ok"]
    assert (
        envelope["payload"].items()
        >= {
            "user_id": ADA.id,
            "channel_id": "CQUIET",
            "command": "/ask",
            "text": "why?",
        }.items()
    )


@pytest.mark.parametrize(("answer", "is_ok"), [({}, True), (None, False)], ids=["acknowledged", "not"])
def test_a_click_of_the_page_is_its_persons_and_tells_whether_it_was_acknowledged(
    answer: dict[str, Any] | None, is_ok: bool
) -> None:
    def impatient() -> Slack:
        return slack_with_page(SocketMode(ack_seconds=0.5))

    with serving(impatient) as servers, closing(Listener(servers, lambda _request: answer)) as listener:
        button = {"type": "button", "text": {"type": "plain_text", "text": "Stop"}, "action_id": "stop"}
        posted = web_client(servers).chat_postMessage(
            channel="CGENERAL", text="hi", blocks=[{"type": "actions", "elements": [button]}]
        )
        words = {"channel": "CGENERAL", "ts": posted["ts"], "action_id": "stop"}
        _, body = request(servers, "/page/click", "POST", body=words)
        (envelope,) = listener.envelopes()

    assert json.loads(body) == {"ok": is_ok}
    assert envelope["payload"]["user"]["id"] == ADA.id
    assert envelope["payload"]["actions"][0]["action_id"] == "stop"


@pytest.mark.parametrize("ts", ["1.5", "9.9"])
def test_a_click_on_a_button_that_is_gone_does_nothing(servers: Servers, ts: str) -> None:
    servers.do(lambda: servers.slack.workspace.put(Message("CGENERAL", "1.5", BOT_USER, "no button")))
    words = {"channel": "CGENERAL", "ts": ts, "action_id": "stop"}
    response, body = request(servers, "/page/click", "POST", body=words)

    assert (response.status, json.loads(body)) == (200, {"ok": False})


def test_only_ones_own_messages_are_edited_and_deleted(servers: Servers) -> None:
    own = servers.do(lambda: servers.slack.say(ADA.id, "CGENERAL", "mine"))
    other = servers.do(lambda: servers.slack.say(MINJI.id, "CGENERAL", "not mine"))
    answers = [
        request(servers, path, "POST", body={"channel": "CGENERAL", "ts": message.ts, "text": "changed"})[0]
        for message in (other, own)
        for path in ("/page/edit", "/page/delete")
    ]

    assert [answer.status for answer in answers] == [404, 404, 200, 200]
    assert list(servers.slack.workspace.messages.values()) == [other]


def test_a_shortcut_of_the_page_is_its_persons(servers: Servers) -> None:
    said = servers.do(lambda: servers.slack.say(MINJI.id, "CGENERAL", "what is this?"))
    secret = servers.do(lambda: servers.slack.say(MINJI.id, "DMINJI", "what is that?"))
    offered = state(servers)["shortcuts"][0]["callback_id"]
    with closing(Listener(servers)) as app:
        for message in (secret, said):
            words = {"channel": message.channel, "ts": message.ts, "callback_id": offered}
            response, _ = request(servers, "/page/shortcut", "POST", body=words)
        (envelope,) = (e for e in app.envelopes() if e["type"] == "interactive")

    assert response.status == 200
    assert envelope["payload"]["callback_id"] == "ask_about_message"
    assert (envelope["payload"]["user"]["id"], envelope["payload"]["message_ts"]) == (ADA.id, said.ts)


def test_what_is_around_the_messages_is_only_what_its_person_may_see(
    servers: Servers, events: Events
) -> None:
    client = web_client(servers)
    hers, his = (
        servers.do(lambda user=user, channel=channel: servers.slack.say(user, channel, "why?"))  # type: ignore[misc]
        for user, channel in ((ADA.id, "DADA"), (MINJI.id, "DMINJI"))
    )
    for message in (his, hers):
        client.assistant_threads_setStatus(
            channel_id=message.channel, thread_ts=message.ts, status="is thinking…"
        )
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    client.views_publish(user_id=MINJI.id, view=home)
    published = client.views_publish(user_id=ADA.id, view=home)["view"]
    seen = state(servers)["surroundings"]

    assert seen["statuses"] == [{"channel": "DADA", "thread_ts": hers.ts, "status": "is thinking…"}]
    assert (seen["home"]["id"], seen["home"]["blocks"]) == (
        published["id"],
        [{"type": "divider", "html": "<hr>"}],
    )
    assert seen["modal"] is None
    told = [event for event in (events.next() for _ in range(5)) if event["type"] == "surroundings"]
    assert told[-1]["surroundings"] == seen


def hide_and_show(servers: Servers) -> None:
    """Say something in each place that Ada does and does not see."""

    def say() -> None:
        slack, put = servers.slack, servers.slack.workspace.put
        slack.say(MINJI.id, "DMINJI", "Minji's secret")
        put(Message("CGENERAL", "1.1", BOT_USER, "a whisper to Minji", only_for=MINJI.id))
        put(Message("CGENERAL", "1.2", BOT_USER, "a whisper to Ada", only_for=ADA.id))
        elsewhere = replace(
            slack.workspace.conversations["GTEAM"], id="GELSEWHERE", members=frozenset({MINJI.id})
        )
        slack.workspace.conversations["GELSEWHERE"] = elsewhere
        slack.say(MINJI.id, "GELSEWHERE", "another secret")
        slack.say(MINJI.id, "CGENERAL", "hello all")

    servers.do(say)


def test_the_state_holds_only_what_its_person_may_see(servers: Servers) -> None:
    hide_and_show(servers)
    seen = state(servers)

    assert {conversation["id"] for conversation in seen["conversations"]} == {
        *("CGENERAL", "CRANDOM", "CKOREAN", "CPARTNERS", "CQUIET", "GSECRET", "GTEAM", "GGROUP", "DADA"),
    }
    assert [(message["blocks"][0]["html"], message["only_you"]) for message in seen["messages"]] == [
        ("a whisper to Ada", True),
        ("hello all", False),
    ]
    assert seen["me"] == ADA.id
    assert "secret" not in json.dumps(seen["messages"])


def test_the_events_tell_only_what_their_person_may_see(servers: Servers, events: Events) -> None:
    hide_and_show(servers)

    htmls = [events.next()["message"]["blocks"][0]["html"] for _ in range(2)]
    assert htmls == ["a whisper to Ada", "hello all"]


def test_two_people_see_and_say_what_is_theirs_at_the_same_time(servers: Servers) -> None:
    hide_and_show(servers)
    with closing(Events(servers, ADA)) as hers, closing(Events(servers, MINJI)) as his:
        words = {"channel": "DMINJI", "text": "to Duet alone"}
        request(servers, f"/page/say?as={MINJI.id}", "POST", body=words)
        request(servers, f"/page/say?as={ADA.id}", "POST", body={"channel": "CGENERAL", "text": "to all"})
        seen = [(event["message"]["user"], event["message"]["text"]) for event in (his.next(), his.next())]
        assert seen == [(MINJI.id, "to Duet alone"), (ADA.id, "")]
        assert hers.next()["message"]["text"] == "to all"

    texts = {message["blocks"][0]["html"] for message in state(servers, MINJI)["messages"]}
    assert {"Minji&#x27;s secret", "a whisper to Minji", "another secret", "to Duet alone"} <= texts
    assert "a whisper to Ada" not in texts


def test_a_guest_and_somebody_of_another_company_see_what_they_were_let_into(servers: Servers) -> None:
    guest, foreigner = state(servers, SAM), state(servers, NOOR)

    assert [c["id"] for c in guest["conversations"]] == ["CGENERAL", "DSAM"]
    assert [c["id"] for c in foreigner["conversations"]] == ["CPARTNERS"]
    assert (guest["workspace"], foreigner["workspace"]) == ("Duet playground", "Acme")
    assert [command["name"] for command in guest["commands"]] == ["/ask"]
    assert foreigner["commands"] == foreigner["shortcuts"] == []


def test_what_somebody_is_not_in_is_not_spoken_in_nor_clicked_in(servers: Servers) -> None:
    secret = servers.do(lambda: servers.slack.say(MINJI.id, "DMINJI", "what is that?"))
    words = {"channel": "DMINJI", "ts": secret.ts, "text": "hi", "command": "/ask", "action_id": "stop"}
    with closing(Listener(servers)) as app:
        answers = [
            request(servers, f"/page/{what}?as={SAM.id}", "POST", body=words)
            for what in ("say", "command", "edit", "click")
        ]
        response, _ = request(servers, f"/page/command?as={NOOR.id}", "POST", body=words)

        assert [answer.status for answer, _ in answers] == [404, 404, 404, 200]
        assert json.loads(answers[-1][1]) == {"ok": False}
        assert response.status == 404
        assert [e for e in app.envelopes() if e["type"] != "events_api"] == []
    assert list(servers.slack.workspace.messages.values()) == [secret]


@pytest.mark.parametrize("person", ["UNOBODY", BOT_USER, ""])
@pytest.mark.parametrize("path", ["/", "/page/state", "/page/events"])
def test_nobody_is_spoken_for_who_is_no_person(untouched: Servers, path: str, person: str) -> None:
    response, _ = request(untouched, f"{path}?as={person}")

    assert response.status == 404


def test_what_was_uploaded_is_shared_by_its_uploader_and_shown_to_who_sees_the_message(
    servers: Servers,
) -> None:
    picture = png(3, 2)
    sides = {"original_w": "3", "original_h": "2"}
    shown = upload(servers, MINJI, name="지도.png", **sides, file=picture, thumbnail=b"small")
    words = {"channel": "DMINJI", "text": "", "files": [shown]}
    others, _ = request(servers, f"/page/say?as={SAM.id}", "POST", body={**words, "channel": "CGENERAL"})
    before, _ = request(servers, f"/page/file/{shown}?as={MINJI.id}")
    request(servers, f"/page/say?as={MINJI.id}", "POST", body=words)
    after, data = request(servers, f"/page/file/{shown}?as={MINJI.id}")
    foreign, _ = request(servers, f"/page/file/{shown}?as={ADA.id}")

    assert [r.status for r in (others, before, after, foreign)] == [404, 404, 200, 404]
    assert (after.headers["Content-Type"], data) == ("image/png", picture.decode(errors="replace"))
    (message,) = servers.slack.workspace.messages.values()
    (file,) = message.files
    assert (file["name"], file["original_w"], file["original_h"]) == ("지도.png", 3, 2)
    assert servers.slack.workspace.files[shown].thumbnail == b"small"
    (seen,) = state(servers, MINJI)["messages"][0]["files"]
    assert (seen["name"], seen["filetype"], seen["size"]) == ("지도.png", "png", len(picture))


@pytest.mark.parametrize("name", ["evil.html", "evil.svg", "evil.js", "evil.xml"])
def test_a_file_that_could_carry_a_script_is_only_ever_saved(servers: Servers, name: str) -> None:
    """On the page's own address it would be the page's."""
    evil = upload(servers, ADA, name=name, file="<script>alert(1)</script>")
    request(servers, "/page/say", "POST", body={"channel": "CGENERAL", "text": "", "files": [evil]})
    response, _ = request(servers, f"/page/file/{evil}")

    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_names_and_topics_reach_the_page_as_they_are(servers: Servers) -> None:
    """It is the page that shows them as text."""
    name = "<img src=x onerror=alert(1)>"

    def rename() -> None:
        workspace = servers.slack.workspace
        workspace.users[MINJI.id] = User(MINJI.id, name)
        workspace.conversations["CQUIET"] = replace(workspace.conversations["CQUIET"], topic=name)
        servers.slack.say(ADA.id, "CGENERAL", f"<@{MINJI.id}>")

    servers.do(rename)
    response, body = request(servers, "/page/state")
    seen = json.loads(body)

    assert response.headers["Content-Type"].startswith("application/json")
    assert seen["users"][MINJI.id]["name"] == name
    assert "<img" not in seen["messages"][0]["blocks"][0]["html"]


def test_a_page_that_was_left_is_forgotten(servers: Servers) -> None:
    """What is said to a closed stream reaches the others all the same."""
    left = Events(servers)
    with closing(Events(servers)) as stays:
        left.close()
        for text in ("one", "two", "three"):
            servers.do(lambda text=text: servers.slack.say(ADA.id, "CGENERAL", text))  # type: ignore[misc]
            assert stays.next()["message"]["blocks"][0]["html"] == text


def test_an_open_stream_does_not_hold_up_the_end() -> None:
    """The server gives open requests a second, and cuts those that have not ended by then."""
    with serving(slack_with_page) as servers:
        events = Events(servers)

    events.response.read()  # raises IncompleteRead where it was cut
    events.close()
