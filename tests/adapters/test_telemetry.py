"""What a collector is told of a question: all of it once, and nothing of what was said or by whom."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from prometheus_client import generate_latest

from bot.adapters.telemetry import Telemetry, open_telemetry
from bot.core.interaction import Call, Interaction, Voice
from bot.core.stream import Usage
from tests.adapters.redis_server import free_port
from tests.collector import Collector, attributes, collector

ASKED_AT = 1_764_000_000.0
SECOND = 1_000_000_000
MICRO, PRO = "us.amazon.nova-micro-v1:0", "us.amazon.nova-pro-v1:0"
SECRETS = ("T0TEAM", "C0CHANNEL", "U0USER", "1764000000.000100", "When is the launch?", "It is in May.")
TEAM, CHANNEL, USER, TS, QUESTION, ANSWER = SECRETS
INTERACTION = Interaction(
    id=f"{TEAM}/{CHANNEL}/{TS}",
    team=TEAM,
    channel=CHANNEL,
    user=USER,
    asked_at=ASKED_AT,
    way_in="mention",
    language="en",
    outcome="whole",
    ack_s=0.75,
    first_words_s=1.5,
    whole_s=5.0,
    first_token_s=0.5,
    usage=Usage(130, 45, 30, 20),
    tokens_per_s=12.0,
    dollars=Decimal("0.0025"),
    tries=1,
    edits=4,
    refused=2,
    question=QUESTION,
    answer=ANSWER,
)
GREETING = Call(
    Voice.ACKNOWLEDGEMENT,
    MICRO,
    ASKED_AT + 0.25,
    ASKED_AT + 0.5,
    usage=Usage(30, 5),
    stop_reason="end_turn",
    request_id="req-0",
)
GOOD = Call(
    Voice.ANSWER,
    PRO,
    ASKED_AT + 0.5,
    ASKED_AT + 4.5,
    first_token_s=0.5,
    usage=Usage(100, 40, cache_read=30, cache_write=20),
    stop_reason="end_turn",
    request_id="req-1",
)
CUT = Call(
    Voice.ANSWER,
    PRO,
    ASKED_AT + 0.5,
    ASKED_AT + 2.5,
    first_token_s=1.0,
    usage=Usage(90, 7, is_estimate=True),
    error="StreamCut",
    request_id="req-2",
)
REFUSED = Call(
    Voice.ANSWER, PRO, ASKED_AT + 0.5, ASKED_AT + 0.75, error="ThrottlingException", request_id="req-3"
)
MODEL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "aws.bedrock", "gen_ai.request.model": PRO}
LABELS = {"duet.outcome": "whole", "duet.way_in": "mention", "duet.from_cache": False}
SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
WAITS = [0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable of the developer's is heeded, and no thread goes on into the next test."""
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    yield
    for thread in unfinished():
        thread.join(20)


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    with collector() as listening:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", listening.endpoint)
        yield listening


def opened(*, prometheus: bool = False) -> Telemetry:
    telemetry = open_telemetry(os.environ, "1.2.3", prometheus=prometheus)
    assert telemetry
    return telemetry


def tell(interaction: Interaction, *calls: Call) -> None:
    """Observe a question, as a bot that ends after it."""
    telemetry = opened()
    telemetry.observe(interaction, calls)
    telemetry.shutdown(30)


def said(span: Span) -> tuple[Any, ...]:
    """All of a span but its ids; its start and end are seconds from the question on."""
    times = (span.start_time_unix_nano, span.end_time_unix_nano)
    seconds = (round((at - ASKED_AT * SECOND) / SECOND, 6) for at in times)
    return span.name, span.kind, *seconds, span.status.code, attributes(span.attributes)


def points(metric: Metric) -> list[tuple[dict[str, Any], int, float]]:
    """The attributes, count and sum of each point of a histogram."""
    return [(attributes(p.attributes), p.count, p.sum) for p in metric.histogram.data_points]


def test_a_question_is_a_span_and_each_call_of_a_model_one_below_it(listening: Collector) -> None:
    tell(INTERACTION, GREETING, GOOD)

    greeting, good, question = listening.spans
    assert said(question) == (
        "duet.interaction",
        Span.SPAN_KIND_CONSUMER,
        0.0,
        5.0,
        Status.STATUS_CODE_UNSET,
        {
            **LABELS,
            "duet.interaction.id": "9921fef6d8c0cda8",
            "duet.language": "en",
            "duet.first_sign_s": 0.75,
            "duet.first_words_s": 1.5,
            "duet.whole_s": 5.0,
            "duet.tries": 1,
            "duet.edits": 4,
            "duet.rate_limited": 2,
            "duet.dollars": 0.0025,
        },
    )
    assert said(greeting) == (
        f"chat {MICRO}",
        Span.SPAN_KIND_CLIENT,
        0.25,
        0.5,
        Status.STATUS_CODE_UNSET,
        {
            **MODEL,
            "gen_ai.request.model": MICRO,
            "duet.voice": "acknowledgement",
            "gen_ai.response.finish_reasons": ["end_turn"],
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.cache_read.input_tokens": 0,
            "gen_ai.usage.cache_creation.input_tokens": 0,
            "duet.usage_is_estimate": False,
            "aws.request_id": "req-0",
        },
    )
    assert said(good) == (
        f"chat {PRO}",
        Span.SPAN_KIND_CLIENT,
        0.5,
        4.5,
        Status.STATUS_CODE_UNSET,
        {
            **MODEL,
            "duet.voice": "answer",
            "gen_ai.response.finish_reasons": ["end_turn"],
            "gen_ai.response.time_to_first_chunk": 0.5,
            "gen_ai.usage.input_tokens": 150,
            "gen_ai.usage.output_tokens": 40,
            "gen_ai.usage.cache_read.input_tokens": 30,
            "gen_ai.usage.cache_creation.input_tokens": 20,
            "duet.usage_is_estimate": False,
            "aws.request_id": "req-1",
        },
    )
    assert question.parent_span_id == b""
    assert {call.parent_span_id for call in (greeting, good)} == {question.span_id}
    assert len({span.trace_id for span in listening.spans}) == 1


def test_a_call_that_failed_says_with_what(listening: Collector) -> None:
    tell(replace(INTERACTION, outcome="cut", fault="unavailable"), REFUSED, CUT)

    refused, cut, question = listening.spans
    assert said(refused)[4:] == (
        Status.STATUS_CODE_ERROR,
        {**MODEL, "duet.voice": "answer", "error.type": "ThrottlingException", "aws.request_id": "req-3"},
    )
    assert said(cut)[4:] == (
        Status.STATUS_CODE_ERROR,
        {
            **MODEL,
            "duet.voice": "answer",
            "error.type": "StreamCut",
            "gen_ai.response.time_to_first_chunk": 1.0,
            "gen_ai.usage.input_tokens": 90,
            "gen_ai.usage.output_tokens": 7,
            "gen_ai.usage.cache_read.input_tokens": 0,
            "gen_ai.usage.cache_creation.input_tokens": 0,
            "duet.usage_is_estimate": True,
            "aws.request_id": "req-2",
        },
    )
    assert attributes(question.attributes)["duet.fault"] == "unavailable"


def test_each_metric_has_its_unit_its_buckets_and_its_attributes(listening: Collector) -> None:
    tell(INTERACTION, GOOD)

    histograms = {
        name: (metric.unit, list(metric.histogram.data_points[0].explicit_bounds), points(metric))
        for name, metric in listening.metrics.items()
        if metric.HasField("histogram")
    }
    dollars = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
    assert histograms == {
        "gen_ai.client.operation.duration": ("s", SECONDS, [(MODEL, 1, 4.0)]),
        "gen_ai.client.operation.time_to_first_chunk": ("s", SECONDS, [(MODEL, 1, 0.5)]),
        "gen_ai.client.token.usage": (
            "{token}",
            [4**power for power in range(14)],
            [
                ({**MODEL, "gen_ai.token.type": "input"}, 1, 150),
                ({**MODEL, "gen_ai.token.type": "output"}, 1, 40),
            ],
        ),
        "duet.interaction.first_words": ("s", WAITS, [(LABELS, 1, 0.75)]),
        "duet.interaction.whole": ("s", WAITS, [(LABELS, 1, 5.0)]),
        "duet.interaction.cost": ("{USD}", dollars, [(LABELS, 1, 0.0025)]),
        "duet.interaction.edits": ("{edit}", [0, 1, 2, 5, 10, 20, 50, 100], [(LABELS, 1, 4)]),
    }
    counter = listening.metrics["duet.slack.rate_limited"]
    assert (counter.unit, counter.sum.is_monotonic) == ("{call}", True)
    assert [(attributes(p.attributes), p.as_int) for p in counter.sum.data_points] == [(LABELS, 2)]
    assert set(listening.metrics) == {*histograms, counter.name}


def test_the_lag_of_each_thread_is_measured(listening: Collector) -> None:
    telemetry = opened()
    for thread, seconds in (("socket", 0.25), ("socket", 2.0), ("process", 67.0)):
        telemetry.observe_lag(thread, seconds)
    telemetry.shutdown(30)

    lag = listening.metrics["duet.thread.lag"]
    found = [({"duet.thread": "socket"}, 2, 2.25), ({"duet.thread": "process"}, 1, 67.0)]
    assert (lag.unit, points(lag)) == ("s", found)


def test_every_call_is_counted_once_however_it_ended(listening: Collector) -> None:
    tell(INTERACTION, REFUSED, CUT, GOOD)

    kept = listening.metrics
    assert points(kept["gen_ai.client.operation.duration"]) == [
        ({**MODEL, "error.type": "ThrottlingException"}, 1, 0.25),
        ({**MODEL, "error.type": "StreamCut"}, 1, 2.0),
        (MODEL, 1, 4.0),
    ]
    assert points(kept["gen_ai.client.operation.time_to_first_chunk"]) == [(MODEL, 2, 1.5)]
    assert points(kept["gen_ai.client.token.usage"]) == [
        ({**MODEL, "gen_ai.token.type": "input"}, 2, 240),
        ({**MODEL, "gen_ai.token.type": "output"}, 2, 47),
    ]
    assert [span.name for span in listening.spans] == [f"chat {PRO}"] * 3 + ["duet.interaction"]


def test_what_is_not_known_is_not_told(listening: Collector) -> None:
    unknown = replace(INTERACTION, ack_s=None, first_words_s=None, whole_s=None, dollars=None, outcome="cut")
    tell(unknown, CUT)

    *_, question = listening.spans
    assert said(question)[3] == 2.5  # the last that is known is the end of the call
    assert not {"duet.dollars", "duet.whole_s", "duet.first_sign_s"} & set(attributes(question.attributes))
    assert {name for name in listening.metrics if name.startswith("duet.")} == {
        "duet.interaction.edits",
        "duet.slack.rate_limited",
    }


def test_a_question_that_needed_no_call_ends_with_what_was_seen_of_it(listening: Collector) -> None:
    tell(replace(INTERACTION, ack_s=None, first_words_s=0.5, whole_s=None, is_from_cache=True))

    (question,) = listening.spans
    assert said(question)[2:4] == (0.0, 0.5)
    assert attributes(question.attributes)["duet.from_cache"] is True


def test_no_text_and_no_id_of_slacks_leaves_the_process(listening: Collector) -> None:
    telemetry = opened(prometheus=True)
    telemetry.observe(INTERACTION, (GREETING, REFUSED, CUT, GOOD))
    page = generate_latest()
    telemetry.shutdown(30)

    written = b"".join([page, *(each.body + repr(each.headers).encode() for each in listening.received)])
    assert PRO.encode() in written
    assert not [secret for secret in SECRETS if secret.encode() in written]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, {"service.name": "duet", "service.version": "1.2.3"}),
        ({"OTEL_SERVICE_NAME": "duet-eu"}, {"service.name": "duet-eu", "service.version": "1.2.3"}),
        (
            {"OTEL_RESOURCE_ATTRIBUTES": "service.name=ours,service.instance.id=one,deployment=eu"},
            {"service.name": "ours", "service.instance.id": "one", "deployment": "eu"},
        ),
    ],
)
def test_who_writes_is_duet_unless_the_operator_says_otherwise(
    listening: Collector, monkeypatch: pytest.MonkeyPatch, env: Mapping[str, str], expected: Mapping[str, str]
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    tell(INTERACTION, GOOD)

    traces, metrics = listening.resources
    assert traces == metrics
    assert expected.items() <= traces.items()
    assert traces["telemetry.sdk.language"] == "python"


def test_two_bots_are_two_instances(listening: Collector) -> None:
    """Else a collector would take their metrics for one series that jumps up and down."""
    tell(INTERACTION)
    tell(INTERACTION)

    assert len({resource["service.instance.id"] for resource in listening.resources}) == 2


def test_headers_and_compression_are_those_of_the_environment(
    listening: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k3y,tenant=blue")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    tell(INTERACTION, GOOD)

    assert {each.path for each in listening.received} == {"/v1/traces", "/v1/metrics"}
    assert {each.headers["api-key"] + each.headers["tenant"] for each in listening.received} == {"k3yblue"}
    assert {each.headers["content-encoding"] for each in listening.received} == {"gzip"}
    assert listening.spans
    assert listening.metrics


def test_a_sampler_of_the_environment_leaves_the_metrics_whole(
    listening: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    tell(INTERACTION, GOOD)

    assert not listening.spans
    assert points(listening.metrics["gen_ai.client.operation.duration"]) == [(MODEL, 1, 4.0)]


@pytest.mark.parametrize(
    ("env", "paths"),
    [
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "{}/v1/traces"}, {"/v1/traces"}),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "{}/v1/metrics"}, {"/v1/metrics"}),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "{}", "OTEL_TRACES_EXPORTER": "none"}, {"/v1/metrics"}),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "{}/", "OTEL_METRICS_EXPORTER": "None"}, {"/v1/traces"}),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "{}", "OTEL_TRACES_EXPORTER": "otlp"},
            {"/v1/traces", "/v1/metrics"},
        ),
    ],
)
def test_traces_and_metrics_go_where_each_is_sent(
    monkeypatch: pytest.MonkeyPatch, env: Mapping[str, str], paths: set[str]
) -> None:
    with collector() as listening:
        for name, value in env.items():
            monkeypatch.setenv(name, value.format(listening.endpoint))
        tell(INTERACTION, GOOD)

        assert {each.path for each in listening.received} == paths


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
        {"OTEL_SERVICE_NAME": "duet"},
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
        },
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
    ],
)
def test_where_nobody_would_read_it_there_is_no_telemetry(env: Mapping[str, str]) -> None:
    assert open_telemetry(env, "1.2.3", prometheus=False) is None


def test_a_disabled_sdk_leaves_nothing_for_prometheus_either() -> None:
    assert open_telemetry({"OTEL_SDK_DISABLED": "TRUE"}, "1.2.3", prometheus=True) is None


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (
            {"OTEL_TRACES_EXPORTER": "console"},
            "OTEL_TRACES_EXPORTER must be otlp or none, and it is 'console'.",
        ),
        (
            {"OTEL_METRICS_EXPORTER": "prometheus"},
            "OTEL_METRICS_EXPORTER must be otlp or none, and it is 'prometheus'.",
        ),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf, and it is 'grpc'.",
        ),
        (
            {
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/json",
            },
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL must be http/protobuf, and it is 'http/json'.",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(env: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match="must be") as raised:
        open_telemetry(env, "1.2.3", prometheus=False)

    assert str(raised.value) == sentence


def test_a_protocol_of_its_own_outdoes_the_common_one() -> None:
    own = {f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL": "http/protobuf" for signal in ("TRACES", "METRICS")}

    assert open_telemetry({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", **own}, "1.2.3", prometheus=False) is None


def unfinished() -> list[threading.Thread]:
    """The last attempts that `shutdown` gave up."""
    return [thread for thread in threading.enumerate() if thread.name == "telemetry-end"]


def tell_in_vain(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Observe much, and give the last of it no time."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")  # for how many seconds the SDK tries
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    telemetry = opened()
    began = time.monotonic()
    for _ in range(50):
        telemetry.observe(INTERACTION, (REFUSED, GOOD))
    assert time.monotonic() - began < 10  # a minute and more, if each had waited for an answer
    telemetry.shutdown(0.1)


def test_a_collector_that_is_down_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    tell_in_vain(monkeypatch, f"http://127.0.0.1:{free_port()}")

    assert unfinished()


def test_a_collector_that_never_answers_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tell_in_vain(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")

        assert unfinished()


@pytest.mark.parametrize("status", [400, 500, 503])
def test_a_collector_that_refuses_disturbs_nobody(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with collector(status) as refusing:
        tell_in_vain(monkeypatch, refusing.endpoint)
        refusing.wait_for("/v1/traces")
        refusing.wait_for("/v1/metrics")


def test_it_is_no_business_of_others_in_the_process(listening: Collector) -> None:
    """Two bots in one process, or a bot in somebody's program, do not disturb one another."""
    providers = trace.get_tracer_provider(), metrics.get_meter_provider()
    first, second = opened(), opened()
    with trace.use_span(trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=False))):
        first.observe(INTERACTION, [GOOD])
    first.shutdown(30)
    second.observe(INTERACTION, [REFUSED])
    second.shutdown(30)

    assert (trace.get_tracer_provider(), metrics.get_meter_provider()) == providers
    good, question, refused, another = listening.spans
    assert not question.parent_span_id
    assert not another.parent_span_id
    assert good.trace_id == question.trace_id != refused.trace_id == another.trace_id
