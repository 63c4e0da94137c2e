"""Who cannot be looked up yet waits, acknowledged, in no thread; only a policy turns anybody away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from unittest.mock import create_autospec

import pytest

from bot.core.access import Access
from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.core.message import Kind
from bot.core.person import Person
from bot.core.question import Question
from bot.core.texts import Language, texts_in
from bot.engine.admission_control import AdmissionControl
from bot.engine.admissions import Admission, Admissions
from bot.engine.answers import Answers
from bot.engine.asides import Asides
from bot.engine.context import Context
from bot.engine.exchange import Ending, Exchange
from bot.engine.gate import Gate
from bot.engine.inbox import Inbox
from bot.engine.ledger import Ledger
from bot.engine.steps import Show
from tests.engine.directories import Directory, Process

EN = texts_in(Language.EN)
WITHIN = 900.0


class Hall:
    """Questions that wait to be admitted, and the loop that shows what is said of them."""

    def __init__(self, path: Path) -> None:
        self.slack = Directory()
        self.process = Process(self.slack, path)
        self.asides = create_autospec(Asides)
        self.inbox: Inbox = SimpleQueue()
        gate = Gate(Access(), self.process.users.lookup, self.process.channels.lookup)
        context, answers, ledger = (create_autospec(each) for each in (Context, Answers, Ledger))
        context.completed.side_effect = lambda question: question
        answers.key.return_value, ledger.refusal.return_value = "", None
        control = AdmissionControl(gate, context, answers, ledger, self.slack.clock)
        self.admissions = Admissions(control, self.asides, self.inbox, self.slack.clock, within=WITHIN)
        self.exchanges: list[Exchange] = []
        self.admitted: list[Exchange] = []
        self.failed: list[Exception] = []
        self.said: dict[Exchange, list[str]] = {}
        self.most_threads = 0

    def ask(self, user: str = "U1", *, is_command: bool = False) -> Exchange:
        ts = None if is_command else f"{len(self.exchanges)}.0"
        question = Question(
            "T1", f"C{user}", user, "why?", ts=ts, is_external_room=False, trigger_id=f"t{user}"
        )
        exchange = Exchange(question, self.slack.now, 1.5)
        self.exchanges.append(exchange)
        self.said[exchange] = []
        self.decide(exchange)
        return exchange

    def decide(self, exchange: Exchange) -> None:
        admission = Admission(exchange, lambda _: self.admitted.append(exchange), self.failed.append)
        self.admissions.decide_soon(admission)

    def settle(self, *, seen: Callable[[], bool]) -> None:
        """Make the calls that are wished for until `seen`."""
        deadline = time.monotonic() + 10.0
        while not seen():
            assert time.monotonic() < deadline
            self.most_threads = max(self.most_threads, threading.active_count())
            with suppress(Empty):
                self.inbox.get(timeout=0.01)(self.slack.now)
            self.show()

    def show(self) -> None:
        for exchange in self.exchanges:
            wish = exchange.wish()
            if wish and wish.earliest <= self.slack.now:
                step = exchange.grant(wish, self.slack.now)
                assert isinstance(step, Show)
                self.said[exchange].append(step.message.content.body)
                exchange.shown(step, f"{id(step)}.0", self.slack.now)

    def pass_time(self, seconds: float) -> None:
        self.slack.now += seconds
        self.admissions.wake()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    hall.admissions.close()


def test_250_strangers_at_once_all_wait_acknowledged_and_none_is_turned_away(hall: Hall) -> None:
    """Slack tells of ninety in a minute, and nobody of them is in a list."""
    hall.slack.users = {f"U{number}": Person(f"P{number}") for number in range(250)}
    before = threading.active_count()
    for user in hall.slack.users:
        hall.ask(user)
    hall.settle(seen=lambda: len(hall.admitted) + hall.admissions.waiting == 250)
    assert len(hall.admitted) >= 90
    hall.settle(seen=lambda: sum(map(len, hall.said.values())) == hall.admissions.waiting)
    for admitted in (180, 250):
        hall.pass_time(62.0)
        hall.settle(seen=lambda most=admitted: len(hall.admitted) >= most)  # type: ignore[misc]

    assert not hall.slack.refused
    assert not hall.failed
    assert not [exchange for exchange in hall.exchanges if exchange.ending]
    said = list(hall.said.values())
    assert all(len(each) == 1 for each in said)
    assert 155 <= said.count([EN.awaits_admission]) <= 160
    assert hall.most_threads - before <= 40


def test_who_waits_is_admitted_as_soon_as_the_list_tells_of_them(hall: Hall) -> None:
    hall.slack.users = {"U1": Person("Ada")}
    hall.slack.broken["users.info"] = RateLimited(3_000.0)
    hall.ask("U1")
    hall.settle(seen=lambda: hall.admissions.waiting == 1)
    hall.process.users.changed = hall.admissions.wake
    hall.process.users.reader.look()

    hall.settle(seen=lambda: len(hall.admitted) == 1)


@pytest.mark.parametrize("error", [RateLimited(10.0), Unreachable("internal_error")])
def test_a_guest_who_was_acknowledged_is_told_in_the_thread_and_another_alone(
    hall: Hall, error: SlackError
) -> None:
    hall.slack.users = {"U1": Person("Sam", is_guest=True)}
    first = hall.ask()
    hall.settle(seen=lambda: first.ending is Ending.DENIED)
    hall.asides.tell.assert_called_once_with(first.question.asker, EN.denied_person)
    hall.slack.now += 8_000.0
    hall.slack.broken["users.info"] = error
    second = hall.ask()
    hall.settle(seen=lambda: hall.said[second] == [EN.awaits_admission])
    hall.slack.broken.clear()
    hall.pass_time(11.0)
    hall.settle(seen=lambda: second.is_over)

    assert hall.said[second] == [EN.awaits_admission, EN.denied_person]
    assert second.is_denied
    assert hall.asides.tell.call_count == 1
    assert not hall.admitted


def test_a_policy_is_told_once_an_hour_and_that_slack_could_not_say_each_time(hall: Hall) -> None:
    hall.slack.users = {"USAM": Person("Sam", is_guest=True)}
    asked = [hall.ask(user) for user in ("USAM", "USAM", "UNOBODY", "UNOBODY")]
    hall.settle(seen=lambda: all(exchange.ending for exchange in asked))

    told = sorted(call.args[1] for call in hall.asides.tell.call_args_list)
    assert told == sorted([EN.denied_person, EN.denied_unknown, EN.denied_unknown])


def test_what_slack_does_not_say_as_long_as_a_question_is_worth_it_is_told(hall: Hall) -> None:
    hall.slack.broken["users.info"] = Unreachable("internal_error")
    asked = hall.ask()
    hall.settle(seen=lambda: hall.said[asked] == [EN.awaits_admission])
    hall.pass_time(WITHIN - 1)
    hall.settle(seen=lambda: hall.admissions.waiting == 1)
    hall.pass_time(2)
    hall.settle(seen=lambda: asked.is_over)

    assert hall.said[asked] == [EN.awaits_admission, EN.denied_unknown]


def test_a_look_up_that_hangs_is_acknowledged_when_it_is_time(hall: Hall) -> None:
    asked, hangs = Exchange(Question("T1", "C1", "U1", "why?", ts="1.0"), 100.0, 1.5), 101.0
    wish = asked.wish()

    assert wish
    assert wish.earliest == 101.5 > hangs
    asked.question = replace(asked.question, is_followed=True)  # who asked nobody is told nothing
    assert asked.wish() is None


def test_for_who_may_not_ask_no_thread_is_opened(hall: Hall) -> None:
    hall.slack.broken["users.info"] = RateLimited(10.0)
    asked = hall.ask(is_command=True)
    hall.settle(seen=lambda: hall.admissions.waiting == 1)

    assert asked.wish() is None
    hall.asides.tell.assert_called_once_with(asked.question.asker, EN.awaits_admission)


def test_a_question_that_is_withdrawn_waits_no_more(hall: Hall) -> None:
    hall.slack.broken["users.info"] = RateLimited(10.0)
    asked = hall.ask()
    hall.settle(seen=lambda: hall.admissions.waiting == 1)
    asked.end(Ending.HANDED_OVER)
    hall.pass_time(11.0)
    hall.settle(seen=lambda: hall.admissions.waiting == 0)

    assert hall.slack.calls.count("users.info") == 1


def test_a_sentence_that_was_shown_while_waiting_is_the_only_acknowledgement(hall: Hall) -> None:
    hall.slack.users = {"U1": Person("Ada")}
    hall.slack.broken["users.info"] = RateLimited(10.0)
    asked = hall.ask()
    hall.settle(seen=lambda: hall.said[asked] == [EN.awaits_admission])
    hall.slack.broken.clear()
    hall.pass_time(11.0)
    hall.settle(seen=lambda: len(hall.admitted) == 1)
    asked.greet("On it.")
    hall.slack.now += 5.0
    hall.show()

    assert hall.said[asked] == [EN.awaits_admission]
    assert [key.split("/")[-2] for key in asked.screen.messages] == [Kind.ACKNOWLEDGEMENT.value]
