"""Messages in threads of which Slack has to tell whether they are the bot's. Rules; time is an argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf

from bot.core.question import Place, Question
from bot.engine.line import MAX_HELD_PER_FREE
from bot.engine.memory import remember

MAX_QUESTIONS = 500


@dataclass(frozen=True)
class Followed:
    """A question that mentions nobody; `go_on`, called with it and its age in seconds, has it answered."""

    question: Question
    place: Place
    asked_at: float
    go_on: Callable[[Question, float], None]


@dataclass
class _Thread:
    """A thread to be read, from `due_at` on, and what it decides on."""

    due_at: float
    tries: int = 0
    questions: dict[str, Followed] = field(default_factory=dict)

    @property
    def user(self) -> str:
        """Return the one for whom it is read: the first who asked."""
        return next(iter(self.questions.values())).question.user


class FollowQueue:
    """Threads to be read, for each person in turn; all questions of one thread are decided by one read.

    One person leaves room for others.
    """

    def __init__(self, max_questions: int = MAX_QUESTIONS) -> None:
        self._max_questions = max_questions
        self._threads: dict[Place, _Thread] = {}  # in order
        self._places: dict[str, Place] = {}  # by ids of questions
        self._read: dict[str, None] = {}  # for whom, the last last

    def __len__(self) -> int:
        return len(self._places)

    def add(self, followed: Followed, now: float) -> bool:
        """Let a question wait, once; False if there is no room."""
        question_id = followed.question.id
        if question_id in self._places:
            return True
        free = self._max_questions - len(self._places)
        if free <= 0 or self._held_by(followed.question.user) >= MAX_HELD_PER_FREE * free:
            return False
        self._places[question_id] = followed.place
        self._threads.setdefault(followed.place, _Thread(now)).questions[question_id] = followed
        return True

    def _held_by(self, user: str) -> int:
        questions = (each for thread in self._threads.values() for each in thread.questions.values())
        return sum(each.question.user == user for each in questions)

    def due_at(self) -> float:
        """Return when the next thread is to be read; inf for none."""
        return min((thread.due_at for thread in self._threads.values()), default=inf)

    def next(self, now: float) -> Place | None:
        """Return the thread that is to be read now."""
        due = {place: thread.user for place, thread in self._threads.items() if thread.due_at <= now}
        last_read = {user: number for number, user in enumerate(self._read)}
        return min(due, key=lambda place: last_read.get(due[place], -1), default=None)

    def tries(self, place: Place) -> int:
        """Return for how many reads the thread was put back."""
        thread = self._threads.get(place)
        return thread.tries if thread else 0

    def postpone(self, place: Place, due_at: float, asked_after: float) -> list[Followed]:
        """Put a thread back, behind the others, to be read at `due_at`.

        Returns those of its questions that are not worth it, asked before `asked_after`.
        """
        thread = self._threads.pop(place, None)
        if thread is None:
            return []
        remember(self._read, thread.user, None, self._max_questions)
        late = [each for each in thread.questions.values() if each.asked_at < asked_after]
        for each in late:
            del thread.questions[each.question.id], self._places[each.question.id]
        if thread.questions:
            thread.due_at, thread.tries = due_at, thread.tries + 1
            self._threads[place] = thread
        return late

    def take(self, place: Place) -> list[Followed]:
        """Return the questions of a thread, which wait no more."""
        thread = self._threads.pop(place, None)
        if thread is None:
            return []
        remember(self._read, thread.user, None, self._max_questions)
        found = [*thread.questions.values()]
        for each in found:
            del self._places[each.question.id]
        return found

    def amend(self, question: Question) -> bool:
        """Let a question that waits say what `question` says; False if it does not wait."""
        thread = self._threads.get(self._places.get(question.id, Place("", "")))
        if thread is None:
            return False
        before = thread.questions[question.id]
        changed = replace(before.question, text=question.text, files=question.files)
        thread.questions[question.id] = replace(before, question=changed)
        return True

    def withdraw(self, question_id: str) -> Followed | None:
        """Return the question, which waits no more; None if it did not."""
        place = self._places.pop(question_id, None)
        if place is None:
            return None
        thread = self._threads[place]
        found = thread.questions.pop(question_id)
        if not thread.questions:
            del self._threads[place]
        return found
