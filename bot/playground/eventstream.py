"""The binary frames in which ConverseStream sends its events, `application/vnd.amazon.eventstream`.

A frame, all numbers big endian (https://smithy.io/2.0/aws/amazon-eventstream.html):

    uint32 length | uint32 length of the headers | uint32 crc32 of these 8 bytes
    headers | payload | uint32 crc32 of all before it

and a header: uint8 length | name | uint8 type, 7 for a string | uint16 length | value.
"""

from __future__ import annotations

import json
import string
import struct
from binascii import crc32
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_STRING = 7
_PADDING = string.ascii_letters + string.digits


def event(name: str, payload: Mapping[str, Any], serial: int = 0) -> bytes:
    """The frame of one event, such as `contentBlockDelta`.

    AWS hides the true length of an event behind a member "p" of changing length; readers must ignore it.
    Here its length follows from `serial`, the event's number in its stream, so a stream can be repeated.
    """
    padding = _PADDING[: serial * 37 % (len(_PADDING) + 1)]
    return _frame("event", name, {**payload, "p": padding})


def exception(name: str, message: str) -> bytes:
    """The frame of an error in mid-stream, such as `throttlingException`. It is the stream's last."""
    return _frame("exception", name, {"message": message})


def _frame(kind: str, name: str, payload: Mapping[str, Any]) -> bytes:
    headers = b"".join(
        (
            _header(f":{kind}-type", name),
            _header(":content-type", "application/json"),
            _header(":message-type", kind),
        )
    )
    body = json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()
    lengths = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    message = lengths + struct.pack("!I", crc32(lengths)) + headers + body
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text
