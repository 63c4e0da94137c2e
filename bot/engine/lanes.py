"""Threads for what waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial, wraps
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from bot.engine.line import Line

log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")

_IDLE_SECONDS = 30.0  # after which a thread ends that is not among those that are kept ready
# Threads that are left to others: slack_sdk and Bolt start theirs when a connection is made anew.
_LEFT_TO_OTHERS = 24
_FIX = (
    "Allow more threads (ulimit -u, --pids-limit, the cgroup's pids.max), or set MAX_LIVE_ANSWERS to less: "
    "by default up to 400 threads run."
)


class NoThreads(Exception):
    """The system gives the process no thread. Its text is for operators: what to do."""

    def __init__(self) -> None:
        super().__init__(f"The system does not let Duet start a thread. {_FIX}")


@dataclass(frozen=True, eq=False)
class _Job:
    future: Future[Any]
    work: Callable[[], object]

    def cancel(self) -> None:
        """Let whoever waits for it know that it is not done."""
        self.future.cancel()
        self.future.set_running_or_notify_cancel()

    def do(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.work())
        except BaseException as error:
            self.future.set_exception(error)


class Lane:
    """Up to `size` threads that work off what is submitted: in its order, and of people's each in turn.
    Thread-safe.

    One runs from the start, so that whatever is submitted is done. `warm_up` starts more, up to `ready`,
    which then run all the time. Others are started when they are needed, and end when they are not. Where the
    system gives no more, those that run do the work. Raises NoThreads if it gives not even one.
    """

    def __init__(self, name: str, size: int, ready: int = 1) -> None:
        self._name, self._size, self._ready = name, size, min(ready, size)
        self._jobs: Line[_Job] = Line(size)
        self._calls: SimpleQueue[bool] = SimpleQueue()  # True for a job that came, False for the end
        self._lock = threading.Lock()
        self._threads = 0
        self._free = 0  # threads that wait, less the jobs that wait for one
        self._is_closed = self._has_warned = False
        if not self._start_one():
            raise NoThreads

    def submit(self, work: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Future[_T]:
        """Do `work` soon. Where the lane is closed it is cancelled."""
        return self.submit_for("", work, *arguments, **named)

    def submit_for(
        self, person: str, work: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs
    ) -> Future[_T]:
        """Do `work` for `person` soon, who delays nobody else however much there is of it."""
        job = _Job(Future(), partial(work, *arguments, **named))
        with self._lock:
            if self._is_closed:
                job.cancel()
                return job.future
            self._free -= 1
            is_short = self._free < 0 and self._threads < self._size
            self._jobs.join(person, job)
            self._calls.put(True)
        if is_short and not self._start_one() and not self._has_warned:
            self._has_warned = True
            _warn()
        return job.future

    def start_ready(self) -> bool:
        """Start one of the threads that are to be ready; False if all are."""
        if self._threads >= self._ready:
            return False
        if not self._start_one():
            raise NoThreads
        return True

    def grow_no_more(self) -> None:
        """Leave threads that could be had to others."""
        with self._lock:
            self._size = self._ready = self._threads

    def shutdown(self, *, cancel_futures: bool = False) -> None:
        """Take no more work, and begin none of what waits if it is to be cancelled."""
        with self._lock:
            self._is_closed = True
        for job in self._jobs.clear() if cancel_futures else ():
            job.cancel()
        self._calls.put(False)

    def _start_one(self) -> bool:
        """Start a thread; False if the system gives none."""
        with self._lock:
            self._threads += 1
            self._free += 1
            thread = threading.Thread(target=self._run, name=f"{self._name}_{self._threads}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # can't start new thread
            with self._lock:
                self._threads -= 1
                self._free -= 1
            return False
        return True

    def _run(self) -> None:
        while job := self._next():
            job.do()
            self._jobs.done(job)
            del job  # what it is about is not to be kept until the next comes
            with self._lock:
                self._free += 1

    def _next(self) -> _Job | None:
        """Return what to do next; None to end."""
        is_open = True
        while True:
            if job := self._jobs.take():  # maybe one that had to wait for the place of the last
                return job
            if not is_open:
                self._calls.put(False)  # the other threads end, too
                return None
            with suppress(Empty):
                is_open = self._calls.get(timeout=None if self._threads <= self._ready else _IDLE_SECONDS)
                continue
            with self._lock:
                if self._threads > self._ready and self._free > 0:
                    self._threads -= 1
                    self._free -= 1
                    return None


def warm_up(lanes: Collection[Lane]) -> None:
    """Start the threads that are to be ready: who starts one waits for it, in a storm for many others too.

    Where the system does not give as many, all lanes get by with those that they have then, and some are left
    to others.
    """
    try:
        with _left_to_others():
            while [lane for lane in lanes if lane.start_ready()]:
                pass
    except NoThreads:
        for lane in lanes:
            lane.grow_no_more()
        _warn()


def _warn() -> None:
    log.warning("threads.short", extra={"threads": threading.active_count(), "fix": _FIX})


@contextmanager
def _left_to_others() -> Iterator[None]:
    """Hold some threads, which can be had by others afterwards."""
    end = threading.Event()
    try:
        for thread in [threading.Thread(target=end.wait, daemon=True) for _ in range(_LEFT_TO_OTHERS)]:
            thread.start()
        yield
    except RuntimeError as error:
        raise NoThreads from error
    finally:
        end.set()


def unattended(work: Callable[_P, None]) -> Callable[_P, None]:
    """`work` for a thread that nobody asks how it went: a mistake in it is logged, and goes no further."""

    @wraps(work)
    def attended(*arguments: _P.args, **named: _P.kwargs) -> None:
        try:
            work(*arguments, **named)
        except Exception:
            log.exception("work.crashed", extra={"work": work.__name__})

    return attended
