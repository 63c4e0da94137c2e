"""Files from Slack, fetched over real sockets: what comes, what is refused, and who sees the token."""

from __future__ import annotations

import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import pytest
from slack_sdk import WebClient

from bot.adapters.slack_files import SlackFiles
from bot.core.errors import FileError
from bot.core.files import SharedFile, file_in
from bot.playground.faults import SILENCE, Fault
from bot.playground.files import LOGIN_PAGE, Mishap
from bot.playground.limits import UNLIMITED
from bot.playground.servers import LOOPBACK, Servers
from bot.playground.slack import ALL_SCOPES, BOT_TOKEN, Slack

DATA = bytes(range(256)) * 1000
MOST = 10 * len(DATA)
QUICK = 0.3  # seconds


@contextmanager
def serving(granted: frozenset[str] = ALL_SCOPES) -> Iterator[Servers]:
    servers = Servers(lambda: Slack(UNLIMITED, granted))
    servers.start()
    try:
        yield servers
    finally:
        servers.stop()


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with serving() as servers:
        yield servers


def client(servers: Servers, **settings: Any) -> WebClient:
    return WebClient(BOT_TOKEN, base_url=f"{servers.slack.base_url}/api/", retry_handlers=[], **settings)


@pytest.fixture
def files(servers: Servers) -> SlackFiles:
    return SlackFiles(client(servers), read_seconds=5)


def uploaded(servers: Servers, *mishaps: Mishap, name: str = "a.bin", **fields: Any) -> SharedFile:
    """A file that somebody uploaded, and whose next downloads end as `mishaps` say."""

    def upload() -> SharedFile:
        fields.setdefault("data", DATA)
        file = file_in(servers.slack.upload(name, **fields))
        servers.slack.files.enqueue(file.id, *mishaps)
        return file

    return servers.do(upload)


def asked(servers: Servers, file: SharedFile) -> int:
    """How often a file was asked for."""
    return servers.do(lambda: servers.slack.files.asked.count(file.id))


@contextmanager
def refused(saying: str = ".", *, is_gone: bool = False) -> Iterator[None]:
    """What is done in the block raises a FileError, in which there is no token."""
    with pytest.raises(FileError, match=saying) as caught:
        yield
    assert caught.value.is_gone is is_gone
    assert BOT_TOKEN not in "".join(traceback.format_exception(caught.value))


class Stranger:
    """A server that is not the playground's: it sends `answer`, with a pause of seconds after each part."""

    def __init__(self, *answer: bytes, pause: float = 0.0) -> None:
        self.heard: list[str] = []
        self._answer, self._pause = answer, pause
        self._listener = socket.create_server((LOOPBACK, 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        self.heard.append(connection.recv(65536).decode())
        try:
            for part in self._answer:
                connection.sendall(part)
                time.sleep(self._pause)
        except OSError:
            return  # whoever asked has gone


@contextmanager
def stranger(*answer: bytes, pause: float = 0.0) -> Iterator[Stranger]:
    server = Stranger(*answer, pause=pause)
    try:
        yield server
    finally:
        server.close()


def answer(*headers: str, status: str = "200 OK", body: bytes = b"") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


# What comes


def test_a_file_comes_as_it_was_uploaded(servers: Servers, files: SlackFiles) -> None:
    file = uploaded(servers)

    assert files.fetch(file.url, most=MOST, size=file.size) == DATA
    assert asked(servers, file) == 1


def test_a_file_may_be_as_big_as_is_allowed(servers: Servers, files: SlackFiles) -> None:
    file = uploaded(servers)

    assert files.fetch(file.url, most=len(DATA), size=file.size) == DATA


def test_a_thumbnail_comes_though_its_size_is_unknown(servers: Servers, files: SlackFiles) -> None:
    file = uploaded(servers, name="사진.png", thumbnail=b"small")

    assert files.fetch(file.thumbnail, most=MOST, size=0) == b"small"


@pytest.mark.parametrize("name", ["분기 보고서 (최종).pdf", "50%.pdf", "a#b?c.pdf"])
@pytest.mark.parametrize("is_escaped", [True, False])
def test_a_name_may_be_in_any_script(
    servers: Servers, files: SlackFiles, name: str, is_escaped: bool
) -> None:
    file = uploaded(servers, name=name)
    url = file.url if is_escaped else unquote(file.url)

    assert files.fetch(url, most=MOST, size=file.size) == DATA


def test_an_empty_file_is_fetched_as_nothing(servers: Servers, files: SlackFiles) -> None:
    file = uploaded(servers, data=b"")

    assert files.fetch(file.url, most=MOST, size=0) == b""


def test_a_page_is_a_file_where_one_was_shared(servers: Servers, files: SlackFiles) -> None:
    page = b"<html><body>Hello</body></html>"
    file = uploaded(servers, name="page.html", data=page)

    assert files.fetch(file.url, most=MOST, size=file.size, is_html=True) == page


@pytest.mark.parametrize(
    ("name", "data"), [("page.html", b"no tags at all"), ("notes.txt", b"<html> is how a page begins")]
)
def test_what_only_resembles_a_login_page_is_a_file(
    servers: Servers, files: SlackFiles, name: str, data: bytes
) -> None:
    file = uploaded(servers, name=name, data=data)

    assert files.fetch(file.url, most=MOST, size=file.size) == data


# What is refused


@pytest.mark.parametrize(
    "page",
    [
        LOGIN_PAGE.encode(),
        b"<HTML lang=en>",
        b"\n  <!DocType HTML>",
        b"\xef\xbb\xbf<html>",
    ],
)
def test_a_login_page_is_not_taken_for_the_file(servers: Servers, files: SlackFiles, page: bytes) -> None:
    file = uploaded(servers, mimetype="text/html; charset=utf-8", data=page)

    with refused("login page"):
        files.fetch(file.url, most=MOST, size=file.size)


def test_a_login_page_is_not_taken_for_a_page_that_was_shared(servers: Servers, files: SlackFiles) -> None:
    file = uploaded(servers, Mishap(is_login=True), name="page.html")

    with refused("bytes came in place of"):
        files.fetch(file.url, most=MOST, size=file.size, is_html=True)


def test_without_the_scope_nothing_comes_and_the_error_names_it() -> None:
    with serving(ALL_SCOPES - {"files:read"}) as servers:
        file = uploaded(servers)

        with refused("files:read"):
            SlackFiles(client(servers)).fetch(file.url, most=MOST, size=file.size)


@pytest.mark.parametrize("status", [204, 206, 400, 403, 429, 500, 503])
def test_another_status_is_a_failure(servers: Servers, files: SlackFiles, status: int) -> None:
    file = uploaded(servers, Mishap(status))

    with refused(f"HTTP {status}"):
        files.fetch(file.url, most=MOST, size=0)


@pytest.mark.parametrize("status", [404, 410])
def test_a_file_that_is_not_there_is_gone(servers: Servers, files: SlackFiles, status: int) -> None:
    file = uploaded(servers, Mishap(status))

    with refused(f"HTTP {status}", is_gone=True):
        files.fetch(file.url, most=MOST, size=file.size)


def test_a_file_that_says_that_it_is_too_big_is_not_read(servers: Servers) -> None:
    with stranger(answer("Content-Length: 1000000000"), pause=QUICK) as slow:
        lenient = WebClient(BOT_TOKEN, base_url=slow.url)

        with refused("1000000000 bytes"):
            SlackFiles(lenient).fetch(f"{slow.url}/a", most=MOST, size=5)


def test_a_file_that_does_not_say_that_it_is_too_big_is_read_no_further(
    servers: Servers, files: SlackFiles
) -> None:
    file = uploaded(servers, Mishap(extra=100_000_000))

    with refused("more than"):
        files.fetch(file.url, most=len(DATA), size=file.size)


@pytest.mark.parametrize("claimed", [len(DATA) - 1, len(DATA) + 1])
def test_a_file_has_the_size_that_slack_told(servers: Servers, files: SlackFiles, claimed: int) -> None:
    file = uploaded(servers, size=claimed)

    with refused("bytes came in place of"):
        files.fetch(file.url, most=MOST, size=file.size)


@pytest.mark.parametrize("extra", [-1, -len(DATA)])
def test_a_file_that_breaks_off_is_none_even_if_its_size_is_unknown(
    servers: Servers, files: SlackFiles, extra: int
) -> None:
    file = uploaded(servers, Mishap(extra=extra))

    with refused("broke off"):
        files.fetch(file.url, most=MOST, size=0)


# What goes wrong on the way


def test_silence_ends(servers: Servers) -> None:
    file = uploaded(servers, Mishap(is_silent=True))
    begun = time.monotonic()

    with refused("timed out"):
        SlackFiles(client(servers), read_seconds=QUICK).fetch(file.url, most=MOST, size=file.size)
    assert time.monotonic() - begun < 9, "it would be ten seconds if none were given"


def test_silence_in_the_middle_of_a_file_ends() -> None:
    with stranger(answer("Content-Length: 10", body=b"abc"), pause=3 * QUICK) as slow:
        lenient = WebClient(BOT_TOKEN, base_url=slow.url)

        with refused("timed out"):
            SlackFiles(lenient, read_seconds=QUICK).fetch(f"{slow.url}/a", most=MOST, size=10)


def test_a_file_that_trickles_in_for_too_long_is_given_up() -> None:
    drops = [b"x"] * 2000
    with stranger(answer("Content-Length: 2000"), *drops, pause=QUICK / 10) as slow:
        lenient = WebClient(BOT_TOKEN, base_url=slow.url)
        begun = time.monotonic()

        with refused("too long"):
            SlackFiles(lenient, seconds=QUICK).fetch(f"{slow.url}/a", most=MOST, size=2000)
        assert time.monotonic() - begun < 30, "the whole file takes a minute"


@pytest.mark.parametrize(
    "noise",
    [
        b"\r\n",
        b"what?\r\n\r\n",
        answer("Transfer-Encoding: chunked", body=b"zz\r\n"),
        answer("Content-Length: 9"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(noise: bytes) -> None:
    with stranger(noise) as odd, refused():
        SlackFiles(WebClient(BOT_TOKEN, base_url=odd.url)).fetch(f"{odd.url}/a", most=MOST, size=0)


def test_a_server_that_is_not_there_is_a_failure() -> None:
    with stranger() as gone:
        url = gone.url

    with refused("refused"):
        SlackFiles(WebClient(BOT_TOKEN, base_url=url)).fetch(f"{url}/a", most=MOST, size=0)


# Who sees the token


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/files-pri/T-F/a",
        "http://files.slack.com/files-pri/T-F/a",
        "https://files.slack.com.example.com/a",
        "https://notslack.com/a",
        "https://files.slack.com@example.com/a",
        "https://example.com\\@files.slack.com/a",
        "https://me:pass@files.slack.com/a",
        "https://files.slack.com:8443/a",
        "https://files.slack.com:port/a",
        "https://slack-files.com/a",
        "https://.slack.com/a",
        "https://[::1/a",
        "https://files.slack.com/\ud800",
        "ftp://files.slack.com/a",
        "file:///etc/passwd",
        "data:text/plain,a",
        "//files.slack.com/a",
        "files.slack.com/a",
        "",
    ],
)
def test_nothing_is_asked_for_at_an_address_that_is_not_slacks(url: str, proxy: Stranger) -> None:
    """Not even of the proxy, through which all requests go here."""
    with refused("an address"):
        SlackFiles(WebClient(BOT_TOKEN, proxy=proxy.url)).fetch(url, most=MOST, size=0)

    assert proxy.heard == []


@pytest.fixture
def proxy() -> Iterator[Stranger]:
    with stranger(answer("Content-Length: 5", body=b"proxy")) as server:
        yield server


@pytest.mark.parametrize(
    "host", ["files.slack.com", "FILES.slack.com:443", "acme.enterprise.slack.com", "files.slack-gov.com"]
)
def test_slacks_own_addresses_are_asked_for_over_tls_through_the_proxy_of_the_client(
    proxy: Stranger, host: str
) -> None:
    with refused():  # there is nothing at the other end of the tunnel
        SlackFiles(WebClient(BOT_TOKEN, proxy=proxy.url)).fetch(f"https://{host}/a", most=MOST, size=0)

    assert proxy.heard[0].startswith(f"CONNECT {host.lower().removesuffix(':443')}:443 ")
    assert BOT_TOKEN not in proxy.heard[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("http:", "https:"),
        lambda url: url.replace(LOOPBACK, "localhost"),
        lambda url: url.rpartition(":")[0],
        lambda url: url.replace("//", "//me@"),
    ],
)
def test_the_server_in_slacks_place_is_that_one_exactly(change: Callable[[str], str]) -> None:
    with stranger(answer()) as own:
        files = SlackFiles(WebClient(BOT_TOKEN, base_url=own.url))

        with refused("not Slack's"):
            files.fetch(f"{change(own.url)}/a", most=MOST, size=0)
        assert own.heard == []


@pytest.mark.parametrize(
    "location", ["https://example.com/a", "//example.com/a", "file:///etc/passwd", "http://[::1/a"]
)
def test_a_redirect_leads_nowhere_but_to_slack(servers: Servers, files: SlackFiles, location: str) -> None:
    file = uploaded(servers, Mishap(302, location=location))

    with refused("an address"):
        files.fetch(file.url, most=MOST, size=0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(servers: Servers, files: SlackFiles, status: int) -> None:
    with stranger(answer("Content-Length: 5", body=b"theft")) as thief:
        file = uploaded(servers, Mishap(status, location=f"{thief.url}/a"))

        with refused("not Slack's"):
            files.fetch(file.url, most=MOST, size=0)
        assert thief.heard == []


@pytest.mark.parametrize("hops", [1, 3])
@pytest.mark.parametrize("start", [0, len("http://")])
def test_a_redirect_within_slack_is_followed_without_the_token(
    servers: Servers, files: SlackFiles, hops: int, start: int
) -> None:
    """Wherever it leads: to a whole address, or to a path. What needs the token sends a login page."""
    target = uploaded(servers, name="다른 이름.pdf").url
    location = unquote(target) if start == 0 else target[target.index("/", start) :]
    file = uploaded(servers, *[Mishap(302, location="?again")] * (hops - 1), Mishap(302, location=location))

    with refused("login page"):
        files.fetch(file.url, most=MOST, size=len(DATA))
    assert files.fetch(target, most=MOST, size=len(DATA)) == DATA


@pytest.mark.parametrize("location", ["?again", ""])
def test_redirects_end(servers: Servers, files: SlackFiles, location: str) -> None:
    file = uploaded(servers, *[Mishap(302, location=location)] * 9)

    with refused("redirects"):
        files.fetch(file.url, most=MOST, size=0)
    assert asked(servers, file) == 4


def test_a_file_ends_where_it_said_though_the_connection_stays_open() -> None:
    with stranger(answer("Content-Length: 1", body=b"a"), pause=3 * QUICK) as own:
        files = SlackFiles(WebClient(BOT_TOKEN, base_url=own.url), read_seconds=QUICK)

        assert files.fetch(f"{own.url}/a", most=MOST, size=1) == b"a"


def test_no_cookie_is_kept() -> None:
    with stranger(answer("Set-Cookie: d=1", "Content-Length: 1", body=b"a")) as own:
        files = SlackFiles(WebClient(BOT_TOKEN, base_url=own.url))
        for _ in range(2):
            files.fetch(f"{own.url}/a", most=MOST, size=1)

        assert len(own.heard) == 2
        assert not [request for request in own.heard if "cookie" in request.lower()]


# What a file is


def test_a_stub_becomes_the_whole_file(servers: Servers, files: SlackFiles) -> None:
    shown = servers.do(lambda: servers.slack.upload("사진.png", DATA, original_w=30, original_h=20))
    stub = file_in(Slack.stub(shown))

    assert stub.is_stub
    assert files.describe(stub) == file_in(shown)
    assert (files.describe(stub).width, files.describe(stub).height) == (30, 20)


def test_a_file_that_was_never_there_is_gone(files: SlackFiles) -> None:
    with refused("file_not_found", is_gone=True):
        files.describe(SharedFile("F0", "a"))


def test_a_file_that_was_deleted_is_gone(servers: Servers, files: SlackFiles) -> None:
    file = uploaded(servers)
    servers.do(lambda: servers.slack.files.delete(file.id))

    with refused("file_deleted", is_gone=True):
        files.describe(file)


@pytest.mark.parametrize(
    ("fault", "saying"),
    [
        (Fault(error="not_visible"), "not_visible"),
        (Fault(429, "ratelimited", retry_after=30), "ratelimited"),
        (Fault(502, body="<html>Bad Gateway</html>"), "non-JSON"),
        (Fault(0), "Remote"),
        (Fault(SILENCE), "timed out"),
    ],
)
def test_a_file_that_slack_does_not_tell_of_may_be_told_of_later(
    servers: Servers, fault: Fault, saying: str
) -> None:
    file = uploaded(servers)
    servers.do(lambda: servers.slack.faults.enqueue("files.info", fault))

    with refused(saying):
        SlackFiles(client(servers, timeout=1)).describe(file)
