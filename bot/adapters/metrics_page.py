"""What Prometheus scrapes and what a probe asks, over HTTP for this host alone."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

log = logging.getLogger(__name__)

_ADDRESS = "127.0.0.1"
_OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?", re.IGNORECASE)
_TEXT = "text/plain; charset=utf-8"


class MetricsPage:
    """`/metrics`, all that prometheus_client's registry knows, and `/healthz`, on a port of 127.0.0.1.

    Port 0 stands for any that is free. Each request has a thread of its own, on which `is_healthy` and
    `problems` (lines for operators) are called.
    """

    def __init__(
        self, port: int, is_healthy: Callable[[], bool], problems: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._port, self._is_healthy, self._problems = port, is_healthy, problems
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """The port that it listens on, once it was started."""
        return self._server.server_port if self._server else self._port

    def start(self) -> None:
        """Answer from now on. Raises OSError if the port is taken."""
        self._server = _Server(self._port, self._is_healthy, self._problems)
        serve = partial(self._server.serve_forever, poll_interval=0.1)  # how long `stop` can take, in seconds
        Thread(target=serve, name="metrics-page", daemon=True).start()

    def stop(self) -> None:
        """Free the port."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    # Some Pythons 3.14 let a second process share the port: https://github.com/python/cpython/issues/127319
    allow_reuse_port = False

    def __init__(
        self, port: int, is_healthy: Callable[[], bool], problems: Callable[[], Iterable[str]]
    ) -> None:
        self.is_healthy, self.problems = is_healthy, problems
        super().__init__((_ADDRESS, port), _Request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a request ended with, unless its client just went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            log.exception("metrics_page.failed")


class _Request(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0  # seconds without a byte, after which a client is left

    def do_GET(self) -> None:
        """Answer `/metrics` and `/healthz`, and no page of another site that took our address for its own."""
        path, _, _ = self.path.partition("?")
        if not _OWN_HOST.fullmatch(self.headers.get("Host", _ADDRESS)):
            self._answer(403, "for this host only")
        elif path == "/metrics":
            self._answer(200, generate_latest().decode(), CONTENT_TYPE_LATEST)
        elif path != "/healthz":
            self._answer(404, "there are /metrics and /healthz")
        elif self.server.is_healthy():
            self._answer(200, "\n".join(("ok", *self.server.problems())))
        else:
            self._answer(503, "\n".join(self.server.problems()) or "not connected")

    do_HEAD = do_GET  # noqa: N815 - http.server's own name

    def _answer(self, status: int, text: str, content_type: str = _TEXT) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Probes come every few seconds: no line for each."""
