"""A bot of the same parts that paces nothing: every post at once, and each answer edited once a second."""

from __future__ import annotations

import logging
import os
import signal
from math import inf

from bot.app import build
from bot.core.journal import Allowance
from bot.settings import read


def run() -> None:
    """Answer until the process is ended."""
    logging.disable(logging.CRITICAL)  # it is refused by the hundred
    bot = build(*read(os.environ), allowance=Allowance(inf, inf, inf), floor=1.0)
    bot.start()
    signal.pause()


if __name__ == "__main__":
    run()
