"""What a reader would want to see next and how calls turn out, in a time that is only counted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.draft import Outcome
from bot.core.errors import Fault, ModelError, RateLimited, SlackError, ThreadGone, Unreachable
from bot.core.files import SharedFile
from bot.core.journal import CallKind
from bot.core.layout import LEVELS
from bot.core.message import Action, Button, Content, Feedback, Kind, Outgoing, Press
from bot.core.question import Place, Question
from bot.core.safety import neutralise
from bot.core.stream import Failed, Finished, StreamEvent, Text
from bot.core.texts import Language, texts_in
from bot.engine.exchange import Ending, Exchange
from bot.engine.steps import Need, OpenThread, Show, Start, Wish
from tests.engine.admitted import admitted

DEADLINE = 1.5
PLACE = Place("C1", "1.0")
MESSAGE = Question("T1", "C1", "U1", "Why?", ts="1.0")
COMMAND = Question("T1", "C1", "U1", "Why?", trigger_id="1.0")
EN = texts_in(Language.EN)
STAND_IN = EN.stand_ins[0]
STOP = Button(Action.STOP, EN.stop)
MAX_PAUSE, TRIES = 10.0, 6
PAGE = "word " * (LEVELS[0].units // 5)


class Screen:
    """An exchange at work: a loop that grants its wishes at once, and the thread that its calls write."""

    def __init__(self, question: Question = MESSAGE, *, may_open: bool = True) -> None:
        self.now = 0.0
        self.exchange = admitted(Exchange(question, self.now, DEADLINE))
        self.may_open = may_open
        self.call: Show | OpenThread | None = None
        self.begun: list[tuple[float, Show | OpenThread]] = []
        self.thread: dict[str, tuple[Kind, Content]] = {}
        self.keys: dict[str, str] = {}  # the ts of each message
        self.paused_until = 0.0
        self.look()

    @property
    def look_at(self) -> float:
        """When the exchange's wish may be granted."""
        wish = self.exchange.wish()
        if wish is None or (wish.opens and wish.need is not Need.SIGN and not self.may_open):
            return inf
        return max(self.now, self.paused_until, wish.earliest)

    @property
    def ended(self) -> bool:
        return self.exchange.is_over

    def look(self) -> None:
        """Grant what may be granted now, as a pacer without limits does."""
        while (wish := self.exchange.wish()) and self.look_at <= self.now:
            assert self.call is None, "two calls in flight"
            may_open = self.may_open or wish.need is not Need.SIGN
            self.call = self.exchange.grant(wish, self.now, may_open=may_open)
            if self.call:
                kind = CallKind.POST if isinstance(self.call, OpenThread) else self.call.kind
                assert wish.kind is kind
                self.begun.append((self.now, self.call))

    def at(self, moment: float) -> Screen:
        assert moment >= self.now
        while self.look_at <= moment:
            self.now = self.look_at
            self.look()
        self.now = moment
        return self

    def greets(self, words: str) -> None:
        self.exchange.greet(words)
        self.look()

    def says(self, *events: StreamEvent | str) -> None:
        """The answering model's events; the loop looks only when the exchange asks it to."""
        for event in events:
            if self.exchange.receive(Text(event) if isinstance(event, str) else event, self.now):
                self.look()

    def lands(self) -> None:
        """The call in flight was made."""
        step, self.call = self.call, None
        if isinstance(step, OpenThread):
            self.exchange.opened(PLACE, {}, self.now)
        else:
            assert step is not None
            found = next((tried for tried in step.unsure if tried.message.key in self.keys), None)
            if found:
                self.exchange.shown(found, self.keys[found.message.key], self.now)
            else:
                self.exchange.shown(step, self._written(step), self.now)
        self.look()

    def lands_unseen(self) -> None:
        """The call in flight was made, and nobody knows."""
        assert isinstance(self.call, Show)
        if not any(tried.message.key in self.keys for tried in self.call.unsure):
            self._written(self.call)
        self.is_refused(Unreachable("timeout"))

    def _written(self, step: Show) -> str:
        ts = step.ts or f"{len(self.thread)}.0"
        assert (step.ts is None) is (ts not in self.thread)
        assert step.ts or step.message.key not in self.keys, "it stands twice"
        self.thread[ts] = (step.message.kind, step.message.content)
        self.keys.setdefault(step.message.key, ts)
        return ts

    def is_refused(self, error: SlackError) -> None:
        assert self.call
        self.call = None
        if isinstance(error, RateLimited):  # which is the pacer's to remember
            self.paused_until = self.now + error.retry_after
        self.exchange.refused(error, self.now)
        self.look()

    def runs_out(self) -> None:
        """Every call is made until nothing is left to do."""
        for _ in range(1000):
            if self.call:
                self.lands()
            elif self.ended or self.look_at == inf:
                return
            else:
                self.at(self.look_at)
        raise AssertionError("the exchange goes on for ever")

    @property
    def kinds(self) -> list[Kind]:
        return [kind for kind, _ in self.thread.values()]

    @property
    def bodies(self) -> list[str]:
        return [content.body for _, content in self.thread.values()]

    @property
    def showing(self) -> str | None:
        """What the call in flight shows."""
        return self.call.message.content.body if isinstance(self.call, Show) else None


def show(
    kind: Kind,
    body: str,
    number: int = 0,
    ts: str | None = None,
    *,
    grows: bool = False,
    is_end: bool = False,
) -> Show:
    is_answer = is_end and kind is Kind.ANSWER
    content = Content(
        neutralise(body),
        button=STOP if grows else None,
        feedback=Feedback(EN.good, EN.bad) if is_answer else None,
        menu=(Button(Action.REGENERATE, EN.regenerate),) if is_answer else (),
    )
    press = Press("U1", 0, "C1/1.0")
    message = Outgoing(kind, content, f"C1/1.0/{kind.value}/{number}", is_end, press)
    return Show(PLACE, message, number, ts, grows, kind=CallKind.EDIT if ts else CallKind.POST)


END = Finished("end_turn", None)
BREAK = Failed(ModelError(Fault.UNAVAILABLE, "StreamCut"))


def answering(*events: StreamEvent | str) -> Screen:
    """A screen whose acknowledgement stands since 0.2 and whose answer has begun at 1.0."""
    screen = Screen()
    screen.greets("On it.")
    screen.at(0.2).lands()
    screen.at(1.0).says(*events)
    return screen


# The acknowledgement


def test_the_acknowledgement_stands_before_the_answer() -> None:
    screen = answering("Because.", END)
    screen.runs_out()

    assert screen.bodies == ["On it.", "Because."]
    assert screen.kinds == [Kind.ACKNOWLEDGEMENT, Kind.ANSWER]
    assert screen.ended


def test_the_acknowledgement_is_shown_as_soon_as_it_is_known() -> None:
    screen = Screen()
    screen.at(0.3).greets("On it.")

    assert screen.begun == [(0.3, show(Kind.ACKNOWLEDGEMENT, "On it."))]


def test_a_fixed_sentence_stands_in_exactly_at_the_deadline() -> None:
    screen = Screen()

    assert screen.look_at == DEADLINE
    assert screen.at(DEADLINE - 0.001).call is None
    screen.at(DEADLINE)
    assert screen.begun[0][0] == DEADLINE
    assert screen.showing == STAND_IN


def test_a_fixed_sentence_stands_in_at_once_when_the_first_model_failed() -> None:
    screen = Screen()
    screen.at(0.4).greets("")

    assert screen.begun[0][0] == 0.4
    assert screen.showing == STAND_IN


def test_the_stand_in_speaks_the_askers_language() -> None:
    screen = Screen(Question("T1", "C1", "U1", "왜?", ts="1.0"))
    screen.greets("")

    assert screen.showing == texts_in(Language.KO).stand_ins[0]


def test_an_acknowledgement_that_comes_after_the_stand_in_is_not_shown() -> None:
    screen = Screen()
    screen.at(DEADLINE).lands()
    screen.at(2.0).greets("On it.")

    assert screen.call is None
    assert screen.bodies == [STAND_IN]


def test_there_is_no_acknowledgement_once_the_answer_has_begun() -> None:
    screen = Screen()
    screen.at(0.1).says("Because.")
    screen.lands()
    screen.greets("On it.")
    screen.at(DEADLINE + 1).says(END)
    screen.runs_out()

    assert screen.bodies == ["Because."]


def test_the_answer_waits_for_the_acknowledgement_that_is_on_its_way() -> None:
    """Else they could come to stand in the other order."""
    screen = Screen()
    screen.greets("On it.")
    screen.at(0.1).says("Because.")
    screen.at(5.0)
    assert screen.showing == "On it."

    screen.lands()
    assert screen.showing == "Because."


def test_of_a_question_about_a_message_only_the_askers_words_are_quoted_in_the_askers_language() -> None:
    about = replace(MESSAGE, text="Is that wise?\n\n> 금요일에 배포합니다.")
    fixed, screen = Screen(about), Screen(about)
    fixed.greets("")
    screen.greets("You'd like to know if that is wise, and I'm preparing a detailed answer!")

    assert fixed.showing == EN.stand_ins_about[0].format(subject="Is that wise")
    assert screen.showing == "You'd like to know if that is wise, and I'm preparing a detailed answer!"


@pytest.mark.parametrize("said", ["", "why?"])
def test_where_a_question_says_nothing_of_its_file_the_acknowledgement_does(said: str) -> None:
    file = SharedFile("F1", "plan.pdf")
    fixed, screen = (Screen(replace(MESSAGE, text=said, files=(file,))) for _ in range(2))
    fixed.greets("On it.")
    screen.greets("I'm preparing a detailed answer about plan.pdf!")

    assert fixed.showing == EN.stand_ins_with_files[0].format(subject="plan.pdf")
    assert screen.showing == "I'm preparing a detailed answer about plan.pdf!"


def test_the_acknowledgement_is_neutralised() -> None:
    screen = Screen()
    screen.greets("On it, @channel.")

    assert screen.showing == "On it, @\u200bchannel."


# The answer


def test_the_first_words_are_shown_at_once() -> None:
    screen = answering("Be")

    assert screen.begun[-1] == (1.0, show(Kind.ANSWER, "Be", grows=True))
    screen.at(1.2).lands()
    screen.at(3.0).says("cause.", END)
    screen.runs_out()
    assert screen.exchange.first_words_at == 1.2


def test_blank_beginnings_are_not_shown() -> None:
    assert answering("", "\n", " ").call is None


def test_what_comes_during_a_call_is_shown_by_the_next_one_all_together() -> None:
    screen = answering("Be")
    screen.at(1.1).says("cause")
    screen.at(1.3).says(" it")
    screen.at(1.4).lands()

    assert screen.begun[-1] == (1.4, show(Kind.ANSWER, "Because it", 0, "1.0", grows=True))


def test_news_that_waits_to_be_looked_at_wakes_nobody_twice() -> None:
    exchange = admitted(Exchange(MESSAGE, 0.0, DEADLINE))

    assert [exchange.receive(Text(piece), 0.0) for piece in ("", " ", "Be", "cause", ".")] == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_nothing_is_sent_while_nothing_is_new() -> None:
    screen = answering("Because")
    screen.lands()
    screen.at(60.0).says("", " ")
    screen.at(120.0)

    assert len(screen.begun) == 2


def test_the_last_edit_is_wished_for_as_soon_as_the_answer_has_ended() -> None:
    screen = answering("Be")
    screen.at(1.1).lands()
    screen.exchange.receive(Text("cause."), 1.2)
    screen.exchange.receive(END, 1.2)

    assert screen.exchange.wish() == Wish(Need.WHOLE, "C1", kind=CallKind.EDIT, earliest=0.0)
    assert screen.at(1.2).call == show(Kind.ANSWER, "Because.", 0, "1.0", is_end=True)


def test_the_end_of_the_answer_is_news_although_other_news_waits() -> None:
    exchange = admitted(Exchange(MESSAGE, 0.0, DEADLINE))

    assert [exchange.receive(event, 0.0) for event in (Text("Be"), Text("cause."), END, END)][:3] == [
        True,
        False,
        True,
    ]


def test_an_answer_that_ends_as_it_is_shown_is_edited_once_more_to_lose_its_button() -> None:
    screen = answering("Because.")
    screen.lands()
    screen.says(END)
    screen.runs_out()

    assert screen.ended
    assert [step for _, step in screen.begun[1:]] == [
        show(Kind.ANSWER, "Because.", grows=True),
        show(Kind.ANSWER, "Because.", ts="1.0", is_end=True),
    ]


def test_edits_are_counted() -> None:
    screen = answering("Be")
    screen.lands()
    screen.says("cause")
    screen.at(2.5).lands()
    screen.says(".", END)
    screen.runs_out()

    assert screen.exchange.edits == 3
    assert screen.bodies == ["On it.", "Because."]


def test_an_answer_that_broke_says_so_under_what_has_come() -> None:
    screen = answering("Be", BREAK)
    screen.runs_out()

    (*_, (kind, content)) = screen.thread.values()
    assert (kind, content.body, content.note) == (Kind.ANSWER, "Be", texts_in(Language.EN).cut)


def test_an_answer_that_failed_is_an_apology_in_its_place() -> None:
    screen = answering(BREAK)
    screen.runs_out()

    assert screen.bodies == ["On it.", texts_in(Language.EN).unavailable]
    assert screen.kinds == [Kind.ACKNOWLEDGEMENT, Kind.NOTICE]


def test_an_interrupted_answer_ends_as_one_that_was_cut() -> None:
    screen = answering("Be")
    screen.lands()
    screen.exchange.interrupt(1.0)
    screen.exchange.receive(Text("cause."), 1.0)

    assert screen.exchange.draft.outcome is Outcome.CUT
    assert screen.exchange.draft.text == "Be"


def test_the_second_message_is_posted_after_the_first_is_complete() -> None:
    screen = answering("word")
    screen.lands()
    screen.says(" " + PAGE + "and more")
    screen.at(2.0)
    first, second = screen.exchange.draft.contents(screen.exchange.texts)

    assert screen.call == show(Kind.ANSWER, first.body, 0, "1.0")
    screen.lands()
    assert screen.call == show(Kind.ANSWER, second.body, 1, grows=True)
    screen.lands()
    screen.says(END)
    screen.runs_out()
    assert screen.bodies == ["On it.", first.body, second.body]


def test_messages_that_are_complete_are_not_edited_again() -> None:
    screen = answering(PAGE * 2)
    screen.runs_out()
    screen.says("the end", END)
    screen.runs_out()

    shows = [step for _, step in screen.begun if isinstance(step, Show) and step.message.kind is Kind.ANSWER]
    assert [show.number for show in shows] == [0, 1, 2, 2, 2]
    assert screen.bodies[-1].endswith("the end")


# A slash command


def test_a_command_opens_its_thread_before_anything_is_said() -> None:
    screen = Screen(COMMAND)
    screen.greets("On it.")
    screen.says("Because.", END)
    assert screen.begun == [(0.0, OpenThread())]

    screen.at(9.0).runs_out()
    assert screen.bodies == ["Because."]


def test_a_commands_acknowledgement_stands_in_its_thread() -> None:
    screen = Screen(COMMAND)
    screen.greets("On it.")
    screen.at(0.3).lands()
    screen.at(0.5).lands()
    screen.says("Because.", END)
    screen.runs_out()

    assert screen.bodies == ["On it.", "Because."]
    assert {step.place for _, step in screen.begun if isinstance(step, Show)} == {PLACE}


# Refusals


def test_a_limit_is_waited_out_and_then_the_newest_is_shown() -> None:
    screen = answering("Be")
    screen.is_refused(RateLimited(30.0))
    screen.at(20.0).says("cause", ".", END)
    screen.at(30.9)
    assert screen.call is None

    screen.at(31.0)
    assert screen.begun[-1][0] == 31.0
    assert screen.showing == "Because."


def test_a_limit_holds_for_the_last_edit_as_well() -> None:
    screen = answering("Be")
    screen.lands()
    screen.at(2.5).says("cause.", END)
    screen.is_refused(RateLimited(10.0))
    screen.at(12.4)
    assert screen.call is None

    screen.runs_out()
    assert screen.begun[-1][0] == 12.5
    assert screen.bodies == ["On it.", "Because."]


def test_what_a_limit_kept_back_is_shown_although_nothing_more_comes() -> None:
    screen = answering("Be")
    screen.lands()
    screen.says("cause")
    screen.is_refused(RateLimited(3.0))
    screen.at(4.0)

    assert screen.begun[-1] == (4.0, show(Kind.ANSWER, "Because", 0, "1.0", grows=True))


def test_limits_do_not_use_up_the_tries() -> None:
    screen = answering("Because.", END)
    for _ in range(20):
        screen.is_refused(RateLimited(1.0))
        screen.at(screen.look_at)
    screen.runs_out()

    assert screen.bodies == ["On it.", "Because."]


def test_a_limited_acknowledgement_gives_way_to_the_answer() -> None:
    screen = Screen()
    screen.greets("On it.")
    screen.is_refused(RateLimited(5.0))
    screen.at(1.0).says("Because.", END)
    screen.runs_out()

    assert screen.bodies == ["Because."]


def test_a_slack_out_of_reach_is_tried_at_growing_intervals_while_an_answer_is_worth_it() -> None:
    screen = answering("Because.", END)
    screen.exchange.give_up_at = screen.now + 60.0
    while not screen.ended:
        assert screen.call
        screen.is_refused(Unreachable("timeout"))
        if not screen.ended:
            screen.at(screen.look_at)
    begun = [when for when, _ in screen.begun[1:]]

    pauses = [later - earlier for earlier, later in pairwise(begun)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, *[MAX_PAUSE] * 5]
    assert screen.exchange.ending is Ending.REFUSED


def test_a_call_that_succeeds_gives_back_all_tries() -> None:
    screen = answering("Be")
    for piece in ("c", "a", "u", "s", "e"):
        for _ in range(TRIES):
            screen.is_refused(Unreachable("timeout"))
            screen.at(screen.look_at)
        screen.lands()
        screen.at(screen.now + 5).says(piece)
    screen.says(END)
    screen.runs_out()

    assert screen.bodies == ["On it.", "Because"]


@pytest.mark.parametrize(("question", "code"), [(MESSAGE, "account_inactive"), (COMMAND, "is_archived")])
def test_a_refusal_for_good_ends_the_exchange(question: Question, code: str) -> None:
    screen = Screen(question)
    screen.greets("On it.")
    screen.is_refused(SlackError(code))
    screen.says("Because.", END)

    assert screen.ended
    assert screen.exchange.ending is Ending.REFUSED
    assert len(screen.begun) == 1


# Where nobody may post


@pytest.mark.parametrize("code", ["restricted_action_thread_locked", "not_in_channel", "is_archived"])
def test_what_may_not_be_posted_where_it_was_asked_has_a_thread_opened_elsewhere_once(code: str) -> None:
    screen = Screen()
    screen.greets("On it.")
    screen.is_refused(SlackError(code))
    assert screen.call == OpenThread(refused=code)
    screen.lands()
    assert screen.kinds == []
    screen.is_refused(SlackError("messages_tab_disabled"))

    assert screen.exchange.ending is Ending.REFUSED
    assert screen.ended


def test_an_answer_after_its_acknowledgement_moves_without_another_and_is_told_to_its_end() -> None:
    screen = answering("Be")
    screen.is_refused(SlackError("restricted_action_read_only_channel"))
    screen.lands()
    screen.says("cause.", END)
    screen.runs_out()

    assert screen.bodies == ["On it.", "Because."]


def test_an_answer_that_stands_in_part_does_not_move() -> None:
    screen = answering("Be")
    screen.lands()
    screen.says("cause.", END)
    screen.is_refused(SlackError("is_archived"))

    assert screen.exchange.ending is Ending.REFUSED


# A question that is deleted


def test_a_question_that_is_deleted_before_anything_stands_is_not_answered() -> None:
    screen = Screen()
    screen.exchange.withdraw(0.0)
    screen.greets("On it.")

    assert (screen.begun, screen.exchange.ending, screen.ended) == ([], Ending.WITHDRAWN, True)


def test_a_question_that_is_deleted_while_its_first_post_is_under_way_is_stopped() -> None:
    screen = Screen()
    screen.greets("On it.")
    screen.exchange.withdraw(0.0)
    screen.lands()
    screen.runs_out()

    assert (screen.bodies[0], len(screen.bodies), screen.exchange.ending) == ("On it.", 2, None)


def test_a_post_that_stood_astray_ends_the_answer() -> None:
    screen = Screen()
    screen.greets("On it.")
    screen.is_refused(ThreadGone("2.0"))
    screen.says("Because.", END)

    assert (len(screen.begun), screen.exchange.ending, screen.ended) == (1, Ending.WITHDRAWN, True)


# Posts that may stand, unknown to anybody


def test_first_words_that_may_stand_are_looked_for_under_their_key() -> None:
    screen = answering("Be")
    screen.lands_unseen()
    screen.says("cause")
    screen.at(2.0)

    assert isinstance(screen.call, Show)
    assert screen.showing == "Because"
    assert screen.call.unsure == (show(Kind.ANSWER, "Be", grows=True),)


def test_first_words_that_stood_are_edited_to_what_was_said_since() -> None:
    screen = answering("Be")
    screen.lands_unseen()
    screen.says("cause")
    screen.at(2.0).lands()

    assert screen.call == show(Kind.ANSWER, "Because", 0, "1.0", grows=True)
    screen.says(".", END)
    screen.runs_out()
    assert screen.bodies == ["On it.", "Because."]


def test_of_several_tries_the_first_is_remembered() -> None:
    """It says the least: whatever stands, what is missing is edited in."""
    screen = answering("Be")
    screen.is_refused(Unreachable("timeout"))
    screen.says("cause.", END)
    screen.at(1.5).lands_unseen()
    screen.runs_out()

    assert screen.bodies == ["On it.", "Because."]
    assert screen.exchange.edits == 1


def test_an_acknowledgement_that_may_stand_is_looked_for_before_first_words_are_posted() -> None:
    screen = Screen()
    screen.greets("On it.")
    screen.lands_unseen()
    screen.says("Be")
    screen.at(0.5)
    assert isinstance(screen.call, Show)
    assert screen.call.unsure == (show(Kind.ACKNOWLEDGEMENT, "On it."),)

    screen.lands()
    assert screen.exchange.acknowledged_at == 0.5
    assert screen.call == show(Kind.ANSWER, "Be", grows=True)


def test_an_edit_is_not_looked_for() -> None:
    screen = answering("Be")
    screen.lands()
    screen.says("cause")
    screen.is_refused(Unreachable("timeout"))
    screen.at(1.5)

    assert screen.call == show(Kind.ANSWER, "Because", 0, "1.0", grows=True)


def test_the_thread_of_a_command_is_looked_for_when_it_was_tried_before() -> None:
    screen = Screen(COMMAND)
    screen.is_refused(RateLimited(1.0))
    screen.at(1.0).is_refused(Unreachable("timeout"))
    screen.at(1.5).is_refused(RateLimited(1.0))
    screen.at(2.5)

    assert [step for _, step in screen.begun] == [OpenThread()] * 2 + [OpenThread(again=True)] * 2


# What a pacer reads


def test_the_wishes_of_an_answer_that_grows() -> None:
    screen = Screen()
    screen.paused_until = inf
    wishes = [screen.exchange.wish()]
    screen.greets("On it.")
    wishes.append(screen.exchange.wish())
    screen.says("Be")
    wishes.append(screen.exchange.wish())

    assert wishes == [
        Wish(Need.SIGN, "C1", kind=CallKind.POST, earliest=DEADLINE),
        Wish(Need.SIGN, "C1", kind=CallKind.POST, earliest=0.0),
        Wish(Need.SIGN, "C1", kind=CallKind.POST, earliest=0.0, opens=True),
    ]


def test_the_wishes_of_an_answer_that_was_acknowledged() -> None:
    screen = answering()
    screen.paused_until = inf
    wishes = [screen.exchange.wish()]
    screen.says("Be")
    wishes.append(screen.exchange.wish())
    screen.says(END)
    wishes.append(screen.exchange.wish())

    assert wishes == [
        None,
        Wish(Need.FIRST_WORDS, "C1", kind=CallKind.POST, earliest=0.0, opens=True, start=Start.SOON),
        Wish(Need.WHOLE, "C1", kind=CallKind.POST, earliest=0.0),
    ]


def test_the_wishes_of_an_answer_that_was_opened() -> None:
    screen = answering("Be")
    screen.lands()
    screen.paused_until = inf
    wishes = [screen.exchange.wish()]
    screen.says("cause")
    wishes.append(screen.exchange.wish())
    screen.says(END)
    wishes.append(screen.exchange.wish())

    assert wishes == [
        None,
        Wish(Need.PROGRESS, "C1", kind=CallKind.EDIT, earliest=0.0),
        Wish(Need.WHOLE, "C1", kind=CallKind.EDIT, earliest=0.0),
    ]


def test_a_full_message_wishes_for_the_next_one() -> None:
    screen = answering("word")
    screen.lands()
    screen.says(" " + PAGE + "and more")
    screen.paused_until = inf
    screen.lands()

    assert screen.exchange.wish() == Wish(
        Need.NEXT_PAGE, "C1", kind=CallKind.POST, earliest=0.0, opens=True, start=Start.NOW
    )


def test_an_answer_that_may_not_be_opened_is_acknowledged() -> None:
    screen = Screen(may_open=False)
    screen.says("Be")

    assert screen.call == show(Kind.ACKNOWLEDGEMENT, STAND_IN)


def test_an_answer_that_has_ended_needs_no_opening() -> None:
    screen = Screen(may_open=False)
    screen.paused_until = 1.0
    screen.says("Because.", END)
    screen.at(1.0)

    assert screen.call == show(Kind.ANSWER, "Because.", is_end=True)


def test_an_answer_is_open_from_its_first_call_until_its_last_is_begun() -> None:
    screen = Screen()
    screen.greets("On it.")
    assert (screen.exchange.is_unopened, screen.exchange.screen.is_open) == (True, False)

    screen.lands()
    screen.says("Be")
    assert (screen.exchange.is_unopened, screen.exchange.screen.is_open) == (False, True)
    screen.lands()
    screen.says("cause")
    assert (screen.exchange.is_unopened, screen.exchange.screen.is_open) == (False, True)
    screen.says(".", END)
    screen.lands()
    assert screen.showing == "Because."
    assert (screen.exchange.is_unopened, screen.exchange.screen.is_open) == (False, False)


def test_an_edit_in_flight_that_is_the_last_needs_no_other() -> None:
    screen = answering("Be")
    screen.lands()
    screen.says(BREAK)

    assert isinstance(screen.call, Show)
    assert not screen.exchange.screen.is_open


def test_an_answer_whose_opening_may_stand_is_open() -> None:
    screen = answering("Be")
    screen.is_refused(Unreachable("timeout"))

    assert screen.exchange.screen.is_open
    assert not screen.exchange.is_unopened


# All of it, in any order

PIECES = st.sampled_from(
    ["word ", "", " ", "\n\n", "```\n", "가나다 ", PAGE, "| a | b |\n|---|---|\n| c | d |\n"]
)
REFUSALS = st.sampled_from([RateLimited(0.0), RateLimited(3.0), Unreachable("timeout")])
ACTIONS = st.one_of(
    st.tuples(st.just("wait"), st.floats(0, 2)),
    st.tuples(st.just("say"), PIECES),
    st.tuples(st.just("land"), st.none()),
    st.tuples(st.just("land unseen"), st.none()),
    st.tuples(st.just("may open"), st.booleans()),
    st.tuples(st.just("greet"), st.sampled_from(["", "On it."])),
    st.tuples(st.just("refuse"), REFUSALS),
    st.tuples(st.just("end"), st.sampled_from([END, BREAK, Finished("max_tokens", None)])),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(ACTIONS, max_size=40), st.sampled_from([MESSAGE, COMMAND]))
def test_whatever_happens_when_all_of_the_answer_comes_to_stand_in_order(
    actions: list[tuple[str, object]], question: Question
) -> None:
    """The screen itself sees to it that no two calls are in flight and no message stands twice."""
    screen, failures = Screen(question), 0
    for action in actions:
        match action:
            case ("wait", float(seconds)):
                screen.at(screen.now + seconds)
            case ("say", str(piece)):
                screen.says(piece)
            case ("end", Finished() | Failed() as event):
                screen.says(event)
            case ("greet", str(words)):
                screen.greets(words)
            case ("land", _) if screen.call:
                screen.lands()
                failures = 0
            case ("may open", bool(may_open)):
                screen.may_open = may_open
            case ("land unseen", _) if isinstance(screen.call, Show) and failures < TRIES:
                failures += 1
                screen.lands_unseen()
            case ("refuse", SlackError() as error) if screen.call and failures < TRIES:
                failures += isinstance(error, Unreachable)
                screen.is_refused(error)
    screen.says(END)
    screen.runs_out()

    contents = screen.exchange.draft.contents(screen.exchange.texts)
    acknowledgements = screen.kinds.count(Kind.ACKNOWLEDGEMENT)
    assert screen.ended
    assert acknowledgements <= 1
    assert screen.kinds[:acknowledgements] == [Kind.ACKNOWLEDGEMENT] * acknowledgements
    assert [content for _, content in screen.thread.values()][acknowledgements:] == list(contents)
