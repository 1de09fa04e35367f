"""The ASGI application: from bytes to a handler and back, the same way for every API.

Order: route, microversion, token, policy, body, handler, view. Whatever is raised on the way is
rendered once, in the dialect of the API that was asked; what nobody foresaw is a 500 with a request
id and a logged trace.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import msgspec
from sqlalchemy.exc import OperationalError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from unkai.kit import log as logs
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import refusal
from unkai.kit.errors import (
    BadRequest,
    Fault,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from unkai.kit.http import dialects
from unkai.kit.http.call import Call
from unkai.kit.http.event_stream import EventStream
from unkai.kit.http.route import Api, Microversions, Route
from unkai.kit.http.routing import Match, Router
from unkai.kit.http.versions import NEWEST, Version, encode, lift, parse, plan
from unkai.kit.log import log
from unkai.kit.metrics import observe_request
from unkai.kit.policy import Caller

Authenticate = Callable[[str, str], Awaitable[Caller]]
"""(token, request id) to the caller; Unauthorized if the token is not valid."""
LARGEST = 2**63


class App:
    """Every API of the process as one ASGI application.

    mounts: ASGI applications under a path prefix (the dashboard, consoles); one at "/" answers for
    that path alone.
    """

    def __init__(
        self,
        apis: Sequence[Api],
        authenticate: Authenticate,
        clock: Clock,
        chance: Chance,
        mounts: dict[str, ASGIApp] | None = None,
    ) -> None:
        self.apis = tuple(apis)
        self._router = Router(apis)
        self._authenticate = authenticate
        self._clock = clock
        self._chance = chance
        self._mounts = mounts or {}
        self._by_prefix = sorted(apis, key=lambda api: len(api.prefix), reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        for prefix, mounted in self._mounts.items():
            if _is_below(scope["path"], prefix):
                await mounted(scope, receive, send)
                return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})  # before it is open: a 403
            return
        started = self._clock.monotonic()
        request = Request(scope, receive)
        request_id = f"req-{self._chance.uuid()}"
        logs.clear()
        logs.bind(request_id=request_id)
        api, template, response = await self._respond(request, request_id)
        name = api.name if api else "none"
        answered = self._clock.monotonic()
        try:
            await response(scope, receive, send)
        except ClientDisconnect:
            log.info("client left", path=scope["path"])
        seconds = self._clock.monotonic() - started
        if isinstance(response, EventStream):
            seconds = answered - started
        observe_request(name, scope["method"], template, response.status_code, seconds)
        log.debug(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )

    async def _respond(self, request: Request, request_id: str) -> tuple[Api | None, str, Response]:
        path = request.scope["path"]
        match = self._router.match(path)
        api = match.routes[0][0] if match else self._api_of(path)
        version = NEWEST
        template = "unmatched"
        try:
            if "\0" in path or b"%00" in request.scope["query_string"]:
                raise BadRequest("The URL has a NUL character in it.")
            if match is None:
                raise NotFound(f"There is no resource at {path}.", code="no-route")
            assert api is not None
            version = asked_version(request, api.microversions)
            call = await self._open(request, match, version, request_id)
            template = call.route.path
            value = await call.route.handler(call)
            response = self._answer(call, value)
        except Fault as fault:
            response = self._fail(api, fault, request_id)
        except ClientDisconnect:
            response = Response(status_code=499)
        except Exception as error:
            fault = _unforeseen(error)
            response = self._fail(api, fault, request_id)
        self._stamp(response, api, version, request_id)
        return api, template, response

    def _api_of(self, path: str) -> Api | None:
        for api in self._by_prefix:
            if path.startswith(api.prefix):
                return api
        first = path.strip("/").split("/")[0]
        return next((a for a in self.apis if a.prefix.strip("/").split("/")[0] == first), None)

    async def _open(
        self, request: Request, match: Match, version: Version, request_id: str
    ) -> Call:
        """Everything up to the handler."""
        method = "GET" if request.method == "HEAD" else request.method
        choices = match.pick(method, version)
        if request.method == "HEAD" and match.pick("HEAD", version):
            choices = match.pick("HEAD", version)
        if not choices:
            absent = match.absent(method)
            if absent is not None or not match.methods_at(version):
                raise (absent or NotFound)("This resource does not exist at this microversion.")
            allowed = ", ".join(match.methods())
            raise MethodNotAllowed(f"{request.method} is not allowed here, only {allowed}.")
        api, route = choices[0]
        caller = None
        if any(route.policy is not None for _, route in choices):
            caller = await self._identify(request, request_id)
        data: Any = msgspec.UNSET
        if route.action is not None:
            data = await self._read_json(request, api)
            api, route, data = _pick_action(choices, data, match)
        call = Call(request, api, route, request_id)
        call.params = match.params(api, route)
        call.version = version
        if route.policy is not None:
            assert caller is not None
            api.policy.check(caller, route.policy)
        if caller is not None:
            call.caller = caller
        if route.body is not None:
            if data is msgspec.UNSET:
                data = await self._read_json(request, api, optional=route.optional_body)
            call.data = data
            call.body = decode(data, route, version)
        return call

    async def _identify(self, request: Request, request_id: str) -> Caller:
        token = request.headers.get("x-auth-token")
        if not token:
            raise Unauthorized(
                "The request you have made requires authentication.", code="no-token"
            )
        return await self._authenticate(token, request_id)

    async def _read_json(self, request: Request, api: Api, *, optional: bool = False) -> Any:
        body = await read_body(request, api.max_body_bytes)
        if not body and optional:
            return msgspec.UNSET
        kind = request.headers.get("content-type", "application/json").split(";")[0].strip()
        if kind not in ("application/json", "text/plain", "") and not kind.endswith("+json"):
            raise UnsupportedMediaType(f"The body is {kind}; it must be application/json.")
        try:
            data = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadRequest(f"The body is not JSON: {error}.", code="invalid-json") from error
        refuse_unstorable(data)
        return data

    def _answer(self, call: Call, value: Any) -> Response:
        if isinstance(value, Response):
            response = value
        elif value is None:
            response = Response(status_code=call.route.status)
        else:
            response = Response(
                encode(value, call.version),
                status_code=call.route.status,
                media_type="application/json",
            )
        response.headers.update(call.headers)
        return response

    def _fail(self, api: Api | None, fault: Fault, request_id: str) -> Response:
        dialect = api.dialect if api else dialects.unkai
        status = dialects.status_of(fault, api.name if api else "")
        body, headers = dialect(fault, status, request_id)
        if status == 401:  # HTTP wants it said how to log in
            headers = {**headers, "WWW-Authenticate": "Keystone"}
        if status >= 500:
            log.error("request failed", error=fault.message, code=fault.code)
        return Response(
            json.dumps(body), status_code=status, headers=headers, media_type="application/json"
        )

    def _stamp(
        self, response: Response, api: Api | None, version: Version, request_id: str
    ) -> None:
        headers = response.headers
        headers["x-openstack-request-id"] = request_id
        if api is None:
            return
        if api.request_id_header:
            headers[api.request_id_header] = request_id
        if api.microversions is not None and api.microversions.bounds_headers is not None:
            bounds = (api.microversions.lowest, api.microversions.highest)
            for name, bound in zip(api.microversions.bounds_headers, bounds, strict=True):
                headers[name] = f"{bound[0]}.{bound[1]}"
        if api.microversions is not None and version != NEWEST:
            said = f"{version[0]}.{version[1]}"
            headers["OpenStack-API-Version"] = f"{api.microversions.service} {said}"
            headers["Vary"] = "OpenStack-API-Version"
            if api.microversions.legacy_header:
                headers[api.microversions.legacy_header] = said
                headers["Vary"] += f", {api.microversions.legacy_header}"


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or (prefix != "/" and path.startswith(prefix.rstrip("/") + "/"))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; TooLarge past `limit` bytes, without reading on."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"The body is {declared} bytes; at most {limit} are accepted here.")
    chunks: list[bytes] = []
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > limit:
            raise TooLarge(f"The body is larger than the {limit} bytes accepted here.")
        chunks.append(chunk)
    return b"".join(chunks)


def refuse_unstorable(data: Any) -> None:
    """BadRequest for what no database column takes: numbers beyond 63 bits, NUL characters."""
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            stack += members.values()
            stack += members
        elif isinstance(value, list):
            stack += cast("list[Any]", value)
        elif isinstance(value, str):
            if "\0" in value:
                raise BadRequest("A string has a NUL character in it.", code="invalid-body")
        elif isinstance(value, int | float) and not -LARGEST <= value < LARGEST:
            raise BadRequest(f"The number {value} is too large.", code="invalid-body")


def asked_version(request: Request, microversions: Microversions | None) -> Version:
    """The microversion the client asks for; the lowest if it asks for none."""
    if microversions is None:
        return NEWEST
    text = None
    for item in request.headers.get("openstack-api-version", "").split(","):
        words = item.split()
        if len(words) == 2 and words[0] == microversions.service:
            text = words[1]
    if text is None and microversions.legacy_header:
        text = request.headers.get(microversions.legacy_header)
    if text is None:
        return microversions.lowest
    if text == "latest":
        return microversions.highest
    try:
        version = parse(text)
    except ValueError as error:
        raise BadRequest(
            f"API Version String '{text}' is of invalid format. It must be of format "
            "MajorNum.MinorNum.",
            code="invalid-microversion",
        ) from error
    if not microversions.lowest <= version <= microversions.highest:
        low, high = (f"{v[0]}.{v[1]}" for v in (microversions.lowest, microversions.highest))
        raise NotAcceptable(
            f"Version {text} is not supported by the API. Minimum is {low} and maximum is {high}.",
            code="unknown-microversion",
        )
    return version


def _pick_action(
    choices: list[tuple[Api, Route]], data: Any, match: Match
) -> tuple[Api, Route, Any]:
    if not isinstance(data, dict) or len(cast("dict[str, Any]", data)) != 1:
        raise BadRequest("The body must be one action: an object with one key.")
    ((name, value),) = cast("dict[str, Any]", data).items()
    for api, route in choices:
        if route.action == name:
            return api, route, value
    if any(route.action == name for _, route in match.routes):
        raise NotFound("This action does not exist at this microversion.")
    raise BadRequest(f"There is no such action: {name}.", code="no-such-action")


def decode(data: Any, route: Route, version: Version) -> Any:
    """A request's JSON as the route's struct, newest shape; BadRequest says where it is wrong."""
    if data is msgspec.UNSET:
        data = {}
    shape = plan(route.body)
    if shape is not None:
        data = lift(data, shape, version)
    try:
        return msgspec.convert(data, route.body, strict=not route.lax)
    except msgspec.ValidationError as error:
        raise BadRequest(f"Invalid input: {error}.", code="invalid-body") from error


def _unforeseen(error: Exception) -> Fault:
    refused = refusal(error)
    if refused is not None:
        log.warning("refused by the database only", error=str(getattr(error, "orig", error)))
        return refused
    if isinstance(error, OperationalError):
        log.exception("database trouble")
        return Unavailable(
            "The cloud cannot write its database now.",
            code="database-unavailable",
            remedy="An administrator should look at its disk and at the log.",
        )
    log.exception("unforeseen failure")
    return Fault("Something unforeseen went wrong; the log has it under this request id.")
