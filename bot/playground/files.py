"""Slack's file server: it gives files to those who may read them, and a page to log in on to everybody else.

https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from aiohttp import web

from bot.playground.workspace import TEAM, File, Workspace

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to Playground</body></html>"
# Where Slack's name of a type is not the ending: https://docs.slack.dev/reference/objects/file-object#types
_FILETYPES = {
    "htm": "html", "jpeg": "jpg", "js": "javascript", "md": "markdown", "py": "python", "sh": "shell",
    "txt": "text", "yml": "yaml",
}  # fmt: skip
_CONVERTED = "_converted.pdf"
_PREVIEW = 100  # characters of a transcript; Slack does not say how many it shows


@dataclass(frozen=True)
class Mishap:
    """What becomes of one download: an answer of another `status`, which leads to `location`; the file with
    `extra` bytes more or, if negative, broken off so many before its end; the login page; or no answer.
    """

    status: int = 200
    location: str = ""
    extra: int = 0
    is_login: bool = False
    is_silent: bool = False


class FileHost:
    """The server of a workspace's files. `may_read` tells whether who asks is allowed to.

    `asked` has the id of the file of each request, in order.
    """

    def __init__(self, workspace: Workspace, may_read: Callable[[web.Request], bool]) -> None:
        self.asked: list[str] = []
        self._files = workspace.files
        self._may_read = may_read
        self._mishaps: defaultdict[str, deque[Mishap]] = defaultdict(deque)

    def routes(self) -> list[web.RouteDef]:
        """What it serves: files to show, the same to save, and thumbnails."""
        paths = (
            "/files-pri/{team}-{file}/{name}",
            "/files-pri/{team}-{file}/download/{name}",
            "/files-tmb/{team}-{file}-{secret}/{name}",
        )
        return [web.get(path, self._serve) for path in paths]

    def enqueue(self, file_id: str, *mishaps: Mishap) -> None:
        """Let the next requests for a file, or its thumbnail, end so, in this order."""
        self._mishaps[file_id].extend(mishaps)

    def add(
        self, base_url: str, name: str, data: bytes, thumbnail: bytes, pdf: bytes, fields: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Keep a file and what Slack makes of it; return its file object, of which `fields` are a part."""
        file_id = f"F{uuid4().hex[:10].upper()}"
        url = f"{base_url}/files-pri/{TEAM}-{file_id}"
        stem, _, ending = name.rpartition(".")
        shown = {
            "id": file_id,
            "name": name,
            "title": name,
            "mimetype": mimetypes.guess_type(name)[0] or "application/octet-stream",
            "filetype": _FILETYPES.get(ending.lower(), ending.lower()) if stem else "binary",
            "size": len(data),
            "mode": "hosted",
            "is_external": False,
            "url_private": f"{url}/{quote(name)}",
            "url_private_download": f"{url}/download/{quote(name)}",
        }
        made = f"{base_url}/files-tmb/{TEAM}-{file_id}-{uuid4().hex[:10]}/{quote(stem or name)}"
        if thumbnail:
            shown["thumb_1024"] = f"{made}_1024.png"
        if pdf:
            shown["converted_pdf"] = f"{made}{_CONVERTED}"
        shown |= fields
        self._files[file_id] = File(shown, data, thumbnail, pdf)
        return dict(shown)

    def transcribe(
        self, file_id: str, words: str, *, still: int = 0, status: str = "complete"
    ) -> dict[str, Any]:
        """Let Slack hear `words` in a recording; return the file object as an event shows it.

        It is "processing" there, and in the next answers of files.info, if those are to be `still` so many.
        The `vtt` has all of the words, as Slack serves it: https://github.com/shaharia-lab/slackcli/pull/5
        """
        file = self._files[file_id]
        shown = dict(file.shown)
        preview = {"content": words[:_PREVIEW], "has_more": len(words) > _PREVIEW}
        told: dict[str, Any] = {"transcription": {"status": status, "locale": "en-US"}}
        if status == "complete":
            told["transcription"]["preview"] = preview
            told["vtt"] = f"{str(shown['url_private']).rpartition('/')[0]}/transcript.vtt"
        waiting = {"transcription": {"status": "processing"}} if still else told
        self._files[file_id] = replace(
            file,
            shown=shown | waiting,
            vtt=_vtt(words),
            becomes=told if still else {},
            still=max(still - 1, 0),
        )
        return dict(self._files[file_id].shown)

    def delete(self, file_id: str) -> None:
        """Let the one who uploaded a file delete it."""
        self._files[file_id] = replace(self._files[file_id], is_deleted=True)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["file"]
        self.asked.append(file_id)
        mishap = self._mishaps[file_id].popleft() if self._mishaps[file_id] else Mishap()
        while mishap.is_silent and request.transport and not request.transport.is_closing():
            await asyncio.sleep(0.05)
        if 300 <= mishap.status < 400:
            return web.Response(status=mishap.status, headers={"Location": mishap.location})
        if mishap.is_login or not self._may_read(request):
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        file = self._files.get(file_id)
        if file is None or file.is_deleted:
            return web.Response(status=404)
        if mishap.status != 200:
            return web.Response(status=mishap.status)
        if request.path.startswith("/files-tmb/") and request.path.endswith(_CONVERTED):
            return await _sent(request, file.pdf, "application/pdf", mishap.extra)
        if request.path.startswith("/files-tmb/"):
            return await _sent(request, file.thumbnail, "image/png", mishap.extra)
        if file.vtt and request.match_info["name"] == "transcript.vtt":
            return await _sent(request, file.vtt, "text/vtt", mishap.extra)
        return await _sent(request, file.data, str(file.shown["mimetype"]), mishap.extra)


def _vtt(words: str) -> bytes:
    cues, said = [], words.split(" ")
    for number in range(0, len(said), 5):
        line = f"{'- ' if not number else ''}{' '.join(said[number : number + 5])}"
        cues.append(f"00:00:{number % 60:02}.000 --> 00:00:{number % 60:02}.900\n{line}")
    return ("\ufeffWEBVTT \n\n" + "\n\n".join(cues) + "\n\n\n").encode()


def file_as_seen(file: File) -> dict[str, Any]:
    """What people see of a file: Slack's word for its type, and its size in bytes."""
    shown = {name: file.shown.get(name, "") for name in ("id", "name", "mimetype", "filetype", "size")}
    return shown | {"is_deleted": file.is_deleted}


async def _sent(request: web.Request, data: bytes, mimetype: str, extra: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": mimetype})
    if extra > 0:
        response.enable_chunked_encoding()
    else:
        response.content_length = len(data)
    response.force_close()
    await response.prepare(request)
    await response.write(data[: len(data) + min(extra, 0)] + bytes(max(extra, 0)))
    return response
