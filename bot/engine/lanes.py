"""Threads for what waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import ParamSpec

log = logging.getLogger(__name__)

_P = ParamSpec("_P")


def lane(name: str, size: int) -> ThreadPoolExecutor:
    """A pool whose threads all run already: who starts one waits for it, in a storm for many others too."""
    threads = ThreadPoolExecutor(size, name)
    all_run = threading.Barrier(size)
    for _ in range(size):
        threads.submit(all_run.wait)
    return threads


def unattended(work: Callable[_P, None]) -> Callable[_P, None]:
    """`work` for a thread that nobody asks how it went: a mistake in it is logged, and goes no further."""

    @wraps(work)
    def attended(*arguments: _P.args, **named: _P.kwargs) -> None:
        try:
            work(*arguments, **named)
        except Exception:
            log.exception("work.crashed", extra={"work": work.__name__})

    return attended
