"""A connection that is lost is noticed, said and made anew, however it is lost."""

from __future__ import annotations

import logging
import socket
from contextlib import closing

import pytest

from bot.listeners.envelopes import Envelopes, is_at_end
from bot.playground.bedrock import Reply
from bot.playground.socket_mode import Loss
from tests.workbench import Workbench


@pytest.mark.parametrize("how", Loss)
def test_a_lost_connection_is_made_anew_within_ten_seconds_and_the_next_question_is_answered(
    bench: Workbench, how: Loss, caplog: pytest.LogCaptureFixture
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    with caplog.at_level(logging.INFO, "bot.app"):
        bench.start_bot()
        bench.until(lambda: "socket.connected" in caplog.messages)
        caplog.clear()
        bench.servers.wait_for(lambda: bench.slack.sockets.lose(how))
        question = bench.mention("why?")

        bench.until(lambda: "socket.connected" in caplog.messages, seconds=10.0)
        assert bench.answered(question) == ["On it.", "Because."]


def test_a_connection_that_is_gone_is_given_up_without_waiting_for_five_pings_to_fail(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        bench.start_bot()
        bench.until(lambda: "socket.connected" in caplog.messages)
        caplog.clear()
        bench.servers.wait_for(lambda: bench.slack.sockets.lose(Loss.RESET))
        bench.until(lambda: "socket.connected" in caplog.messages)

    assert caplog.text.count("Failed to check the state of sock") < 5  # the client's own limit


def test_a_mistake_in_watching_the_connection_is_logged_and_does_not_end_that(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Envelopes.hang_up_if_alone

    def mistaken(_envelopes: Envelopes) -> None:
        monkeypatch.setattr(Envelopes, "hang_up_if_alone", watch)
        raise ZeroDivisionError

    monkeypatch.setattr(Envelopes, "hang_up_if_alone", mistaken)
    with caplog.at_level(logging.INFO, "bot"):
        bench.start_bot()
        bench.until(lambda: "socket.connected" in caplog.messages)

    assert caplog.messages.index("work.crashed") < caplog.messages.index("socket.connected")


def test_only_a_connection_of_which_nothing_more_can_be_read_is_at_its_end() -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        ours.settimeout(0.01)
        assert not is_at_end(ours)  # quiet for longer than its timeout
        theirs.send(b"!")
        theirs.close()
        assert not is_at_end(ours)
        assert ours.recv(2) == b"!"
        assert is_at_end(ours)
    assert is_at_end(ours)
