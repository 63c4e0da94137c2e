"""Frames: none is lost, whatever they come in and whatever comes between them."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.websocket import FrameReader, Message, Opcode, masked_frame
from bot.playground.socket_mode import frame

MAX = 70_000  # of which a frame's length takes eight bytes
PAYLOADS = st.one_of(st.binary(max_size=200), st.sampled_from([125, 126, 65_535, 65_536]).map(bytes))
# Frames that no server may send, and the beginnings of their kinds.
STRAY = b"their own words"
REFUSED = {
    "reserved bits": frame(STRAY, 0xC1),
    "all reserved bits": frame(STRAY, 0xF1),
    "a reserved opcode": frame(STRAY, 0x83),
    "a reserved control opcode": frame(STRAY, 0x8B),
    "a masked text": masked_frame(Opcode.TEXT, STRAY, b"mask"),
    "a continuation of nothing": frame(STRAY, 0x80),
    "a ping in parts": frame(STRAY, 0x09),
    "a ping that is too long": frame(bytes(126), 0x89),
    "a ping with a reserved bit": frame(STRAY, 0xC9),
    "an oversized text": frame(bytes(MAX + 1)),
}


def read(data: bytes, sizes: list[int] | None = None) -> tuple[list[Message], int]:
    """All messages in `data`, which comes in pieces of these sizes, over and over, and what was left out."""
    reader, found, at = FrameReader(MAX), list[Message](), 0
    while at < len(data):
        for size in sizes or [len(data)]:
            found += reader.read(data[at : at + size])
            at += size
    return found, reader.left_out


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, list[Message]]:
    """A text in one frame or several, with pings between them, and the messages in it."""
    parts = draw(st.lists(PAYLOADS, min_size=1, max_size=3))
    pings = [Message(Opcode.PING, payload) for payload in draw(st.lists(st.binary(max_size=125), max_size=2))]
    sent, last = b"", len(parts) - 1
    for number, part in enumerate(parts):
        sent += frame(part, (0x80 if number == last else 0) | (0 if number else 1))
        if number < last:
            sent += b"".join(frame(ping.payload, 0x89) for ping in pings)
    whole = b"".join(parts)
    found = [Message(Opcode.TEXT, whole)] if len(whole) <= MAX or not last else []
    return sent, pings * last + found


@given(st.lists(texts(), max_size=4), st.lists(st.integers(1, 100_000), min_size=1, max_size=4))
def test_messages_are_read_however_they_are_cut(
    sent: list[tuple[bytes, list[Message]]], sizes: list[int]
) -> None:
    found, _ = read(b"".join(each for each, _ in sent), sizes)

    assert found == [message for _, messages in sent for message in messages]


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("size", [1, 1_000_000])
def test_what_no_server_may_send_costs_no_neighbour(refused: bytes, size: int) -> None:
    """Neither a message before or after it, nor, unless it is of the same kind, one that it comes into."""
    whole = frame(b"before") + refused + frame(b"be", 0x01) + frame(b"cause", 0x80) + frame(b"\xff after")

    assert read(whole, [size]) == (
        [Message(Opcode.TEXT, payload) for payload in (b"before", b"because", b"\xff after")],
        1,
    )


@pytest.mark.parametrize("name", [name for name in REFUSED if "continuation" not in name])
def test_a_message_in_parts_goes_on_after_what_no_server_may_send(name: str) -> None:
    whole = frame(b"be", 0x01) + REFUSED[name] + frame(b"cause", 0x80)

    assert read(whole) == ([Message(Opcode.TEXT, b"because")], 1)


def test_a_message_whose_part_was_refused_is_left_out_whole() -> None:
    whole = frame(b"be", 0x01) + frame(b"ca", 0x40) + frame(b"use", 0x80) + frame(b"after")

    assert read(whole) == ([Message(Opcode.TEXT, b"after")], 2)


def test_a_message_that_another_begins_in_is_given_up_for_it() -> None:
    whole = frame(b"lost", 0x01) + frame(b"be", 0x01) + frame(b"cause", 0x80)

    assert read(whole) == ([Message(Opcode.TEXT, b"because")], 0)


def test_thousands_of_frames_in_one_read_need_no_deeper_stack() -> None:
    found, _ = read(frame(b"{}") * (10 * sys.getrecursionlimit()))

    assert len(found) == 10 * sys.getrecursionlimit()


def test_a_length_that_lies_is_not_waited_for_in_memory() -> None:
    reader = FrameReader(MAX)
    reader.read(b"\x81\x7f" + b"\xff" * 8)
    for _ in range(100):
        reader.read(bytes(MAX))

    assert len(reader._unread) == 0  # noqa: SLF001 - what it keeps can be seen nowhere else


@given(st.sampled_from(Opcode), PAYLOADS, st.binary(min_size=4, max_size=4))
def test_a_masked_frame_is_its_payload_again_under_its_mask(
    opcode: Opcode, payload: bytes, mask: bytes
) -> None:
    sent = masked_frame(opcode, payload, mask)
    plain = frame(payload, 0x80 | opcode)
    head = len(plain) - len(payload)

    assert (sent[0], sent[1] & 0x80, sent[head : head + 4]) == (plain[0], 0x80, mask)
    assert sent[2:head] == plain[2:head]
    assert bytes(byte ^ mask[at % 4] for at, byte in enumerate(sent[head + 4 :])) == payload
