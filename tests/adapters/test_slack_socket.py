"""One Socket Mode connection, to a server that does what it is told."""

from __future__ import annotations

import gc
import socket
import struct
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha1

import pytest
from slack_sdk.errors import SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin.connection import ConnectionState

from bot.adapters.slack_socket import Session
from bot.playground.socket_mode import frame

SOON = 15.0  # seconds, far more than anything here takes
PONG = frame(b"", 0x8A)


def upgraded(request: bytes) -> bytes:
    """The answer to a handshake that a server takes."""
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    accepted = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324 - RFC 6455
    return b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n"


def head(peer: socket.socket) -> bytes:
    """All of a request."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += peer.recv(4096)
    return request


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that takes one connection, and `serve`s that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            peer, _ = listener.accept()
            with closing(peer):
                peer.settimeout(SOON)
                serve(peer)

        server = threading.Thread(target=accept, daemon=True)
        server.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/link/?ticket=1"
        server.join(SOON)
        assert not server.is_alive()


class Ears:
    """Frames of a session, read on a thread of its own."""

    def __init__(self, url: str, **options: str | float) -> None:
        self.heard: list[str] = []
        self.session = Session(url, self.heard.append, **options)  # type: ignore[arg-type] # of several types
        self.session.connect()
        state = ConnectionState()  # type: ignore[no-untyped-call] # slack_sdk gives it no types
        self.thread = threading.Thread(target=self.session.run_until_completion, args=(state,), daemon=True)
        self.thread.start()

    def over(self) -> list[str]:
        """All that was said once the connection has ended."""
        self.thread.join(SOON)
        assert not self.thread.is_alive()
        assert not self.session.is_active()
        return self.heard


def telling(*data: bytes) -> Callable[[socket.socket], None]:
    """Serve a WebSocket that sends this, the first of it together with the handshake."""

    def serve(peer: socket.socket) -> None:
        peer.sendall(upgraded(head(peer)) + b"".join(data[:1]))
        for each in data[1:]:
            peer.sendall(each)

    return serve


def gone(peer: socket.socket) -> None:
    """Wait until the other end has hung up."""
    while peer.recv(65_536):
        pass


NUMBERS = [frame(b"%d" % number) for number in range(2_000)]


@pytest.mark.parametrize(
    ("data", "large"),
    [
        ([b"".join(NUMBERS)], 0),
        ([b"%c" % byte for byte in b"".join(NUMBERS)], 0),
        ([frame(b"w" * 5_000_000), *NUMBERS], 5_000_000),
        ([frame(b"w" * 40_000_000), *NUMBERS], 0),  # more than anybody sends: it alone is left out
    ],
    ids=["at once", "byte by byte", "5 MB", "40 MB"],
)
def test_all_that_comes_is_heard_to_the_end_of_the_stream(data: list[bytes], large: int) -> None:
    with serving(telling(*data)) as url:
        heard = Ears(url).over()

    assert heard[-2_000:] == [str(number) for number in range(2_000)]
    assert [len(text) for text in heard[:-2_000]] == [large] * bool(large)


def test_a_close_frame_ends_the_connection_and_what_follows_it_is_not_heard() -> None:
    with serving(telling(frame(b"hello") + frame(b"", 0x88) + frame(b"after"))) as url:
        assert Ears(url).over() == ["hello"]


def test_what_a_listener_does_wrong_costs_no_other_message(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[float] = []
    with serving(telling(b"".join(map(frame, (b"1", b"their own words", b"2"))))) as url:
        session = Session(url, lambda text: heard.append(float(text)))
        session.connect()
        session.run_until_completion(ConnectionState())  # type: ignore[no-untyped-call] # it has no types

    assert heard == [1.0, 2.0]
    assert "work.crashed" in caplog.messages


def test_who_hangs_up_hears_what_had_come_by_then_and_the_other_end_learns_it_at_once() -> None:
    heard: list[str] = []

    def hear(text: str) -> None:
        heard.append(text)
        if text == "first":
            has_come.wait(SOON)
            session.close()
            is_gone.wait(SOON)

    def serve(peer: socket.socket) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        telling(frame(b"first"), frame(b"w" * 10_000) + frame(b"last"))(peer)
        has_come.set()
        gone(peer)
        is_gone.set()

    has_come, is_gone = threading.Event(), threading.Event()
    with serving(serve) as url:
        session = Session(url, hear)
        session.connect()
        session.run_until_completion(ConnectionState())  # type: ignore[no-untyped-call] # it has no types

    assert is_gone.is_set()
    assert (heard[0], heard[-1]) == ("first", "last")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nwords",
        b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: of another key\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgr",
        b"",
        b"\xff\r\n\r\n",
        b"HTTP/1.1 101 " + b"x" * 20_000,
    ],
)
def test_a_handshake_that_fails_leaves_no_socket_behind(answer: bytes) -> None:
    def serve(peer: socket.socket) -> None:
        head(peer)
        peer.sendall(answer)
        peer.shutdown(socket.SHUT_WR)
        gone(peer)

    with serving(serve) as url:
        session = Session(url, print)
        with pytest.raises(SlackClientNotConnectedError, match="handshake"):
            session.connect()
        assert not session.is_active()
    gc.collect()  # else the warning of an unclosed socket would be another test's


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1:1/", "ws://127.0.0.1:99999/", "ws://[::1/", "wss://nowhere.invalid/"]
)
def test_an_address_at_which_nobody_is_can_be_tried_again(url: str) -> None:
    with pytest.raises(SlackClientNotConnectedError):
        Session(url, print).connect()


def test_a_proxy_is_asked_for_the_way_with_its_name_and_password() -> None:
    asked = []

    def serve(peer: socket.socket) -> None:
        asked.append(head(peer))
        peer.sendall(b"HTTP/1.0 200 Connection established\r\n\r\n")
        telling(frame(b"hello"))(peer)

    with serving(serve) as url:
        proxy = f"http://me:p%40ss@{url.split('/')[2]}"
        assert Ears("ws://wss.slack.com/link/?ticket=1", proxy=proxy).over() == ["hello"]

    assert asked[0].startswith(b"CONNECT wss.slack.com:80 ")
    assert b"Proxy-Authorization: Basic " + b64encode(b"me:p@ss") in asked[0]


def test_a_ping_is_answered_with_its_words() -> None:
    answers = []

    def serve(peer: socket.socket) -> None:
        telling(frame(b"words", 0x89))(peer)
        answers.append(peer.recv(11, socket.MSG_WAITALL))

    with serving(serve) as url:
        Ears(url).over()

    assert answers[0][:2] == bytes((0x8A, 0x85))
    assert bytes(byte ^ answers[0][2 + at % 4] for at, byte in enumerate(answers[0][6:])) == b"words"


def test_a_connection_on_which_nobody_answers_pings_is_late_and_then_given_up() -> None:
    def serve(peer: socket.socket) -> None:
        telling(frame(b"hello"))(peer)
        gone(peer)

    with serving(serve) as url:
        ears, lags = Ears(url, ping_seconds=2.0), []
        while ears.session.is_active():
            ears.session.check_state()
            lags.append(ears.session.lag)
        ears.over()

    assert lags[:5] == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert len(lags) == 6


def test_a_connection_on_which_pings_are_answered_is_kept() -> None:
    def serve(peer: socket.socket) -> None:
        telling()(peer)
        while peer.recv(6, socket.MSG_WAITALL):  # a ping without words
            peer.sendall(PONG)

    with serving(serve) as url:
        ears = Ears(url)
        for _ in range(20):
            ears.session.check_state()
            deadline = time.monotonic() + SOON
            while ears.session._unanswered_pings:  # noqa: SLF001 - seen nowhere else
                assert time.monotonic() < deadline
        assert ears.session.is_active()
        ears.session.close()
        ears.over()


def test_who_cannot_send_all_of_a_frame_sends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.slack_socket._TIMEOUT", 0.2)
    is_full = threading.Event()

    def serve(peer: socket.socket) -> None:
        telling()(peer)
        is_full.wait(SOON)

    with serving(serve) as url:
        ears = Ears(url)
        with pytest.raises(SlackClientNotConnectedError):
            ears.session.send("w" * 20_000_000)
        assert not ears.session.is_active()
        is_full.set()
        with pytest.raises(SlackClientNotConnectedError):
            ears.session.send("w")
        ears.over()


def test_a_connection_that_is_reset_has_ended() -> None:
    def serve(peer: socket.socket) -> None:
        telling(frame(b"hello"))(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(serve) as url:
        assert Ears(url).over() in (["hello"], [])
