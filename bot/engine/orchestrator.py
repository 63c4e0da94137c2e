"""Two models, two messages, one loop: who does what when.

One thread owns the state of every exchange and decides; everything that waits, waits in a lane of its own.
So the state needs no locks.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from math import inf

from bot.core.admission import Admitted
from bot.core.draft import Outcome
from bot.core.errors import Fault, OverBudget, SetupFault, SlackError, TakenOver, ThreadGone, Unreachable
from bot.core.interaction import Call
from bot.core.journal import BEGINNING, UNKNOWN, Beat, Entry, Noted
from bot.core.message import Standing, posted_key
from bot.core.mrkdwn import unformatted
from bot.core.question import Place, Question, question_id
from bot.engine.admissions import Admission, Admissions
from bot.engine.asides import Asides
from bot.engine.entrance import explain_break, open_thread
from bot.engine.exchange import Ending, Exchange
from bot.engine.follower import Follower
from bot.engine.inbox import Inbox, News, look
from bot.engine.journal import BEAT_SECONDS, Journal
from bot.engine.lanes import Lane, unattended, warm_up
from bot.engine.ledger import Ledger
from bot.engine.pacer import Pacer, Turn
from bot.engine.showing import Slack, show, take_back
from bot.engine.steps import OpenThread, Show
from bot.engine.threads import Threads
from bot.engine.voices import Voices, quick_calls

log = logging.getLogger(__name__)

_LAST_WORDS_SECONDS = 5.0  # for calls in flight, and the last edits of answers that nobody else can finish
_MOST_SUSPENSIONS = 3  # of one question
_RECALLS_AT_ONCE = 8
_LAST_LINES_SECONDS = 3.0  # for what is still to be written down
# A loop that fails so often within so many seconds, and not on one answer, will not do better.
_MAX_FAILURES, _FAILURES_SECONDS = 5, 60.0
_PAUSE_SECONDS = 0.1  # after a failure


class Orchestrator:
    """Answers questions. Thread-safe; no method but `stop` waits for anything.

    `live_answers` is how many streams may be open at once, `ack_deadline` how many seconds the first model
    has before a fixed sentence stands in for it, `recover_within` for how many seconds a question is worth
    answering. `state` is what other processes and operators are told of this one.
    """

    state = "starting"

    def __init__(
        self,
        inbox: Inbox,
        voices: Voices,
        slack: Slack,
        pacer: Pacer,
        journal: Journal,
        ledger: Ledger,
        threads: Threads,
        admissions: Admissions,
        asides: Asides,
        follower: Follower,
        *,
        live_answers: int,
        ack_deadline: float,
        recover_within: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox, self._voices, self._slack, self._pacer = inbox, voices, slack, pacer
        self._journal, self._ledger = journal, ledger
        self._threads, self._admissions, self._asides = threads, admissions, asides
        self._follower = follower
        self._ack_deadline, self._recover_within, self._clock = ack_deadline, recover_within, clock
        self._live: set[Exchange] = set()
        self._cut_at, self._beat_at = inf, clock()
        self._wordings: dict[tuple[str, str], str] = {}
        self._due: dict[Exchange, tuple[float, Callable[[], object]]] = {}  # what is done then, if they live
        self._amended: dict[Exchange, Callable[[], object]] = {}  # what is done once those are over
        self.is_suspended = False  # whether Slack takes no call at all, so that nothing can be shown
        self._suspended: dict[str, tuple[Entry, float]] = {}  # what waits for that to end, and since when
        self._interrupted: set[Exchange] = set()  # answers that it ended
        self._suspensions = Counter[str]()  # how often that happened to a question
        self.give_up: Callable[[], object] = lambda: None  # called once the loop is broken, and has ended
        self._failures = deque[float](maxlen=_MAX_FAILURES)  # when the loop failed
        self._has_crashed = False  # whether an answer did in this round
        self._calls: set[Future[None]] = set()  # of Slack, under way
        self._stopping = threading.Event()
        self._slack_lane = Lane("slack", quick_calls(live_answers), live_answers * 3 // 10)
        self._recall_lane = Lane("recall", _RECALLS_AT_ONCE)
        self._loop = threading.Thread(target=self._run, name="orchestrator", daemon=True)
        self._loop.start()

    @property
    def live(self) -> int:
        """How many questions were taken up and are not answered to the end."""
        return len(self._live)

    @property
    def lag(self) -> float:
        """Seconds by which the loop is late."""
        return max(0.0, self._clock() - self._beat_at)

    @property
    def kept(self) -> int:
        """How many questions wait until Slack takes calls again."""
        return len(self._suspended)

    def warm_up(self) -> None:
        """Start the threads for which a storm of questions would have to wait."""
        warm_up((self._slack_lane, *self._voices.lanes))

    def tell(self, state: str) -> None:
        """Let other processes and operators know how this one stands."""
        self.state = state

    def suspend(self) -> None:
        """Slack takes no call any more: no model speaks, and all questions wait until it does again."""
        self.is_suspended = True
        self._inbox.put(self._suspend_all)

    def _suspend_all(self, _now: float) -> None:
        for exchange in self._live:
            if exchange.is_admitted:  # else the look-up that it waits for fails, and ends it
                self._interrupted.add(exchange)
                exchange.end(Ending.REFUSED)

    def apply(self, exchange: Exchange, change: News) -> None:
        """Apply `change`, which is about `exchange` alone, on the loop; if it fails, that answer ends."""

        def contained(now: float) -> None:
            with self._contained(exchange):
                change(now)

        self._inbox.put(contained)

    def resume(self) -> None:
        """Slack takes calls again: what waits is answered, or marked as interrupted if it is too late."""
        self.is_suspended = False
        self._inbox.put(self._resume_all)

    def _resume_all(self, now: float) -> None:
        waiting, self._suspended = self._suspended, {}
        for entry, since in waiting.values():
            self._resume(replace(entry, age=entry.age + now - since), now)

    def keep(self, question: Question) -> None:
        """Answer a question, which is written down, once Slack takes calls again."""
        self._inbox.put(partial(self._keep, Entry(question, place=question.place)))

    def _keep(self, entry: Entry, now: float) -> None:
        if self.is_suspended:
            self._suspended[entry.question.id] = entry, now
        else:
            self._resume(entry, now)

    def begin(self, exchange: Exchange) -> None:
        """Show what is said of a question from now on."""
        self._inbox.put(lambda _now: self._take(exchange))

    def begin_or_join(
        self,
        exchange: Exchange,
        begin: Callable[[], object],
        join: Callable[[Exchange], object],
    ) -> None:
        """`begin` to answer `exchange`; if what it asks goes on what somebody just asked, `join` that."""
        self._inbox.put(partial(self._begin_or_join, exchange, begin, join))

    def _begin_or_join(
        self,
        exchange: Exchange,
        begin: Callable[[], object],
        join: Callable[[Exchange], object],
        _now: float,
    ) -> None:
        here = self._first(lambda each: each.takes(exchange.question))
        if here is None:
            self._take(exchange)
            begin()
            return
        with self._contained(here):
            join(here)

    def after(self, exchange: Exchange, seconds: float, then: Callable[[], object]) -> None:
        """Do that in so many seconds if `exchange` is live still, in place of what was to be done.

        To be called on the loop.
        """
        self._due[exchange] = (self._clock() + seconds, then)

    def begin_anew(
        self, exchange: Exchange, place: Place, standing: Mapping[str, Standing] | None = None
    ) -> None:
        """Answer a question again in the messages of its that are `standing` at `place`; None: look."""
        self._inbox.put(partial(self._replace, exchange))
        if standing is None:
            self._recall_lane.submit_for(exchange.question.user, self._recall, exchange, Noted())
        else:
            self.apply(exchange, partial(self._go_on, exchange, place, standing))

    def _replace(self, exchange: Exchange, _now: float) -> None:
        for each in self._live:
            if each.question.key == exchange.question.key:
                each.forgo()  # else two would write the same message
        self._take(exchange)

    def _take(self, exchange: Exchange) -> None:
        exchange.give_up_at = exchange.asked_at - exchange.age + self._recover_within
        exchange.wordings = self._wordings
        exchange.footer = lambda ended: self._ledger.footer(ended, self._voices.calls(ended))
        self._live.add(exchange)

    def stop_answer(self, team: str, question_key: str, retry: int) -> None:
        """End an answer where it is, whichever process gives it."""
        self._inbox.put(partial(self._stop_answer, team, question_key, retry))

    def _stop_answer(self, team: str, question_key: str, retry: int, now: float) -> None:
        here = self._first(lambda each: (each.question.key, each.question.retry) == (question_key, retry))
        if here and here.is_recalled:
            with self._contained(here):
                here.interrupt(now, Fault.STOPPED)
        else:  # it is another's, or what stands of it is not known yet: a beat will tell whoever has it then
            self._journal.stop(here.question.id if here else question_id(team, question_key, retry))

    def withdraw(self, team: str, question_key: str, restart: Callable[[Question, Place], object]) -> None:
        """A question is gone: end its answer where it is, whichever process gives it.

        If it was one of several lines, `restart` decides whether to answer the others again, by `supersede`.
        """
        self._inbox.put(partial(self._withdraw, team, question_key, restart))

    def _withdraw(
        self, team: str, question_key: str, restart: Callable[[Question, Place], object], now: float
    ) -> None:
        here = self._answering(question_key)
        line = self._answering_line(question_key)
        if line and line.grows and line.place:
            restart(replace(line.question, retry=line.question.retry + 1, replaces=True), line.place)
        elif here and here.is_recalled:
            with self._contained(here):
                here.withdraw(now)
        else:
            self._stop_answer(team, question_key, here.question.retry if here else 0, now)

    def amend(
        self,
        question: Question,
        restart: Callable[[Question, Place], object],
        otherwise: Callable[[], object],
    ) -> None:
        """A question was changed. If it is being answered here, `restart` decides whether to answer it
        again at that place, by `supersede`.
        """
        self._inbox.put(partial(self._amend, question, restart, otherwise))

    def _amend(
        self,
        question: Question,
        restart: Callable[[Question, Place], object],
        otherwise: Callable[[], object],
        _now: float,
    ) -> None:
        here = self._answering(question.key) or self._answering_line(question.key)
        if here and here.grows and not here.is_admitted and not here.question.lines:
            # no model has read it yet
            here.ask_instead(replace(here.question, text=question.text, files=question.files))
        elif not (here and here.grows and here.is_recalled and here.place):
            otherwise()
        elif here.question.lines or unformatted(here.question.text) != unformatted(question.text):
            changed = replace(question, thread_ts=here.question.thread_ts)
            again = here.question if here.question.lines else changed
            restart(replace(again, retry=here.question.retry + 1, replaces=True), here.place)

    def supersede(
        self, question: Question, answer_again: Callable[[], object], otherwise: Callable[[], object]
    ) -> None:
        """End what is being answered here under the key of `question`, and then `answer_again`.

        `otherwise`, if that was begun after `question` got its number.
        """
        self._inbox.put(partial(self._supersede, question, answer_again, otherwise))

    def _supersede(
        self,
        question: Question,
        answer_again: Callable[[], object],
        otherwise: Callable[[], object],
        _now: float,
    ) -> None:
        here = self._answering(question.key)
        if here and here.question.retry >= question.retry:
            otherwise()
        elif here:
            here.end(Ending.AMENDED)
            self._amended[here] = answer_again
        else:
            answer_again()

    def _answering_line(self, line_key: str) -> Exchange | None:
        """The answer to a question of which that is one of several lines."""
        channel, _, ts = line_key.partition("/")
        return self._first(lambda each: each.question.channel == channel and ts in each.question.lines)

    def _answering(self, question_key: str) -> Exchange | None:
        return self._first(lambda each: each.question.key == question_key)

    def _first(self, fits: Callable[[Exchange], bool]) -> Exchange | None:
        """An answer that `fits`."""
        for exchange in list(self._live):
            with self._contained(exchange):
                if fits(exchange):
                    return exchange
        return None

    def stop(self, grace: float) -> None:
        """Let live answers end within `grace` seconds and leave the others to the journal.

        Where that does not work they are marked as interrupted. Returns when that is on screen.
        """
        self.state = "stopping"
        self._cut_at = self._clock() + grace
        self._stopping.set()
        self._voices.hurry()
        self._inbox.put(look)
        self._loop.join(grace + _LAST_WORDS_SECONDS)
        if self._is_broken:  # nobody is to take up what a call changes yet
            wait(list(self._calls), _LAST_WORDS_SECONDS)
        self._journal.leave(_LAST_LINES_SECONDS)  # what it writes last can be a reason to warn
        self._asides.close(_LAST_LINES_SECONDS)
        self._voices.fall_silent()
        for each in (self._slack_lane, self._recall_lane):
            each.shutdown(cancel_futures=True)

    # The loop

    def _run(self) -> None:
        again = inf
        while (self._live or not self._stopping.is_set()) and not self._is_broken:
            again = self._round(again)
        if self._is_broken:
            log.critical("loop.broken", extra={"live": len(self._live)})
            self.give_up()

    def _round(self, again: float) -> float:
        """Wait until `again` or for news, and do what it is time for; when the next is, without news."""
        try:
            due_at = min((at for at, _ in self._due.values()), default=inf)
            self._take_in(min(again, self._cut_at, self._beat_at, due_at))
            now = self._clock()
            for exchange in [exchange for exchange, (at, _) in self._due.items() if at <= now]:
                _, then = self._due.pop(exchange)
                with self._contained(exchange):
                    then()
            if now >= self._beat_at:
                self._beat_at = now + BEAT_SECONDS
                self._journal.beat(self.state, self._pacer.reserved, self._heard)
            if now >= self._cut_at:
                self._cut_at = inf
                self._end_all(now)
            if not self._journal.works:
                self._pacer.keep_apart(now)
            return self._make_turns(now)
        except Exception:
            self._fail()
            return self._clock()

    def _fail(self) -> None:
        """Take note of a defect that is of no answer: what was to be done is tried again, a few times."""
        log.exception("loop.crashed", extra={"live": len(self._live)})
        self._failures.append(self._clock())
        self._stopping.wait(_PAUSE_SECONDS)

    @property
    def _is_broken(self) -> bool:
        """Return whether it fails again and again, so that another process does better."""
        is_often = len(self._failures) == _MAX_FAILURES
        return is_often and self._failures[-1] - self._failures[0] < _FAILURES_SECONDS

    @contextmanager
    def _contained(self, exchange: Exchange) -> Iterator[None]:
        """Let a defect in what is done for one answer end that answer, and no other.

        An apology is shown; where that fails, too, its asker alone is told.
        """
        try:
            yield
        except Exception:
            log.exception("answer.crashed", extra=exchange.question.names)
            self._has_crashed = True
            if not exchange.is_broken:
                exchange.break_off()
                return
            exchange.end(Ending.REFUSED)
            self._finish(exchange, self._clock())
            with _logged(exchange):
                if not exchange.screen.answer:
                    self._asides.tell(exchange.question.asker, exchange.texts.failed)

    def _end_all(self, now: float) -> None:
        for exchange in list(self._live):
            with self._contained(exchange):
                if self._journal.holds(exchange.question.id):
                    exchange.end(Ending.HANDED_OVER)
                else:
                    exchange.interrupt(now)

    def _take_in(self, until: float) -> None:
        """Wait for news, but not beyond `until`, and apply all there is."""
        try:
            news = self._inbox.get(timeout=None if until == inf else max(0.0, until - self._clock()))
            while True:
                try:
                    news(self._clock())
                except Exception:  # it costs what it told, be it of one answer or of none
                    log.exception("news.crashed")
                news = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _make_turns(self, now: float) -> float:
        """Begin the calls whose turn it is; when the next one's is."""
        self._has_crashed = False
        for exchange in list(self._live):
            with self._contained(exchange):
                if exchange.is_over:
                    self._finish(exchange, now)
        turns, again = self._pacer.turns(list(self._live), now, self._contained)
        for turn in turns:
            self._begin_call(turn)
        return now if self._has_crashed else again

    def _finish(self, exchange: Exchange, now: float) -> None:
        """Let go of an answer that is over. A step that fails does not keep the others from being made."""
        self._live.discard(exchange)
        self._due.pop(exchange, None)
        answer_again = self._amended.pop(exchange, None)
        calls: list[Call] = []
        is_kept = False
        with _logged(exchange):
            calls = self._voices.leave(exchange)
        with _logged(exchange):
            if exchange.draft.outcome is Outcome.WHOLE and not exchange.draft.is_from_cache:
                self._pacer.learn(exchange)
        with _logged(exchange):
            if answer_again:
                answer_again()
        if exchange.ending is Ending.HANDED_OVER:
            self._interrupted.discard(exchange)
            self._suspensions.pop(exchange.question.id, None)
            log.info("answer.handed_over", extra=exchange.question.names)
            return
        with _logged(exchange):
            is_kept = self._is_kept(exchange, now)
        if not is_kept:
            self._journal.close(exchange.question.id)
        with _logged(exchange):
            self._ledger.close(exchange, calls, now)

    def _is_kept(self, exchange: Exchange, now: float) -> bool:
        """Return whether an answer that is over goes on later, because Slack took no call at all.

        Not more than a few times: where that is so for one method alone, it would be for ever.
        """
        question_id = exchange.question.id
        if exchange not in self._interrupted:
            self._suspensions.pop(question_id, None)
            return False
        self._interrupted.discard(exchange)
        self._suspensions[question_id] += 1
        if self._suspensions[question_id] > _MOST_SUSPENSIONS:
            del self._suspensions[question_id]
            return False
        age = exchange.age + now - exchange.asked_at
        noted = Noted(exchange.screen.standing(), UNKNOWN)
        entry = Entry(exchange.question, age, 1, exchange.place, noted)
        self._keep(entry, now)
        return True

    # What other processes leave, and take

    def _heard(self, beat: Beat) -> None:
        self._inbox.put(partial(self._heed, beat))

    def _heed(self, beat: Beat, now: float) -> None:
        """Take up what others left, let go of what others took, and close what was forgotten."""
        try:
            self._take_note(beat, now)
        except Exception:
            self._fail()

    def _take_note(self, beat: Beat, now: float) -> None:
        self._pacer.share(beat.others, beat.peers, now)
        live = {exchange.question.id: exchange for exchange in self._live}
        for taken in beat.taken & live.keys():
            live[taken].end(Ending.HANDED_OVER)  # for so long was this process silent
        for taken in beat.taken & self._suspended.keys():
            del self._suspended[taken]
        for stopped in beat.stopped & live.keys():
            if live[stopped].is_recalled:  # else the next beat tells again
                with self._contained(live[stopped]):
                    live[stopped].interrupt(now, Fault.STOPPED)
        for entry in beat.adopted:
            if entry.question.id in live:
                continue  # it is told again where the beat before got no answer
            if entry.is_hopeless:
                log.error("question.given_up", extra={**entry.question.names, "deaths": entry.deaths})
                self._journal.close(entry.question.id)
            else:
                self._resume(entry, now)

    @unattended
    def _decide(self, entry: Entry) -> None:
        """Go on with a question that mentions nobody if its thread is the bot's."""

        def go_on(question: Question, age: float) -> None:
            self._inbox.put(partial(decided, replace(entry, question=question, age=age)))

        def decided(found: Entry, now: float) -> None:
            if all(each.question.id != found.question.id for each in self._live):
                self._resume(found, now, is_decided=True)

        self._follower.decide(entry.question, go_on, entry.age)

    def _resume(self, entry: Entry, now: float, *, is_decided: bool = False) -> None:
        """Answer a question that was begun before, unless that fails at once, as it would for others.

        One that mentions nobody waits until it `is_decided` that its thread is the bot's.
        """
        if entry.is_undecided and not is_decided:
            self._recall_lane.submit_for(entry.question.user, self._decide, entry)
            return
        try:
            self._begin_again(entry, now)
        except Exception:
            log.exception("answer.crashed", extra=entry.question.names)
            self._live -= {each for each in self._live if each.question.id == entry.question.id}
            self._journal.close(entry.question.id)

    def _begin_again(self, entry: Entry, now: float) -> None:
        lost_by = entry.lost_by(self._recover_within)
        exchange = Exchange(
            entry.going_on,
            now,
            self._ack_deadline,
            resumes=True,
            place=entry.place,
            lost_by=lost_by,
            age=entry.age,
        )
        fields = {"age_s": round(entry.age), "tries": entry.tries, "deaths": entry.deaths}
        if lost_by is Fault.GIVEN_UP:
            log.error("answer.given_up", extra={**entry.question.names, **fields})
        else:
            log.warning("answer.resumed", extra={**entry.question.names, **fields})
        self._take(exchange)
        self._recall_lane.submit_for(entry.question.user, self._recall, exchange, entry.noted)

    def _recall(self, exchange: Exchange, noted: Noted) -> None:
        """Look what stands of it, in Slack where notes do not tell for sure.

        If it has no thread yet, that is looked for when one is opened.
        """
        try:
            if exchange.place:
                standing = noted.messages
                if exchange.lost_by or not noted.is_certain:  # of what is lost, nobody waits for the end
                    until = exchange.asked_at - exchange.age + self._recover_within
                    standing = self._threads.standing(exchange.place, exchange.question.key, standing, until)
                self.apply(exchange, partial(self._go_on, exchange, exchange.place, standing))
            elif not exchange.is_admitted:
                self._ask_for_admission(exchange)
        except ThreadGone as gone:
            with suppress(Unreachable):
                take_back(self._slack, exchange.question, exchange.question.channel, gone)
            self._inbox.put(lambda _now: exchange.end(Ending.WITHDRAWN))
        except Exception as error:
            self._end_with(exchange, error)

    def _end_with(self, exchange: Exchange, error: Exception) -> None:
        """End an answer because of what was raised on another thread."""
        if isinstance(error, SlackError):
            self.refuse(exchange, error)
        else:
            log.error("answer.crashed", exc_info=error, extra=exchange.question.names)
            exchange.break_off()
            self._inbox.put(look)

    def _ask_for_admission(self, exchange: Exchange) -> None:
        """Let an answer that another process began go on as soon as it is known that its asker may ask."""
        admitted, failed = partial(self._admitted, exchange), partial(self._end_with, exchange)
        self._admissions.decide_soon(Admission(exchange, admitted, failed))

    def _admitted(self, exchange: Exchange, admitted: Admitted) -> None:
        if exchange.is_recalled:  # else its thread is opened first
            self._voices.speak(exchange, admitted)

    def refuse(self, exchange: Exchange, error: SlackError) -> None:
        """End an answer of which nothing can be shown, for what `error` tells."""
        _log_refusal(exchange, error)

        def end(_now: float) -> None:
            self._note_token(exchange, error)
            exchange.end(Ending.REFUSED)

        self._inbox.put(end)

    def _go_on(self, exchange: Exchange, place: Place, standing: Mapping[str, Standing], now: float) -> None:
        is_new = not exchange.is_recalled  # else it only moves to another place
        exchange.opened(place, standing, now)
        if exchange.admitted is None and not exchange.ending:
            self._ask_for_admission(exchange)
        elif exchange.admitted and is_new and not exchange.ending:
            self._voices.speak(exchange, exchange.admitted)

    # What waits for Slack, in its lane

    def _begin_call(self, turn: Turn) -> None:
        try:
            noting = _noting(turn)
        except Exception as defect:
            self._end_call(turn, SlackError("crashed", repr(defect)), partial(_raise, defect))
            return
        call = self._slack_lane.submit(self._call_slack, noting)
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    def _call_slack(self, turn: Turn) -> None:
        try:
            change = self._attempted(turn)
        except SlackError as error:
            self._end_call(turn, error, partial(turn.exchange.refused, error))
        except Exception as defect:
            self._end_call(turn, SlackError("crashed", repr(defect)), partial(_raise, defect))
        else:
            self._end_call(turn, None, change)

    def _end_call(self, turn: Turn, error: SlackError | None, change: News) -> None:
        def settle(now: float) -> None:
            try:
                self._pacer.ended(turn, now, error)
            except Exception:
                self._fail()
            with self._contained(turn.exchange):
                self._settle(turn, change, error, now)

        self._inbox.put(settle)

    def _settle(self, turn: Turn, change: News, error: SlackError | None, now: float) -> None:
        exchange = turn.exchange
        self._note_token(exchange, error)
        try:
            change(now)
        except Exception:
            exchange.screen.in_flight = None  # the call is over all the same
            raise
        is_acknowledged = isinstance(turn.step, Show) and turn.step.is_acknowledgement
        if is_acknowledged and error is None and exchange.place and not exchange.draft.started:
            self._asides.show_status(exchange.place, exchange.texts)
        is_settled = turn.charge.kind in BEGINNING and not isinstance(error, Unreachable)
        if is_settled and exchange.place:
            noted = Noted(exchange.screen.standing(), _intent(exchange, turn.step))
            self._journal.note(exchange.question, exchange.place, noted)

    def _note_token(self, exchange: Exchange, error: SlackError | None) -> None:
        if error and error.setup is SetupFault.TOKEN and exchange in self._live:
            self._interrupted.add(exchange)

    def _attempted(self, turn: Turn) -> News:
        """Make the call of a turn; what it changes about the exchange. Raises SlackError."""
        exchange = turn.exchange
        try:
            self._journal.spend(turn.charge)
            try:
                return self._made(exchange, turn.step)
            except ThreadGone as gone:
                take_back(self._slack, exchange.question, turn.charge.channel, gone)
                raise
        except SlackError as error:
            if not isinstance(error, OverBudget | TakenOver | ThreadGone):
                _log_refusal(exchange, error)
            if error.forbids_posting and exchange.screen.answer and not exchange.whole_at:
                explain_break(exchange.question, self._slack)
            raise

    def _made(self, exchange: Exchange, step: Show | OpenThread) -> News:
        """Make the call; what it changes about the exchange."""
        if isinstance(step, OpenThread):
            place = open_thread(exchange.question, self._slack, again=step.again, refused=step.refused)
            self._threads.join(place)
            standing = self._threads.standing(place, exchange.question.key, {}) if exchange.resumes else {}
            return partial(self._go_on, exchange, place, standing)
        shown, ts = show(self._slack, exchange.question, step)
        return lambda now: exchange.shown(shown, ts, now)


def _intent(exchange: Exchange, step: Show | OpenThread) -> str:
    """The key of the message that `step` posts or completes, whose outcome is in Slack alone; "" for none."""
    if isinstance(step, OpenThread):
        return posted_key(exchange.question.key)
    return step.message.key if step.kind in BEGINNING or step.message.is_end else ""


def _noting(turn: Turn) -> Turn:
    """The call with what is to be written down before it is made."""
    exchange, intent = turn.exchange, _intent(turn.exchange, turn.step)
    noted = Noted(exchange.screen.standing(None if intent else turn.step), intent)
    charge = replace(turn.charge, entry_id=exchange.question.id, noted=noted, place=exchange.place)
    return replace(turn, charge=charge)


@contextmanager
def _logged(exchange: Exchange) -> Iterator[None]:
    """Let a defect in what is done for an answer that is over go no further than the log."""
    try:
        yield
    except Exception:
        log.exception("answer.crashed", extra=exchange.question.names)


def _raise(defect: Exception, _now: float) -> None:
    raise defect


def _log_refusal(exchange: Exchange, error: SlackError) -> None:
    if error.setup is SetupFault.PERMISSION:
        return  # told once for all calls
    log.warning("slack.refused", extra={**exchange.question.names, "error": str(error)})
