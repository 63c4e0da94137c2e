"""A program: read a PDF from standard input, write it to standard output without its encryption.

It ends with 1 where the PDF needs a password, or cannot be opened.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from io import BytesIO

import pypdfium2
from pypdfium2.raw import FPDF_REMOVE_SECURITY

_MAX_MEMORY_BYTES = 1_000_000_000
_MAX_SECONDS = 15


def _unlock() -> int:
    made = BytesIO()
    try:
        with pypdfium2.PdfDocument(sys.stdin.buffer.read()) as document:
            document.save(made, flags=FPDF_REMOVE_SECURITY)
    except pypdfium2.PdfiumError:
        return 1
    sys.stdout.buffer.write(made.getvalue())
    return 0


def _bound() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_SECONDS, _MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    with suppress(ImportError, ValueError):  # Windows has no such bounds
        _bound()
    sys.exit(_unlock())
