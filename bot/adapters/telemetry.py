"""OpenTelemetry: spans and metrics of a question, written when it is over.

Names, units and buckets are those of the GenAI conventions. They are spelled out here because the package
opentelemetry-semantic-conventions has them in a private module only, and as deprecated.
https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai

The ready-made botocore instrumentation miscounts streams: it takes one for ended at its `metadata`, at an
EventStreamError and once more at close(). A stream that is read to its end and closed counts twice; one that
urllib3 cuts counts when it is closed, as a success, or never. So each call is written here, by hand and once.
https://github.com/open-telemetry/opentelemetry-python-contrib/blob/main/instrumentation/opentelemetry-instrumentation-botocore/src/opentelemetry/instrumentation/botocore/extensions/bedrock_utils.py
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from threading import Thread
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.util.types import AttributeValue

from bot.core.interaction import Call, Interaction
from bot.core.stream import Usage

_NAME = "duet"

# The upper bounds of the buckets; those of seconds and tokens are the conventions'.
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_WAITS = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0)  # 2 and 15 s are promised
_TOKENS = tuple(4**power for power in range(14))
_DOLLARS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_EDITS = (0, 1, 2, 5, 10, 20, 50, 100)


class Telemetry:
    """Writes down how questions went. Thread-safe; threads of the providers, which it owns, send that later.

    Whoever calls it neither waits for a collector nor learns of its failures.
    """

    def __init__(self, tracers: TracerProvider, meters: MeterProvider, version: str) -> None:
        self._tracers, self._meters = tracers, meters
        self._tracer = tracers.get_tracer(_NAME, version)
        meter = meters.get_meter(_NAME, version)

        def histogram(name: str, unit: str, bounds: Sequence[float], description: str) -> Histogram:
            return meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=bounds)

        self._duration = histogram(
            "gen_ai.client.operation.duration", "s", _SECONDS, "GenAI operation duration."
        )
        self._first_chunk = histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            _SECONDS,
            "From the call of a model to the first words of its stream.",
        )
        self._tokens = histogram(
            "gen_ai.client.token.usage", "{token}", _TOKENS, "Number of input and output tokens used."
        )
        self._first_words = histogram(
            "duet.interaction.first_words",
            "s",
            _WAITS,
            "From a question to the first words of either model on screen.",
        )
        self._whole = histogram(
            "duet.interaction.whole", "s", _WAITS, "From a question to its whole answer on screen."
        )
        self._cost = histogram(
            "duet.interaction.cost", "{USD}", _DOLLARS, "What the calls for a question cost."
        )
        self._edits = histogram(
            "duet.interaction.edits", "{edit}", _EDITS, "Edits of Slack messages for a question."
        )
        self._lag = histogram(
            "duet.thread.lag", "s", _SECONDS, "By how much a thread is late that others wait for."
        )
        self._rate_limited = meter.create_counter(
            "duet.slack.rate_limited", "{call}", "Calls that Slack refused with 429."
        )

    def observe_lag(self, thread: str, seconds: float) -> None:
        """Take note of by how much a thread is late that others wait for, or the whole process."""
        self._lag.record(seconds, {"duet.thread": thread})

    def observe(self, interaction: Interaction, calls: Sequence[Call]) -> None:
        """Take note of a question that is over, and of the calls of models that were made for it."""
        self._trace(interaction, calls)
        for call in calls:
            self._measure_call(call)
        self._measure(interaction)

    def shutdown(self, seconds: float = 3.0) -> None:
        """Send what is not sent yet; what takes longer than so many seconds is given up."""
        deadline = time.monotonic() + seconds
        # Of themselves the providers wait for as long as an exporter retries, and one after the other.
        ends = [
            Thread(target=provider.shutdown, name="telemetry-end", daemon=True)
            for provider in (self._meters, self._tracers)
        ]
        for end in ends:
            end.start()
        for end in ends:
            end.join(max(0.0, deadline - time.monotonic()))

    def _trace(self, interaction: Interaction, calls: Sequence[Call]) -> None:
        span = self._tracer.start_span(
            "duet.interaction",
            Context(),  # a trace of its own, whatever is traced around it
            SpanKind.CONSUMER,
            _interaction_attributes(interaction),
            start_time=_nanoseconds(interaction.asked_at),
        )
        beneath = set_span_in_context(span, Context())
        for call in calls:
            self._trace_call(call, beneath)
        span.end(_nanoseconds(_ended_at(interaction, calls)))

    def _trace_call(self, call: Call, parent: Context) -> None:
        span = self._tracer.start_span(
            f"chat {call.model_id}",
            parent,
            SpanKind.CLIENT,
            _call_attributes(call),
            start_time=_nanoseconds(call.began_at),
        )
        if call.error:
            span.set_status(StatusCode.ERROR)
        span.end(_nanoseconds(call.ended_at))

    def _measure_call(self, call: Call) -> None:
        labels = _call_labels(call)
        self._duration.record(call.ended_at - call.began_at, labels | _error(call))
        if call.first_token_s is not None:
            self._first_chunk.record(call.first_token_s, labels)
        if call.usage:
            self._tokens.record(call.usage.all_input, labels | {"gen_ai.token.type": "input"})
            self._tokens.record(call.usage.output, labels | {"gen_ai.token.type": "output"})

    def _measure(self, interaction: Interaction) -> None:
        labels = _interaction_labels(interaction)
        if interaction.first_sign_s is not None:
            self._first_words.record(interaction.first_sign_s, labels)
        if interaction.whole_s is not None:
            self._whole.record(interaction.whole_s, labels)
        if interaction.dollars is not None:
            self._cost.record(float(interaction.dollars), labels)
        self._edits.record(interaction.edits, labels)
        self._rate_limited.add(interaction.refused, labels)


def _interaction_labels(interaction: Interaction) -> dict[str, AttributeValue]:
    """What its metrics are told apart by; each takes a few values only."""
    return {
        "duet.outcome": interaction.outcome,
        "duet.way_in": interaction.way_in,
        "duet.from_cache": interaction.is_from_cache,
    }


def _interaction_attributes(interaction: Interaction) -> dict[str, AttributeValue]:
    """What its span says: no texts, and no ids of Slack's, for traces go to third parties."""
    return _interaction_labels(interaction) | _known(
        {
            "duet.interaction.id": _pseudonym(interaction.id),
            "duet.fault": interaction.fault or None,
            "duet.language": interaction.language,
            "duet.first_sign_s": interaction.first_sign_s,
            "duet.first_words_s": interaction.first_words_s,
            "duet.whole_s": interaction.whole_s,
            "duet.tries": interaction.tries,
            "duet.edits": interaction.edits,
            "duet.rate_limited": interaction.refused,
            "duet.dollars": None if interaction.dollars is None else float(interaction.dollars),
        }
    )


def _pseudonym(interaction_id: str) -> str:
    """What stands for an id, which names team and channel: the first 16 digits of its SHA-256."""
    return hashlib.sha256(interaction_id.encode()).hexdigest()[:16]


def _ended_at(interaction: Interaction, calls: Sequence[Call]) -> float:
    """When its answer was whole, or else the last that is known of it, in seconds since 1970 (UTC)."""
    if interaction.whole_s is not None:
        return interaction.asked_at + interaction.whole_s
    seen_at = interaction.asked_at + (interaction.first_sign_s or 0.0)
    return max([seen_at, *(call.ended_at for call in calls)])


def _call_labels(call: Call) -> dict[str, AttributeValue]:
    """What its metrics are told apart by."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.request.model": call.model_id,
    }


def _error(call: Call) -> dict[str, AttributeValue]:
    return {"error.type": call.error} if call.error else {}


def _call_attributes(call: Call) -> dict[str, AttributeValue]:
    """What its span says."""
    return (
        _call_labels(call)
        | _error(call)
        | _known(
            {
                "duet.voice": call.voice.value,
                "gen_ai.response.finish_reasons": [call.stop_reason] if call.stop_reason else None,
                "gen_ai.response.time_to_first_chunk": call.first_token_s,
                "aws.request_id": call.request_id or None,
            }
        )
        | (_usage_attributes(call.usage) if call.usage else {})
    )


def _usage_attributes(usage: Usage) -> dict[str, AttributeValue]:
    return {
        "gen_ai.usage.input_tokens": usage.all_input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "duet.usage_is_estimate": usage.is_estimate,
    }


def _known(attributes: Mapping[str, AttributeValue | None]) -> dict[str, AttributeValue]:
    return {name: value for name, value in attributes.items() if value is not None}


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def open_telemetry(env: Mapping[str, str], version: str, *, prometheus: bool) -> Telemetry | None:
    """What OpenTelemetry's own variables in `env` ask for; None where nobody would read it.

    Traces and metrics go to the collectors that are named there, and metrics to prometheus_client's registry
    for `prometheus`. Headers, intervals, limits and the rest the SDK reads by itself, from the environment of
    the process. Raises ValueError with a sentence that says what is wrong.
    https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
    """
    if _value(env, "OTEL_SDK_DISABLED").lower() == "true":
        return None
    traces, metrics = _has_collector(env, "TRACES"), _has_collector(env, "METRICS")
    if not (traces or metrics or prometheus):
        return None
    resource = _resource(version)
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    if traces:
        tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    pushing = [PeriodicExportingMetricReader(OTLPMetricExporter())] if metrics else []
    # The last to be made, since it registers itself, and the first to be shut down, before any can be slow.
    waiting = [PrometheusMetricReader()] if prometheus else []
    return Telemetry(tracers, MeterProvider([*waiting, *pushing], resource, shutdown_on_exit=False), version)


def _has_collector(env: Mapping[str, str], signal: str) -> bool:
    """Whether TRACES or METRICS are to be sent, and can be. Raises ValueError."""
    exporter = _value(env, f"OTEL_{signal}_EXPORTER").lower() or "otlp"
    if exporter == "none":
        return False
    if exporter != "otlp":
        raise ValueError(f"OTEL_{signal}_EXPORTER must be otlp or none, and it is {exporter!r}.")
    for name in (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if protocol := _value(env, name):
            if protocol != "http/protobuf":
                raise ValueError(f"{name} must be http/protobuf, and it is {protocol!r}.")
            break
    endpoints = (f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    return any(_value(env, name) for name in endpoints)


def _value(env: Mapping[str, str], name: str) -> str:
    return env.get(name, "").strip()


def _resource(version: str) -> Resource:
    """Who writes. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word."""
    ours = Resource(
        {
            "service.name": _NAME,
            "service.version": version,
            "service.instance.id": str(uuid4()),  # or several processes would write one and the same series
        }
    )
    return Resource.create().merge(ours).merge(OTELResourceDetector().detect())
