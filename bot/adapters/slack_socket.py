"""One Socket Mode connection, in place of slack_sdk's.

That one loses bursts: it calls itself for each frame and each kilobyte, up to Python's limit, and drops them
all then. https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha1
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Lock, RLock
from time import monotonic
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import uuid4

from slack_sdk.errors import SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin.connection import ConnectionState

from bot.core.websocket import FrameReader, Message, Opcode, masked_frame

log = logging.getLogger(__name__)

_TIMEOUT = 3.0  # seconds, of each call of the socket
_HANDSHAKE_TIMEOUT = 10.0
_MAX_HANDSHAKE_BYTES = 16_384
_MAX_BYTES_AT_ONCE = 65_536
_MAX_UNANSWERED_PINGS = 5
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # https://www.rfc-editor.org/rfc/rfc6455#section-1.3


class Session:
    """A connection to `url`, with the methods that slack_sdk's client calls; what it says goes to `hear`.

    `check_state` is to be called every `ping_seconds`. One thread reads; all else is thread-safe.
    """

    def __init__(
        self,
        url: str,
        hear: Callable[[str], None],
        *,
        proxy: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        ping_seconds: float = 1.0,
    ) -> None:
        self.session_id = str(uuid4())
        self._url, self._hear = url, hear
        self._proxy, self._ssl_context = proxy, ssl_context
        self._ping_seconds, self._unanswered_pings = ping_seconds, 0
        self._reader, self._first_bytes = FrameReader(), b""
        self._sock: socket.socket | None = None  # while it is open
        self._is_read = False  # the thread that reads closes the socket: no other may meanwhile
        self._changing, self._sending = Lock(), RLock()

    @property
    def lag(self) -> float:
        """Seconds by which the answer to a ping is late: of the other end, or of the thread that reads."""
        return max(0, self._unanswered_pings - 1) * self._ping_seconds

    def connect(self) -> None:
        """Open the connection. Raises SlackClientNotConnectedError."""
        try:
            url = urlsplit(self._url)
            line = _line(url, self._proxy, self._ssl_context)
            try:
                line.connect()
                self._first_bytes = _shake_hands(line.sock, url)
            except BaseException:
                line.close()
                raise
        except (OSError, HTTPException, ValueError) as error:
            raise SlackClientNotConnectedError(f"{type(error).__name__}: {error}") from error
        self._sock = line.sock

    def is_active(self) -> bool:
        """Return whether the connection is open."""
        return self._sock is not None

    def close(self) -> None:
        """Hang up at once. What has come by then is still heard."""
        with self._changing:
            sock, self._sock = self._sock, None
            is_read = self._is_read
        if sock is None:
            return
        with suppress(OSError):
            socket.socket.shutdown(
                sock, socket.SHUT_RDWR
            )  # past TLS, which would read no more of what has come
        if not is_read:
            self._end(sock)

    def _end(self, sock: socket.socket) -> None:
        with self._sending:  # else another thread may write to what is opened next under the same number
            sock.close()

    def run_until_completion(self, state: ConnectionState) -> None:
        """Hand on what comes, until the connection ends."""
        with self._changing:
            sock, self._is_read = self._sock, True
        if sock is not None:
            try:
                self._read(sock)
            finally:
                self.close()
                self._end(sock)
        state.terminated = True

    def _read(self, sock: socket.socket) -> None:
        data: bytes | None = self._first_bytes
        while data is not None:
            left_out = self._reader.left_out
            for message in self._reader.read(data):
                if message.opcode is Opcode.CLOSE:
                    return
                self._take(message)
            if self._reader.left_out > left_out:
                log.warning("socket.frames_left_out", extra={"frames": self._reader.left_out - left_out})
            data = _received(sock)

    def _take(self, message: Message) -> None:
        if message.opcode is Opcode.TEXT:
            try:
                self._hear(message.payload.decode(errors="replace"))
            except Exception:
                log.exception("work.crashed", extra={"work": "hear"})
        elif message.opcode is Opcode.PING:
            with suppress(SlackClientNotConnectedError):
                self._send(Opcode.PONG, message.payload)
        elif message.opcode is Opcode.PONG:
            self._unanswered_pings = 0

    def send(self, payload: str) -> None:
        """Send a text. Raises SlackClientNotConnectedError."""
        self._send(Opcode.TEXT, payload.encode())

    def check_state(self) -> None:
        """Ping, and give the connection up if nobody answers."""
        if self._unanswered_pings >= _MAX_UNANSWERED_PINGS:
            self.close()
        self._unanswered_pings += 1
        with suppress(SlackClientNotConnectedError):
            self._send(Opcode.PING, b"")

    def _send(self, opcode: Opcode, payload: bytes) -> None:
        frame = masked_frame(opcode, payload, os.urandom(4))
        with self._sending:
            sock = self._sock
            if sock is None:
                raise SlackClientNotConnectedError("the connection is closed")
            try:
                sock.sendall(frame)
            except OSError as error:
                self.close()  # part of the frame may have been sent, so that nothing can follow
                raise SlackClientNotConnectedError(type(error).__name__) from error


def _line(url: SplitResult, proxy: str | None, context: ssl.SSLContext | None) -> HTTPConnection:
    """Return a connection to the host of `url`, through `proxy`, that is yet to be made."""
    via = urlsplit(proxy) if proxy else url
    is_secure = url.scheme == "wss"
    made = partial(HTTPSConnection, context=context) if is_secure else HTTPConnection
    line = made(via.hostname or "", via.port or (443 if is_secure and not proxy else 80), timeout=_TIMEOUT)
    if proxy:
        login = f"{unquote(via.username or '')}:{unquote(via.password or '')}"
        basic = {"Proxy-Authorization": f"Basic {b64encode(login.encode()).decode()}"} if via.username else {}
        line.set_tunnel(url.hostname or "", url.port or (443 if is_secure else 80), basic)
    return line


def _shake_hands(sock: socket.socket, url: SplitResult) -> bytes:
    """Make a WebSocket of a connection, and return what came after that. Raises OSError."""
    key = b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {url.path or '/'}?{url.query} HTTP/1.1",
        f"Host: {url.netloc.rpartition('@')[2]}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    sock.sendall("\r\n".join((*lines, "", "")).encode())
    head, rest = _answer(sock)
    status, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
    accepted = b64encode(sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()
    if status.split(" ")[1:2] != ["101"] or headers.get("sec-websocket-accept") != accepted:
        raise ConnectionError(f"the handshake was refused ({status[:40]})")
    return rest


def _answer(sock: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of an answer, and what came after that. Raises OSError."""
    received, deadline = b"", monotonic() + _HANDSHAKE_TIMEOUT
    while b"\r\n\r\n" not in received:
        data = sock.recv(_MAX_BYTES_AT_ONCE)
        if not data or len(received) > _MAX_HANDSHAKE_BYTES or monotonic() > deadline:
            raise ConnectionError("the handshake was not answered")
        received += data
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


def _received(sock: socket.socket) -> bytes | None:
    """Return what has come, if anything; None at the end of the stream."""
    try:
        return sock.recv(_MAX_BYTES_AT_ONCE) or None
    except TimeoutError:
        return b""
    except (OSError, ValueError):  # reset, or closed meanwhile
        return None
