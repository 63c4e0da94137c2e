"""The guard of the playground's servers against pages of other sites, which a browser lets call loopback."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from aiohttp import web

_OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]+)?", re.IGNORECASE)


@web.middleware
async def own_pages_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what another site's page could send: a foreign Host (DNS rebinding) or a foreign Origin."""
    origin = request.headers.get("Origin")
    if not _OWN_HOST.fullmatch(request.host) or origin not in (None, f"{request.scheme}://{request.host}"):
        raise web.HTTPForbidden(text="This server answers its own page only.")
    return await handler(request)
