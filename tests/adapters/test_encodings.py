"""A text whose encoding nothing names is read rightly, or its reader is told of the doubt."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.encodings import decoded
from bot.core.attachments import DecodedText
from tests.texts_in_encodings import Sample, samples

SAMPLES = list(samples())
LONG = {"all sentences", "three sentences", "a long table", "a table", "code"}


def outcome(sample: Sample) -> str:
    found = decoded(sample.data)
    if found is None:
        return "refused"
    is_right = found.text.lstrip("\ufeff") == sample.text
    return ("right" if is_right else "wrong") + ("" if found.is_certain else ", in doubt")


def test_no_text_of_the_corpus_is_read_wrongly_in_silence() -> None:
    """docs/decisions/0023-which-encoding-a-file-is-in.md quotes these figures."""
    found = Counter(map(outcome, SAMPLES))

    assert len(SAMPLES) == 2473
    assert found == {"right": 2217, "right, in doubt": 152, "wrong, in doubt": 42, "refused": 62}


def test_texts_of_some_length_are_read_rightly_in_every_encoding() -> None:
    found = Counter(
        (sample.encoding, outcome(sample).partition(",")[0]) for sample in SAMPLES if sample.form in LONG
    )

    assert {kind for _, kind in found} == {"right"}
    assert {encoding for encoding, _ in found} >= {"cp949", "euc_kr", "cp932", "gb18030", "cp1252", "latin_1"}


@pytest.mark.parametrize("end", [b"\xb0", b" \xff\xfe "])
def test_a_text_with_a_broken_end_is_read_in_doubt(end: bytes) -> None:
    text = "다음 주 화요일에 분기 보고서를 검토하겠습니다. " * 20
    found = decoded(text.encode("cp949") + end)

    assert found is not None
    assert found.text.startswith(text)
    assert not found.is_certain


def test_what_a_page_says_of_its_encoding_is_believed_where_the_letters_fit() -> None:
    page = '<html><head><meta charset="{}"></head><body>가나</body></html>'

    assert decoded(page.format("euc-kr").encode("euc-kr")) == DecodedText(page.format("euc-kr"))
    for wrong in ("iso-8859-1", "shift_jis", "no such"):
        found = decoded(page.format(wrong).encode("euc-kr"))
        assert found is None or not found.is_certain


@pytest.mark.parametrize(
    "text",
    ["Привет, как дела? Мы встретимся завтра.", "Καλημέρα, τι κάνεις σήμερα;", "שלום לכולם, מה שלומכם היום"],
)
@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp1253", "cp1255"])
def test_other_scripts_are_read_rightly_or_in_doubt(text: str, encoding: str) -> None:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    found = decoded(data)

    assert found is None or found.text == text or not found.is_certain


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\2\3",
        b" \r\n",
        b"\x7fELF\x02\x01\x01" + bytes(9),
        b"PK\x03\x04\x14\0",
        b"\xff\xfe",
    ],
)
def test_what_is_no_text_is_none(data: bytes) -> None:
    assert decoded(data) is None


def test_what_stands_late_in_one_long_line_is_found() -> None:
    text = f'{{"log": "{"went on; " * 50_000}", "text": "다음 주 화요일에 분기 보고서를 검토하겠습니다."}}'

    assert decoded(text.encode("cp949")) == DecodedText(text)


@pytest.mark.parametrize(
    "name", ["punycode", "unicode_escape", "hex", "utf-7", "idna", "undefined", "no such"]
)
def test_no_encoding_that_is_not_one_of_texts_can_be_declared(name: str) -> None:
    text = f"# coding: {name}\n다음 주 화요일에 분기 보고서를 검토하겠습니다."

    assert decoded(text.encode("cp949")) == DecodedText(text)


def test_noise_is_no_text() -> None:
    assert decoded(os.urandom(100_000)) is None


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip))
def test_utf_8_is_read_as_it_is(text: str) -> None:
    found = decoded(text.encode())

    assert found is not None
    assert found.text == text


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_not(data: bytes) -> None:
    found = decoded(data)

    assert found is None or found.text.strip()
