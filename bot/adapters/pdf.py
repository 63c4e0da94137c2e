"""PDF files that are encrypted although no password is needed to open them.

PDFium opens them (https://github.com/pypdfium2-team/pypdfium2). It is a large parser of foreign files in C++,
so it runs in a process of its own, which knows no secret, has bounds, and can end in any way.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

log = logging.getLogger(__name__)

_PROGRAM = Path(__file__).with_name("pdf_program.py")
_PROGRAM_TIMEOUT = 20.0


def unlocked(data: bytes) -> bytes | None:
    """Return a PDF without its encryption; None where it needs a password, or cannot be opened."""
    command = [sys.executable, "-I", str(_PROGRAM)]
    try:
        done = subprocess.run(  # noqa: S603 - a program of our own
            command, input=data, capture_output=True, timeout=_PROGRAM_TIMEOUT, env={}, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("pdf.not_opened", extra={"error": type(error).__name__})
        return None
    if done.returncode:
        log.info("pdf.not_opened", extra={"status": done.returncode})
        return None
    return done.stdout
