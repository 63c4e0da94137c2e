"""Slack's files: what one is, and its bytes, fetched with the bot's token, which no stranger is to see.

https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

import re
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from urllib.parse import quote, urljoin, urlsplit, urlunsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.adapters.slack_errors import translated
from bot.core.errors import FileError
from bot.core.files import SharedFile, file_in

# https://docs.slack.dev/reference/methods/files.info
_GONE_CODES = {"file_not_found", "file_deleted"}
_GONE_STATUSES = {404, 410}
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 3
_SLACK_SITE = re.compile(r"([a-z0-9-]+\.)+slack(-gov)?\.com(:443)?")
_HTML = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html)\b", re.IGNORECASE)
_CHUNK_BYTES = 64 * 1024


class SlackFiles:
    """Files that people shared, read through `client` and held in memory only. Raises FileError.

    Fetching one is given up after `seconds`, once the headers or the part that is awaited then have come, or
    have not for `read_seconds`.
    """

    def __init__(self, client: WebClient, seconds: float = 30.0, read_seconds: float = 10.0) -> None:
        self._client = client
        self._seconds, self._read_seconds = seconds, read_seconds
        self._opener = _opener(client)

    def describe(self, file: SharedFile) -> SharedFile:
        """All of a file of which Slack told no more than the id, as it does in Slack Connect channels.

        https://docs.slack.dev/reference/events/message/file_share
        """
        with _translated():
            response = self._client.files_info(file=file.id)
        return file_in(response["file"])

    def fetch(self, url: str, most: int, size: int, *, is_html: bool = False) -> bytes:
        """What is at `url`, which Slack gave: exactly `size` bytes unless that is 0, and no more than `most`.

        Unless the file `is_html`, an HTML page is refused: Slack sends the one on which people log in to
        whoever may not read a file. https://github.com/slackapi/bolt-js/issues/2585
        """
        end = time.monotonic() + self._seconds
        with _translated(), self._answer(url, end) as response:
            if response.status != 200:
                raise FileError(f"HTTP {response.status}", is_gone=response.status in _GONE_STATUSES)
            data = _body(response, most, end)
        if not is_html and response.headers.get_content_type() == "text/html" and _HTML.match(data):
            detail = "a login page came in place of the file: does the bot have the scope files:read?"
            raise FileError(detail, is_hidden=True)
        if size and len(data) != size:
            raise FileError(f"{len(data)} bytes came in place of {size}")
        return data

    def _answer(self, url: str, end: float) -> HTTPResponse:
        """The answer to a GET of `url`, or of where in Slack that leads; there the token is not sent."""
        headers = {"Authorization": f"Bearer {self._client.token}"}
        for _ in range(1 + _MOST_REDIRECTS):
            url = self._checked(url)
            request = Request(url, headers=headers)  # noqa: S310 - its scheme was checked
            timeout = min(self._read_seconds, _left(end))
            response: HTTPResponse = self._opener.open(request, timeout=timeout)
            if response.status not in _REDIRECTS:
                return response
            response.close()
            url, headers = _target(url, response), {}
        raise FileError(f"more than {_MOST_REDIRECTS} redirects")

    def _checked(self, url: str) -> str:
        """`url` in ASCII, if it is one of Slack's, or of what `client` takes for Slack."""
        own = urlsplit(self._client.base_url)
        try:
            parts = urlsplit(url)
            path, query = (quote(part, string.punctuation) for part in (parts.path, parts.query))
        except ValueError:
            raise FileError("an address that is none") from None
        netloc = parts.netloc.lower()
        is_slack = parts.scheme == "https" and _SLACK_SITE.fullmatch(netloc)
        if not is_slack and (parts.scheme, netloc) != (own.scheme, own.netloc.lower()):
            raise FileError(f"an address that is not Slack's: {parts.scheme}://{parts.hostname}")
        return urlunsplit((parts.scheme, netloc, path, query, ""))


def _target(url: str, response: HTTPResponse) -> str:
    """Where a redirect from `url` leads."""
    # http.client decodes headers as Latin-1, whatever they are in.
    location = quote(response.headers.get("Location", ""), string.punctuation, "iso-8859-1")
    try:
        return urljoin(url, location)
    except ValueError:
        raise FileError("a redirect to an address that is none") from None


def _opener(client: WebClient) -> OpenerDirector:
    """What goes through the proxy that slack_sdk goes through, follows no redirect and keeps no cookie."""
    proxies = {"http": client.proxy, "https": client.proxy} if client.proxy else None
    opener = OpenerDirector()
    for handler in (ProxyHandler(proxies), HTTPHandler(), HTTPSHandler(context=client.ssl)):
        opener.add_handler(handler)
    return opener


def _body(response: HTTPResponse, most: int, end: float) -> bytes:
    promised = response.length
    if promised is not None and promised > most:
        raise FileError(f"{promised} bytes, of which {most} are allowed")
    data = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        data += chunk
        if len(data) > most:
            raise FileError(f"more than the {most} bytes that are allowed")
        _left(end)
    if promised not in (None, len(data)):
        raise FileError(f"it broke off after {len(data)} of {promised} bytes")
    return bytes(data)


def _left(end: float) -> float:
    """The seconds until `end`, of time.monotonic()."""
    left = end - time.monotonic()
    if left <= 0:
        raise FileError("it took too long")
    return left


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        found = translated(error)
        gone = found.code in _GONE_CODES
        raise FileError(f"files.info: {found.code}", is_gone=gone, setup=found.setup) from error
    except (OSError, HTTPException) as error:
        raise FileError(f"{type(error).__name__}: {error}") from error
