"""What people upload in the page, and what it shows them of each other's files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from bot.playground.sight import sees
from bot.playground.slack import Slack

_MOST_BYTES = 100_000_000
# What is shown in place. Anything else could carry a script, and is only ever saved.
_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class PageFiles:
    """The files of the page. `person` tells who asks."""

    def __init__(self, slack: Slack, person: Callable[[web.Request], str]) -> None:
        self._slack, self._person = slack, person
        self._uploaders: dict[str, str] = {}

    def uploaded(self, me: str, file_ids: list[str]) -> list[dict[str, Any]]:
        """The file objects of what the person `me` uploaded. Raises KeyError if they did not."""
        if any(self._uploaders[file_id] != me for file_id in file_ids):
            raise KeyError
        return [dict(self._slack.workspace.files[file_id].shown) for file_id in file_ids]

    async def upload(self, request: web.Request) -> web.Response:
        """Take a file, and what Slack would make of a picture: its size and a smaller version."""
        me = self._person(request)
        parts: dict[str, bytes] = {}
        reader = await request.multipart()
        while isinstance(part := await reader.next(), BodyPartReader):
            parts[str(part.name)] = await _read(part, _MOST_BYTES - sum(map(len, parts.values())))
        sides: dict[str, Any] = {
            side: int(parts[side]) for side in ("original_w", "original_h") if side in parts
        }
        thumbnail = parts.get("thumbnail", b"")
        file = self._slack.upload(parts["name"].decode(), parts["file"], thumbnail, **sides)
        self._uploaders[file["id"]] = me
        return web.json_response({"ok": True, "id": file["id"]})

    async def show(self, request: web.Request) -> web.Response:
        """A file of a message that the person sees."""
        me, file_id = self._person(request), request.match_info["file"]
        workspace = self._slack.workspace
        shared = {f["id"] for m in workspace.messages.values() if sees(workspace, me, m) for f in m.files}
        file = workspace.files.get(file_id)
        if file is None or file.is_deleted or file_id not in shared:
            raise web.HTTPNotFound
        mimetype = str(file.shown["mimetype"])
        if mimetype in _PICTURES:
            return web.Response(body=file.data, content_type=mimetype)
        saved_as = f"attachment; filename*=UTF-8''{quote(str(file.shown['name']))}"
        return web.Response(
            body=file.data,
            content_type="application/octet-stream",
            headers={"Content-Disposition": saved_as},
        )


async def _read(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        data += chunk
        if len(data) > most:
            raise web.HTTPRequestEntityTooLarge(most, len(data))
    return bytes(data)
