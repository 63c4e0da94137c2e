"""Limits of the process on its machine: open files, which connections are, too, and memory."""

from __future__ import annotations

import ctypes
import resource
from contextlib import suppress

# For each answer a connection to either model and one to Slack, and some for look-ups, files and the store.
_FILES_PER_ANSWER, _OTHER_FILES = 3, 100

_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1_000_000  # the first is M_MMAP_THRESHOLD of malloc.h


def give_back_large_blocks() -> None:
    """Let memory that a file took go back to the system as soon as it is free.

    Else glibc keeps some tens of megabytes for each thread that ever sent a large file, since it takes the
    size of what was freed for one that is common:
    https://sourceware.org/glibc/manual/latest/html_node/Malloc-Tunable-Parameters.html
    """
    with suppress(AttributeError, OSError):  # other systems have another malloc
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)


def make_room(live_answers: int) -> str:
    """Let the process open as many files as `live_answers` at once need, as far as it may; "" if it can.

    Otherwise, what to do.
    """
    needed = live_answers * _FILES_PER_ANSWER + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ""
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed == needed:
        return ""
    bearable = max(1, (allowed - _OTHER_FILES) // _FILES_PER_ANSWER)
    return (
        f"Let the process open {needed} files (ulimit -n, LimitNOFILE=, --ulimit nofile), and not only "
        f"{allowed}, or set MAX_LIVE_ANSWERS to {bearable}."
    )
