"""WebSocket frames, as a client reads and writes them: https://www.rfc-editor.org/rfc/rfc6455#section-5

A frame that no server may send is left out, and the next is read. The standard wants the connection closed at
it (section 7.1.7), but then a slash command that stands behind it would be lost: Slack sends those once.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
_MAX_CONTROL_BYTES = 125
_FIN, _RESERVED, _MASKED = 0x80, 0x70, 0x80


class Opcode(IntEnum):
    """Kinds of frames, and of messages. Those from CLOSE on may come between the frames of a message."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_OPCODES = set(Opcode)


class Message(NamedTuple):
    """A whole message, whatever number of frames it came in."""

    opcode: Opcode
    payload: bytes


class _Head(NamedTuple):
    """The beginning of a frame, itself of `size` bytes, whose payload has `length`."""

    first: int
    is_masked: bool
    size: int
    length: int


class FrameReader:
    """Makes messages of what a server sends, in pieces of any size.

    `left_out` counts the frames that were left out. Not thread-safe.
    """

    def __init__(self, max_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._max_bytes = max_bytes
        self.left_out = 0
        self._unread = bytearray()
        self._to_skip = 0  # bytes of a frame that is left out
        self._opcode: Opcode | None = None  # of a message that is not whole yet
        self._parts = bytearray()

    def read(self, data: bytes) -> list[Message]:
        """Return the messages that `data` completes."""
        self._unread += data
        messages = []
        while self._skip() and (head := _head(self._unread)):
            end = head.size + head.length
            if not self._takes(head):
                self.left_out += 1
                self._to_skip = end
            elif len(self._unread) < end:
                break
            else:
                payload = bytes(self._unread[head.size : end])
                del self._unread[:end]
                if message := self._joined(head.first, payload):
                    messages.append(message)
        return messages

    def _skip(self) -> bool:
        """Leave out what is to be left out; False if not all of that has come."""
        skipped = min(self._to_skip, len(self._unread))
        del self._unread[:skipped]
        self._to_skip -= skipped
        return not self._to_skip

    def _takes(self, head: _Head) -> bool:
        """Return whether a server may send such a frame now; if not, the message that it goes on is lost."""
        code, is_last = head.first & 0x0F, bool(head.first & _FIN)
        is_valid = code in _OPCODES and not head.first & _RESERVED and not head.is_masked
        if code >= Opcode.CLOSE:
            return is_valid and is_last and head.length <= _MAX_CONTROL_BYTES
        goes_on = code == Opcode.CONTINUATION
        if goes_on and self._opcode is None:
            return False
        size = head.length + (len(self._parts) if goes_on else 0)
        is_taken = is_valid and size <= self._max_bytes
        if not is_taken if goes_on else not is_last:
            self._forget()
        return is_taken

    def _joined(self, first: int, payload: bytes) -> Message | None:
        """Return the message that a frame ends, if it ends one."""
        opcode, is_last = Opcode(first & 0x0F), bool(first & _FIN)
        if is_last and opcode is not Opcode.CONTINUATION:
            return Message(opcode, payload)
        if opcode is not Opcode.CONTINUATION:
            self._opcode = opcode
        self._parts += payload
        if not is_last or self._opcode is None:
            return None
        whole = Message(self._opcode, bytes(self._parts))
        self._forget()
        return whole

    def _forget(self) -> None:
        self._opcode, self._parts = None, bytearray()


def _head(unread: bytearray) -> _Head | None:
    """Return the head of the frame that `unread` begins with; None if not all of it has come."""
    if len(unread) < 2:
        return None
    first, second = unread[0], unread[1]
    length, size = second & 0x7F, 2
    if length > _MAX_CONTROL_BYTES:
        form = "!H" if length == 126 else "!Q"
        size += struct.calcsize(form)
        if len(unread) < size:
            return None
        (length,) = struct.unpack_from(form, unread, 2)
    is_masked = bool(second & _MASKED)
    return _Head(first, is_masked, size + 4 * is_masked, length)


def masked_frame(opcode: Opcode, payload: bytes, mask: bytes) -> bytes:
    """Return a message in one frame, masked with four bytes, as all are that a client sends."""
    length = len(payload)
    if length <= _MAX_CONTROL_BYTES:
        head = struct.pack("!BB", _FIN | opcode, _MASKED | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", _FIN | opcode, _MASKED | 126, length)
    else:
        head = struct.pack("!BBQ", _FIN | opcode, _MASKED | 127, length)
    stream = (mask * (length // 4 + 1))[:length]
    hidden = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
    return head + mask + hidden.to_bytes(length, "big")
