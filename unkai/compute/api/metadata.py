"""The metadata service as its listeners serve it: one ASGI application for all networks.

A listener stands in one network; it says which in `scope["unkai.network_id"]`. Who asks is told by
the address the request comes from, which port security keeps honest.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from unkai.compute.actions.answer_metadata import answer, server_at
from unkai.compute.actions.render_metadata import DATED, LATEST, post_password
from unkai.compute.service import Compute
from unkai.kit.errors import Fault, MethodNotAllowed, NotFound
from unkai.kit.http.app import read_body

NETWORK_KEY = "unkai.network_id"
PASSWORD_LIMIT = 4096


class MetadataApp:
    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except Fault as fault:
            response = PlainTextResponse(f"{fault.message}\n", status_code=fault.status)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        network_id = request.scope.get(NETWORK_KEY)
        if not network_id or request.client is None:
            raise NotFound("This listener belongs to no network.")
        server = await server_at(self._compute, network_id, request.client.host)
        path = request.scope["path"]
        if request.method == "POST":
            words = [part for part in path.split("/") if part]
            known = len(words) == 3 and words[1] in (*DATED, LATEST)
            if not known or (words[0], words[2]) != ("openstack", "password"):
                raise MethodNotAllowed("Only a password can be posted.")
            body = await read_body(request, PASSWORD_LIMIT)
            await post_password(self._compute, server, body)
            return Response(status_code=200)
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("Metadata can be read only.")
        data = await answer(self._compute, server, path)
        kind = "application/json" if path.endswith(".json") else "text/plain"
        return Response(data, media_type=kind)
