"""An OpenTelemetry collector on loopback that keeps what it is sent: OTLP over HTTP, in protobuf."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span


@dataclass(frozen=True)
class Received:
    """A request as it came; its `body` is unpacked. Names of headers are in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes


class Collector:
    """What came so far. It answers each request with `status`, and keeps those that it refuses too."""

    def __init__(self, status: int = 200) -> None:
        self.received: list[Received] = []
        self._changed = Condition()
        self._server = _Server(self, status)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def endpoint(self) -> str:
        """For OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def keep(self, received: Received) -> None:
        """Called by the server's threads."""
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()

    def wait_for(self, path: str) -> None:
        """Return when a request has come to `path`."""
        with self._changed:
            came = self._changed.wait_for(lambda: path in [each.path for each in self.received], timeout=20)
        assert came, f"nothing came to {path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def spans(self) -> list[Span]:
        """All spans, in the order in which they ended."""
        return [span for sent in self._traces for scope in sent.scope_spans for span in scope.spans]

    @property
    def metrics(self) -> dict[str, Metric]:
        """The metrics as they were sent last: they count from the start."""
        scopes = [scope for sent in self._metrics for scope in sent.scope_metrics]
        return {metric.name: metric for scope in scopes for metric in scope.metrics}

    @property
    def resources(self) -> list[dict[str, Any]]:
        """Who sent it, for each request: first those with traces, then those with metrics."""
        traces = [sent.resource for sent in self._traces]
        return [attributes(each.attributes) for each in (*traces, *(sent.resource for sent in self._metrics))]

    @property
    def _traces(self) -> list[ResourceSpans]:
        bodies = (each.body for each in self.received if each.path == "/v1/traces")
        return [sent for body in bodies for sent in ExportTraceServiceRequest.FromString(body).resource_spans]

    @property
    def _metrics(self) -> list[ResourceMetrics]:
        bodies = (each.body for each in self.received if each.path == "/v1/metrics")
        return [
            sent for body in bodies for sent in ExportMetricsServiceRequest.FromString(body).resource_metrics
        ]


@contextmanager
def collector(status: int = 200) -> Iterator[Collector]:
    """A collector that listens until the block is left."""
    collector = Collector(status)
    try:
        yield collector
    finally:
        collector.close()


def attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """The attributes of a span, a point or a resource as Python's values."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    if value.HasField("array_value"):
        return [_value(each) for each in value.array_value.values]
    return getattr(value, value.WhichOneof("value") or "string_value")


class _Server(ThreadingHTTPServer):
    def __init__(self, collector: Collector, status: int) -> None:
        self.collector, self.status = collector, status
        super().__init__(("127.0.0.1", 0), _Request)


class _Request(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.collector.keep(Received(self.path, headers, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Nobody reads it."""
