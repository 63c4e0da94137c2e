"""Threads for what waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor


def lane(name: str, size: int) -> ThreadPoolExecutor:
    """A pool whose threads all run already: who starts one waits for it, in a storm for many others too."""
    threads = ThreadPoolExecutor(size, name)
    all_run = threading.Barrier(size)
    for _ in range(size):
        threads.submit(all_run.wait)
    return threads
