"""What Prometheus and a probe get, and who gets nothing."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.metrics_page import MetricsPage
from bot.adapters.telemetry import Telemetry, open_telemetry
from tests.adapters.test_telemetry import GOOD, INTERACTION, PRO, REFUSED


@dataclass
class Bot:
    """A bot as far as its page knows it."""

    is_healthy: bool = True
    problems: tuple[str, ...] = ()
    has_bug: bool = False
    page: MetricsPage = field(init=False)

    def __post_init__(self) -> None:
        self.page = MetricsPage(0, self.health, lambda: self.problems)

    def health(self) -> bool:
        if self.has_bug:
            raise RuntimeError("a bug")
        return self.is_healthy


@pytest.fixture
def bot() -> Iterator[Bot]:
    bot = Bot()
    bot.page.start()
    yield bot
    bot.page.stop()


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    telemetry = open_telemetry({}, "1.2.3", prometheus=True)
    assert telemetry
    yield telemetry
    telemetry.shutdown()


def ask(
    bot: Bot, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> tuple[int, HTTPMessage, str]:
    """The status, headers and text of an answer."""
    connection = HTTPConnection("127.0.0.1", bot.page.port, timeout=5)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def samples(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """The samples of an exposition by their full name."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = {
                name: value for name, value in sample.labels.items() if not name.startswith("otel_scope")
            }
            found.setdefault(sample.name, []).append((labels, sample.value))
    return found


def test_prometheus_reads_the_metrics_under_its_own_names(bot: Bot, telemetry: Telemetry) -> None:
    telemetry.observe(INTERACTION, [REFUSED, GOOD])
    status, headers, text = ask(bot, "/metrics")

    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=")
    found = samples(text)
    model = {
        "gen_ai_operation_name": "chat",
        "gen_ai_provider_name": "aws.bedrock",
        "gen_ai_request_model": PRO,
    }
    labels = {"duet_outcome": "whole", "duet_way_in": "mention", "duet_from_cache": "false"}
    assert found["gen_ai_client_operation_duration_seconds_sum"] == [
        ({**model, "error_type": "ThrottlingException"}, 0.25),
        ({**model, "error_type": ""}, 4.0),
    ]
    assert found["gen_ai_client_operation_time_to_first_chunk_seconds_sum"] == [(model, 0.5)]
    assert found["gen_ai_client_token_usage_sum"] == [
        ({**model, "gen_ai_token_type": "input"}, 150.0),
        ({**model, "gen_ai_token_type": "output"}, 40.0),
    ]
    assert found["duet_interaction_first_words_seconds_sum"] == [(labels, 0.75)]
    assert found["duet_interaction_whole_seconds_sum"] == [(labels, 5.0)]
    assert found["duet_interaction_cost_sum"] == [(labels, 0.0025)]
    assert found["duet_interaction_edits_sum"] == [(labels, 4.0)]
    assert found["duet_slack_rate_limited_total"] == [(labels, 2.0)]
    assert found["duet_interaction_whole_seconds_bucket"][-1] == ({**labels, "le": "+Inf"}, 1.0)
    ((target, _),) = found["target_info"]
    assert target["service_name"] == "duet"
    assert target["service_version"] == "1.2.3"


def test_a_bot_that_ended_leaves_prometheus_nothing(bot: Bot) -> None:
    """The registry outlives it, and another bot may follow in the same process."""
    before = {family.name for family in REGISTRY.collect()}
    for _ in range(2):
        telemetry = open_telemetry({}, "1.2.3", prometheus=True)
        assert telemetry
        telemetry.observe(INTERACTION, [GOOD])
        assert samples(ask(bot, "/metrics")[2])["duet_interaction_edits_count"][0][1] == 1
        telemetry.shutdown()

    assert {family.name for family in REGISTRY.collect()} == before


def test_a_probe_learns_whether_the_bot_is_connected(bot: Bot) -> None:
    status, headers, text = ask(bot, "/healthz")
    assert (status, headers["Content-Type"], text) == (200, "text/plain; charset=utf-8", "ok")

    bot.is_healthy = False
    status, _, text = ask(bot, "/healthz")
    assert (status, text) == (503, "not connected")


def test_head_gets_the_same_without_the_text(bot: Bot) -> None:
    status, headers, text = ask(bot, "/healthz", method="HEAD")

    assert (status, headers["Content-Length"], text) == (200, "2", "")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/metrics/", 404),
        ("GET", "/../metrics", 404),
        ("GET", "http://127.0.0.1/healthz", 404),
        ("GET", "/metrics?name[]=up", 200),
        ("GET", "/healthz?", 200),
        ("POST", "/metrics", 501),
        ("DELETE", "/healthz", 501),
    ],
)
def test_there_is_nothing_else(bot: Bot, method: str, path: str, status: int) -> None:
    assert ask(bot, path, method=method)[0] == status


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:9464", "[::1]:9464"])
def test_this_host_is_answered_under_each_of_its_names(bot: Bot, host: str) -> None:
    assert ask(bot, "/healthz", headers={"Host": host})[0] == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.", "127.0.0.1:", "["]
)
@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/"])
def test_a_page_of_another_site_reads_nothing(bot: Bot, host: str, path: str) -> None:
    """DNS rebinding: its name now leads here, but the browser still sends that name."""
    status, _, text = ask(bot, path, headers={"Host": host})

    assert (status, text) == (403, "for this host only")


def test_a_probe_that_names_no_host_is_answered(bot: Bot) -> None:
    """Some speak HTTP/1.0; a browser always names one."""
    with socket.create_connection(("127.0.0.1", bot.page.port), timeout=5) as probe:
        probe.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: probe.recv(1024), b""))

    assert answer.startswith(b"HTTP/1.0 200 ")
    assert answer.endswith(b"\r\n\r\nok")


@pytest.mark.parametrize(
    ("is_healthy", "problems", "answer"),
    [
        (True, ("a scope is missing",), (200, "ok\na scope is missing")),
        (
            False,
            ("the token is revoked", "a scope is missing"),
            (503, "the token is revoked\na scope is missing"),
        ),
        (False, (), (503, "not connected")),
    ],
)
def test_a_probe_is_told_what_is_wrong(
    bot: Bot, is_healthy: bool, problems: tuple[str, ...], answer: tuple[int, str]
) -> None:
    bot.is_healthy, bot.problems = is_healthy, problems
    status, _, text = ask(bot, "/healthz")

    assert (status, text) == answer


def test_a_silent_client_keeps_nobody_waiting_and_is_left(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_connection(("127.0.0.1", bot.page.port), timeout=5) as patient:
        patient.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        assert ask(bot, "/healthz")[0] == 200
        monkeypatch.setattr("bot.adapters.metrics_page._Request.timeout", 0.05)
        with socket.create_connection(("127.0.0.1", bot.page.port), timeout=5) as silent:
            assert silent.recv(1024) == b""
        assert ask(bot, "/healthz")[0] == 200


def test_requests_are_not_logged_but_bugs_are(
    bot: Bot, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    ask(bot, "/healthz")
    ask(bot, "/nothing")
    assert not caplog.messages

    bot.has_bug = True
    with pytest.raises(ConnectionError):
        ask(bot, "/healthz")
    bot.page.stop()

    assert caplog.messages == ["metrics_page.failed"]
    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken_is_an_error_and_one_that_was_freed_is_not(bot: Bot) -> None:
    second = MetricsPage(bot.page.port, lambda: True)
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.stop()
    bot.page.stop()
    second.start()

    assert second.port == bot.page.port
    second.stop()
