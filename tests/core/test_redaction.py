"""What tells who somebody is, is masked where that is wished, and ordinary numbers pass."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core.attachments import Attachment
from bot.core.conversation import Role, Turn
from bot.core.files import Medium
from bot.core.redaction import KINDS, redacted, redacted_turn
from tests.personal_data_as_pasted import AS_PASTED
from tests.sample_files import pdf

CARD, RRN, SSN, PHONE = (
    "[card number]",
    "[resident registration number]",
    "[social security number]",
    "[phone]",
)
AROUND = st.sampled_from(
    ["{}", "it is {}.", "번호는 {}입니다", "번호는{}이고", "a,{},b", "({})", "`{}`", "{}\n"]
)


def luhn(first: str) -> str:
    """The last digit of a card's number, as the standard tells to find it."""
    total = 0
    for place, digit in enumerate(reversed(first)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value // 10 + value % 10
    return str(-total % 10)


def resident_digit(first: str) -> str:
    total = sum(
        int(digit) * weight for digit, weight in zip(first, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)
    )
    return str((11 - total % 11) % 10)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def grouped(number: str, gap: str) -> str:
    cuts = {16: (4, 8, 12), 15: (4, 10), 14: (4, 10), 19: (4, 8, 12, 16)}[len(number)]
    bounds = [0, *cuts, len(number)]
    return gap.join(number[start:end] for start, end in pairwise(bounds))


ISSUERS = st.sampled_from(
    [
        ("4", 16),
        ("51", 16),
        ("2720", 16),
        ("34", 15),
        ("37", 15),
        ("36", 14),
        ("3530", 16),
        ("62", 16),
        ("62", 19),
        ("6011", 16),
        ("9410", 16),
    ]
)


@given(ISSUERS, digits(19), st.sampled_from(["", " ", "-", "\u00a0"]), AROUND, st.integers(1, 9))
def test_a_card_is_masked_and_one_with_a_wrong_digit_is_none(
    issuer: tuple[str, int], rest: str, gap: str, around: str, off: int
) -> None:
    prefix, length = issuer
    first = (prefix + rest)[: length - 1]
    last = luhn(first)

    assert redacted(around.format(grouped(first + last, gap)), ["card"]) == around.format(CARD)
    wrong = around.format(grouped(first + str((int(last) + off) % 10), gap))
    assume(length != 19 or luhn(first[:15]) != first[15])
    assert redacted(wrong, ["card"]) == wrong


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), digits(5), st.booleans(), AROUND)
def test_a_resident_is_masked_with_a_hyphen_whatever_the_last_digit_and_without_one_if_it_is_right(
    born: date, rest: str, is_foreign: bool, around: str
) -> None:
    first = f"{born:%y%m%d}-{(1 if born.year < 2000 else 3) + 4 * is_foreign}{rest}"

    for last in "0123456789":
        assert redacted(around.format(first + last), ["rrn"]) == around.format(RRN)


@given(
    st.dates(date(1930, 1, 1), date(2020, 10, 4)), st.sampled_from("12"), digits(5), st.integers(1, 9), AROUND
)
def test_a_resident_without_a_hyphen_needs_the_right_last_digit(
    born: date, sex: str, rest: str, off: int, around: str
) -> None:
    first = f"{born:%y%m%d}{int(sex) + 2 * (born.year >= 2000)}{rest}"
    right = resident_digit(first)

    for gap in ("", " "):
        number = f"{first[:6]}{gap}{first[6:]}"
        assert redacted(around.format(number + right), ["rrn"]) == around.format(RRN)
        wrong = around.format(f"{number}{(int(right) + off) % 10}")
        assert redacted(wrong, ["rrn"]) == wrong


@given(digits(3), digits(2), digits(4), AROUND)
def test_a_social_security_number_is_masked_if_it_can_have_been_given(
    area: str, group: str, serial: str, around: str
) -> None:
    text = around.format(f"{area}-{group}-{serial}")
    can_be = area not in ("000", "666") and int(area) < 900 and int(group) > 0 and int(serial) > 0

    assert redacted(text, ["ssn"]) == (around.format(SSN) if can_be else text)


@pytest.mark.parametrize(
    "number",
    [
        "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "123456789",
        "123-45-67890", "1123-45-6789",
    ],
)  # fmt: skip
def test_what_was_never_given_as_a_social_security_number_passes(number: str) -> None:
    assert redacted(number, ["ssn"]) == number


@pytest.mark.parametrize(
    "number",
    ["900230-1234567", "001301-3234567", "900101-9234567", "900101-0234567", "1900101-1234567"],
)
def test_what_is_no_day_or_no_century_is_no_resident(number: str) -> None:
    assert redacted(number, ["rrn"]) == number


@pytest.mark.parametrize(
    "number",
    [
        "010-1234-5678", "01012345678", "010 1234 5678", "010.1234.5678", "011-234-5678", "02-123-4567",
        "02-1234-5678", "031-123-4567", "031)123-4567", "(02) 123-4567", "02.123.4567", "070-1234-5678",
        "0505-123-4567", "+82 10-1234-5678", "+82-2-123-4567", "+82 (0)10 1234 5678", "+821012345678",
        "(415) 555-2671", "(415)555-2671", "415-555-2671", "415.555.2671", "1-800-555-0199",
        "+1 415 555 2671",
        "+1 (415) 555-2671", "+14155552671", "+44 20 7946 0958", "+49 (0)30 123456", "+33 1 23 45 67 89",
    ],
)  # fmt: skip
def test_a_telephone_number_is_masked(number: str) -> None:
    assert redacted(number, ["phone"]) == PHONE
    assert redacted(f"Call {number}, please", ["phone"]) == f"Call {PHONE}, please"
    assert redacted(f"전화 {number}입니다. 3명 2024년", ["phone"]) == f"전화 {PHONE}입니다. 3명 2024년"
    assert redacted(f"Tel.{number}\n2 of us", ["phone"]) == f"Tel.{PHONE}\n2 of us"


@pytest.mark.parametrize(
    "address", ["ada@example.com", "a.b+c_d%e@mail.example.co.kr", "ADA@EXAMPLE.COM", "1234@example.io"]
)
def test_an_email_address_is_masked(address: str) -> None:
    assert redacted(address, ["email"]) == "[email]"
    assert redacted(f"Ask <{address}>.", ["email"]) == "Ask <[email]>."
    assert redacted(f"메일은{address}로, ", ["email"]) == "메일은[email]로, "


ORDINARY = [
    "Order 20241130-1234567, invoice INV-2024-000123, ticket ABC-415-555-2671",
    "주문번호 20241130-1234567, 운송장 1234-5678-9012, 사업자등록번호 123-45-67890, 계좌 110-123-456789",
    "2024-01-15T10:20:30.123456789+09:00, 2024/01/15 10:20, 2024.01.15",
    "Mon, 15 Jan 2024 10:20:30 +0900",
    "2024년 1월 15일 오후 3시 20분, 24-01-15, 제2024-010-1234호",
    "epoch 1700000000, 1732233600000 ms, 1732233600000000 us, 1732233600000000000 ns",
    "Slack 1732233600.123456",
    "192.168.100.200:8080, 10.0.0.1/24, 2001:db8::1, 255.255.255.255, 00:1a:2b:3c:4d:5e",
    "v1.2.3, 2.31.0-rc.1, 10.15.7, Python 3.11.7, chrome/120.0.6099.130, 5.15.0-1051-aws",
    "550e8400-e29b-41d4-a716-446655440000, 41111111-1111-1111-1111-111111111111",
    "sha256:4111111111111111aa, 0x4111111111111111, 8f57a31, account 123456789012",
    "ARN arn:aws:iam::123456789012:role/x",
    "ISBN 978-3-16-148410-0, ISBN-10 0-306-40615-2, EAN 4006381333931",
    "1 + 1 = 2, 12345679 * 9 = 111111111, 3.1415926535897932, 0.4111111111111111, x = -1234567890, 2+1000000",
    "+10%, +100 points, C++11, UTC+09:00, GMT+0900, +20240101",
    "1,234,567,890원, $4,111,111.11, ₩1234567890",
    "100 200 3000, 123 456 7890, 12-34-5678, 1-2-3, 911, 1588-1234, 119, 4111 1111 1111 1112",
    "lat 37.566535, lon 126.977969; 1920x1080; 16:9; p < 0.05; 10^9; 1e-9; 64-bit; A4",
    "git@github.com:org/repo.git, react@18.2.0, @channel, a@b, foo@localhost, decorators like @app.route",
    "https://ours.slack.com/archives/C012AB3CD/p1732233600123456?thread_ts=1732233600.123456&cid=C012AB3CD",
    "https://example.com/status/1732233600123456789, order?id=1234567890",
    "U012AB3CD, C0123456789, Ev0123456789, AKIA, xoxb-",
    "| 2024 | 1234 | 5678 | 9012 |\n| 2023 | 1000 | 2000 | 3000 |\n1111 2222 3333 4444",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_passes(text: str) -> None:
    assert redacted(text, KINDS) == text


def test_only_what_is_wished_is_masked() -> None:
    text = "ada@example.com, 010-1234-5678, 4111 1111 1111 1111, 123-45-6789, 900101-1234567"

    assert redacted(text, []) == text
    assert redacted(text, ["phone", "ssn"]) == (
        f"ada@example.com, {PHONE}, 4111 1111 1111 1111, {SSN}, 900101-1234567"
    )
    assert redacted(text, KINDS) == f"[email], {PHONE}, {CARD}, {SSN}, {RRN}"


def test_a_card_is_found_among_other_numbers() -> None:
    assert redacted("1234 4111 1111 1111 1111 123", ["card"]) == f"1234 {CARD} 123"
    assert redacted("4111 1111 1111 1111 12/27 123", ["card"]) == f"{CARD} 12/27 123"


def test_of_a_turn_the_words_and_the_text_files_are_redacted() -> None:
    csv = Attachment(Medium.DOCUMENT, "csv", "document-1", "이름,메일\n에이다,ada@example.com\n".encode())
    scan = Attachment(Medium.DOCUMENT, "pdf", "document-2", pdf("ada@example.com"))
    turn = redacted_turn(Turn(Role.USER, "What of ada@example.com?", (csv, scan)), ["email"])

    assert turn.text == "What of [email]?"
    assert turn.attachments[0].data.decode() == "이름,메일\n에이다,[email]\n"
    assert turn.attachments[1] == scan


LONG = 100_000
SPLINTERS = [
    "a", "1", " ", "-", ".", "@", "+", "=", "/", ":", "\n", "\\n", '"', "a.", "a@", "@a.", "1-", "1 ", "+1",
    "(1",    "+1 (", "eyJ-", "_eyJa", "xoxb", "AKIA", "AKIAAAAA ", "bearer ", "bearer a",
    "authorization: ",
    "secret access key", "1234 ", "1234-", "010-", "010-1234-", "900101", "900101-", "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----", "A: b\n", "QUJD\n", "-----BEGIN A PRIVATE KEY-----\nQUJD\n", " \n",
    "QUJD ", "-----END PRIVATE KEY-----",
    "QUJD\n-----END PRIVATE KEY\n", "hooks.slack.com/a", "QUJDQUJDQUJDQUJDQUJD ",
]  # fmt: skip


@pytest.mark.parametrize("splinter", SPLINTERS)
def test_however_long_a_text_is_the_work_grows_no_faster(splinter: str) -> None:
    """What grew with the square of the length would not end within the time that a test has."""
    long = splinter * (LONG // len(splinter))

    assert redacted(long + "!", KINDS).endswith("!")
    assert redacted("-----BEGIN PRIVATE KEY-----\n" + long + "!", KINDS)


@settings(max_examples=15)
@given(st.lists(st.sampled_from(SPLINTERS), min_size=2, max_size=4), st.sampled_from(SPLINTERS))
def test_nor_if_it_is_a_mixture(pieces: list[str], end: str) -> None:
    piece = "".join(pieces)

    assert redacted(piece * (LONG // len(piece)) + end + "!", KINDS).endswith("!")


@pytest.mark.parametrize("kind", AS_PASTED)
def test_personal_data_is_masked_as_people_write_it(kind: str) -> None:
    """With digits of any width, dashes of any length, marks and zero-width characters in it."""
    word = redacted(AS_PASTED[kind][0], [kind]).partition("[")[2].partition("]")[0]
    masked = {text: redacted(text, [kind]) for text in AS_PASTED[kind]}

    assert [text for text, shown in masked.items() if f"[{word}]" not in shown or _digits(shown) > 1] == []
    assert sum(map(len, AS_PASTED.values())) > 144


def _digits(text: str) -> int:
    return sum(each.isdigit() for each in text.partition(":Hunter")[0])
