"""Each server of the playground refuses what a page of another site can make a browser send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from bot.playground.servers import Servers
from tests.playground.serving import SOON, serving

PATHS = {
    "slack": [
        "POST /api/chat.postMessage",
        "POST /api/apps.connections.open",
        "GET /link/",
        "GET /files-pri/T-F/a",
    ],
    "bedrock": [
        "POST /model/m/converse",
        "POST /model/m/converse-stream",
        "POST /",
        "GET /federation/credentials",
    ],
}
EACH = [(server, each) for server, paths in PATHS.items() for each in paths]
each_way_in = pytest.mark.parametrize(("server", "way"), EACH, ids=[way for _, way in EACH])


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with serving() as servers:
        yield servers


def status(servers: Servers, server: str, way: str, headers: Mapping[str, str]) -> int:
    """The status of an answer; `{own}` in a header is the address of the server, `{port}` its port."""
    own = urlsplit(servers.slack.base_url if server == "slack" else servers.bedrock_url)
    sent = {name: value.format(own=own.netloc, port=own.port) for name, value in headers.items()}
    method, path = way.split(" ")
    with closing(HTTPConnection(own.netloc, timeout=SOON)) as connection:
        connection.request(method, path, json.dumps({}), sent)
        return connection.getresponse().status


@each_way_in
@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{port}",
        "127.0.0.1.evil.example",
        "evil.example#127.0.0.1",
        "10.0.0.1",
        "[::1]:{port}",
        "a@{own}",
    ],
)
def test_a_foreign_host_is_refused(servers: Servers, server: str, way: str, host: str) -> None:
    """The name of another site can be made to lead to this machine (DNS rebinding)."""
    assert status(servers, server, way, {"Host": host}) in (400, 403)


@each_way_in
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://127.0.0.1:1", "https://{own}"]
)
def test_a_foreign_origin_is_refused(servers: Servers, server: str, way: str, origin: str) -> None:
    assert status(servers, server, way, {"Origin": origin}) == 403


@each_way_in
@pytest.mark.parametrize("headers", [{}, {"Host": "LocalHost:{port}"}, {"Origin": "http://{own}"}], ids=str)
def test_whoever_is_no_page_of_another_site_is_answered(
    servers: Servers, server: str, way: str, headers: Mapping[str, str]
) -> None:
    assert status(servers, server, way, headers) != 403 or "federation" in way


def test_nothing_that_was_refused_is_seen_or_done(servers: Servers) -> None:
    before = len(servers.bedrock.requests), len(servers.slack.calls)
    for server, way in EACH:
        status(servers, server, way, {"Origin": "https://evil.example"})

    assert (len(servers.bedrock.requests), len(servers.slack.calls)) == before
