"""Envelopes that come all at once are heard, each of them, whatever comes between them."""

from __future__ import annotations

import logging
import threading

import pytest

from bot.playground.bedrock import Reply
from bot.playground.socket_mode import frame
from tests.workbench import Workbench

WORDS = "their own words"


@pytest.mark.parametrize(
    ("count", "size", "between"),
    [
        (60, 17_000, b""),
        (2_000, 10, b""),
        (20, 10, frame(WORDS.encode(), 0xC1)),  # a reserved bit
        (20, 10, frame(WORDS.encode(), 0x83)),  # a reserved opcode
        (20, 10, frame(WORDS.encode(), 0x82)),  # binary
        (20, 10, frame(b"\xff" + WORDS.encode())),  # no UTF-8
        (20, 10, frame(WORDS.encode(), 0x80)),  # goes on with nothing
        (20, 10, frame(WORDS.encode() * 20, 0x89)),  # a ping that is too long
        (20, 10, frame(WORDS.encode())),  # no JSON
    ],
    ids=["large", "small", "reserved bit", "opcode", "binary", "not UTF-8", "continuation", "ping", "text"],
)
def test_of_a_burst_every_envelope_is_acknowledged_and_none_is_logged(
    bench: Workbench, caplog: pytest.LogCaptureFixture, count: int, size: int, between: bytes
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bot = bench.start_bot()
    bench.until(lambda: bot.health.is_healthy)
    sockets, words = bench.slack.sockets, WORDS + "x" * size
    bench.servers.do(sockets.hold)
    with caplog.at_level(logging.INFO):
        asked = threading.Thread(target=bench.ask, args=("why?",))
        asked.start()
        bench.until(lambda: sockets.held == 1)
        event = {"type": "message", "subtype": "channel_topic", "channel": "CGENERAL", "text": words}
        for _ in range(count):
            bench.servers.do(lambda: bench.slack.events.send(event))
        bench.until(lambda: sockets.held == count + 1)
        bench.servers.do(lambda: sockets.release(between))
        asked.join()
        bench.until(lambda: all(sent.acknowledged_at for sent in list(sockets.deliveries)))

    assert bench.answered(bench.posted_question()) == ["On it.", "Because."]
    assert WORDS not in caplog.text
