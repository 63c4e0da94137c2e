"""Room for the files that the process opens: connections are files, too."""

from __future__ import annotations

import resource

# For each answer a connection to either model and one to Slack, and some for look-ups, files and the store.
_FILES_PER_ANSWER, _OTHER_FILES = 3, 100


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
