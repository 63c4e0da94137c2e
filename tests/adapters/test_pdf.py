"""A PDF that a reader opens without a password is read, whatever it is encrypted with."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.adapters import pdf
from bot.adapters.pdf import unlocked
from tests import sample_files as make


@pytest.mark.parametrize("is_modern", [True, False], ids=["AES-256", "RC4"])
def test_what_opens_without_a_password_loses_its_encryption_and_nothing_else(is_modern: bool) -> None:
    made = unlocked(make.open_pdf(is_modern=is_modern))

    assert made is not None
    assert b"/Encrypt" not in made
    assert b"(Hello) Tj" in made or b"Hello" in text_of(made)


def text_of(data: bytes) -> bytes:
    program = (
        "import sys, pypdfium2\n"
        "page = pypdfium2.PdfDocument(sys.stdin.buffer.read())[0]\n"
        "print(page.get_textpage().get_text_range())"
    )
    return subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    "data",
    [make.encrypted_pdf(), b"", b"%PDF-1.7 and no more", make.open_pdf()[:700], b"\xff" * 1_000],
    ids=["a password", "nothing", "no PDF", "torn", "noise"],
)
def test_what_does_not_open_is_none(data: bytes) -> None:
    assert unlocked(data) is None


@pytest.mark.parametrize(
    "program",
    ["while True: pass", "import os; os.abort()", "x = bytearray(10**12)", "import os; print(os.environ)"],
    ids=["hangs", "crashes", "takes all memory", "looks at the environment"],
)
def test_whatever_becomes_of_the_program_the_bot_goes_on_and_its_secrets_stay(
    program: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path_factory.mktemp("program") / "program.py"
    path.write_text(program)
    monkeypatch.setattr(pdf, "_PROGRAM", path)
    monkeypatch.setattr(pdf, "_PROGRAM_TIMEOUT", 0.5)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")

    assert b"xoxb-secret" not in (unlocked(make.open_pdf()) or b"")
