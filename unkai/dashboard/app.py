"""`/dashboard` as an ASGI application: hashed files for ever, one page for every other path.

The page is the same for all paths, since the program in the browser does the routing; beside it
stands that of consoles, where Nova's addresses lead. Only a page's nonce differs, which lets that
program's own style elements through the content security policy.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from unkai.dashboard.files import File, Pages
from unkai.kit.clock import Chance

PREFIX: Final = "/dashboard"
ASSETS: Final = "assets/"
"""Files below it have their hash in their name."""
NONCE: Final = "__NONCE__"
"""Stands in the built page where a nonce belongs."""
FOREVER: Final = "public, max-age=31536000, immutable"
NOT_BUILT: Final = (
    "The dashboard is not built. `make dashboard` in the folder of the program builds it; "
    "start the cloud again afterwards. The APIs work without it.\n"
)
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def policy(nonce: str) -> str:
    """What a page of ours may load and do: nothing from elsewhere, no script or style in line."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class Dashboard:
    """Mounted at `PREFIX` and at the root; pages is None where nothing was built."""

    def __init__(self, pages: Pages | None, chance: Chance) -> None:
        self._pages = pages
        self._chance = chance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        response = self._respond(Request(scope, receive))
        await response(scope, receive, send)

    def _respond(self, request: Request) -> Response:
        nonce = self._chance.token_urlsafe(18)
        response = self._choose(request, nonce)
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = policy(nonce)
        return response

    def _choose(self, request: Request, nonce: str) -> Response:
        path = request.scope["path"]
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse(
                "Pages are only read.\n", status_code=405, headers={"Allow": "GET, HEAD"}
            )
        if path in ("/", PREFIX):
            return RedirectResponse(f"{PREFIX}/", headers={"Cache-Control": "no-store"})
        if self._pages is None:
            return PlainTextResponse(
                NOT_BUILT, status_code=404, headers={"Cache-Control": "no-store"}
            )
        name = path.removeprefix(f"{PREFIX}/")
        file = self._pages.files.get(name)
        if file is not None:
            return _file(request, name, file)
        if name.startswith(ASSETS):
            return PlainTextResponse("There is no such file.\n", status_code=404)
        page = self._pages.own.get(name, self._pages.index)
        return HTMLResponse(page.replace(NONCE, nonce), headers={"Cache-Control": "no-store"})


def _file(request: Request, name: str, file: File) -> Response:
    headers = {
        "Cache-Control": FOREVER if name.startswith(ASSETS) else "no-cache",
        "Vary": "Accept-Encoding",
    }
    content = file.content
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        content = file.packed
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=file.media_type, headers=headers)
