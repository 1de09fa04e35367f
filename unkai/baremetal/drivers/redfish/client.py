"""HTTP with Redfish services: a login each, connections shared, and words for what went wrong.

A BMC is weak: at most `AT_ONCE` requests to one at the same time. What only reads is asked again
when the connection broke; what changes something is not, unless it never arrived.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import msgspec

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.redfish.document import Document, link, links, text
from unkai.baremetal.drivers.redfish.login import Login
from unkai.kit.dial import http_client
from unkai.kit.errors import Failed, Fault

AT_ONCE = 4
TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 5.0
IDLE_S = 75.0
CLOSE_TIMEOUT_S = 2.0
ENDING_TRIES = 5
"""Of a session that is to be ended at a BMC that does not answer; then it is left to run out."""
JSON = {"Content-Type": "application/json"}
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: Body | None = None
    what: str = ""
    """For a refusal: what was wanted ("set the boot device")."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Service:
    """What is known of one BMC."""

    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    signing_in: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str | None = None
    session: str | None = None
    """Path of our session there, to be given back."""
    offers_sessions: bool | None = None
    """None until its root was read."""
    system: str = ""
    endings: int = 0
    """How often its session could not be ended."""

    @property
    def is_settled(self) -> bool:
        """Whether it is clear how to ask: with a token, or without sessions at all."""
        return self.token is not None or self.offers_sessions is False


class Redfish:
    """Requests to any BMC; `close()` gives sessions and connections back."""

    def __init__(self, namespace: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._namespace = namespace
        self._timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        self._clients: dict[bool | str, httpx.AsyncClient] = {}
        self._opening = asyncio.Lock()
        self._services: dict[Login, Service] = {}

    async def get(self, login: Login, path: str) -> Document:
        return _document(login, await self._asked(login, Request("GET", path)))

    async def post(self, login: Login, path: str, body: Body, what: str) -> None:
        await self._asked(login, Request("POST", path, body, what))

    async def patch(self, login: Login, path: str, body: Body, what: str) -> None:
        await self._asked(login, Request("PATCH", path, body, what))

    async def members(self, login: Login, path: str) -> list[Document]:
        """The members of a collection, each read."""
        found = links(await self.get(login, path), "Members")
        return list(await asyncio.gather(*(self.get(login, one) for one in found)))

    async def system_path(self, login: Login) -> str:
        """The path of the node's system: as given, or the only one of the service."""
        service = self._service(login)
        if not service.system:
            service.system = login.system or await self._only_system(login)
        return service.system

    async def system(self, login: Login) -> Document:
        return await self.get(login, await self.system_path(login))

    def held(self) -> set[Login]:
        """Logins of the sessions that are open there."""
        return {login for login, one in self._services.items() if one.session}

    async def end(self, logins: Collection[Login]) -> None:
        """Give these sessions back; one whose BMC does not answer stays for the next time."""
        await asyncio.gather(*(self._end(login) for login in logins))

    async def close(self) -> None:
        await self.end(self.held())
        self._services.clear()
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _end(self, login: Login) -> None:
        """Whatever the answer is: the BMC knows the session no more, or never will."""
        service = self._services.get(login)
        if service is None or service.session is None:
            return
        try:
            async with service.signing_in, asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._sent(login, Request("DELETE", service.session), service.token)
        except (Fault, TimeoutError):
            service.endings += 1
            if service.endings < ENDING_TRIES:
                return
        self._services.pop(login, None)

    def _service(self, login: Login) -> Service:
        return self._services.setdefault(login, Service())

    async def _only_system(self, login: Login) -> str:
        found = await self.get(login, f"{login.root}/Systems")
        members = links(found, "Members")
        if len(members) != 1:
            raise bmc.wrong_info(
                f"The Redfish service at {login.where} has {len(members)} systems: "
                "redfish_system_id must name one."
            )
        return members[0].rstrip("/")

    async def _asked(self, login: Login, request: Request) -> httpx.Response:
        service = self._service(login)
        async with service.gate:
            used = await self._token(login, service)
            answer = await self._sent(login, request, used)
            if answer.status_code == 401 and used is not None:
                if service.token == used:
                    service.token = None  # ran out there, or the BMC restarted
                used = await self._token(login, service)
                answer = await self._sent(login, request, used)
            if answer.status_code in (301, 302, 307, 308):
                place = _same_service(login, answer.headers.get("Location"))
                if place and (request.method == "GET" or answer.status_code > 302):
                    request = replace(request, path=place)
                    answer = await self._sent(login, request, used)
            if answer.status_code in (412, 428) and request.method == "PATCH":
                current = await self._sent(login, Request("GET", request.path), used)
                tag = current.headers.get("ETag") or text(_document(login, current), "@odata.etag")
                answer = await self._sent(login, replace(request, headers={"If-Match": tag}), used)
        if answer.status_code >= 300:
            raise _refusal(login, answer, request.what or f"show {request.path}")
        return answer

    async def _sent(
        self, login: Login, request: Request, token: str | None = None
    ) -> httpx.Response:
        """One request, again once where that is safe. Unavailable where nothing answers."""
        client = self._clients.get(login.verify) or await self._client(login)
        headers = dict(request.headers)
        if token is not None:
            headers["X-Auth-Token"] = token
        content = None
        if request.body is not None:
            headers.update(JSON)
            content = msgspec.json.encode(request.body)
        auth = httpx.BasicAuth(login.user, login.password) if token is None and login.user else None
        url = login.address + request.path
        for last in (False, True):
            try:
                return await client.request(
                    request.method, url, content=content, headers=headers, auth=auth
                )
            except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as error:
                if last or request.method != "GET":
                    raise bmc.unreachable(login.where, _why(error)) from error
            except httpx.TransportError as error:
                raise _unreached(login, error) from error
        raise AssertionError("the second try returns or raises")

    async def _token(self, login: Login, service: Service) -> str | None:
        """The session's token; None for basic authentication."""
        if login.auth_type == "basic" or not login.user:
            return None
        if service.is_settled:
            return service.token
        async with service.signing_in:
            if not service.is_settled:
                await self._sign_in(login, service)
            return service.token

    async def _sign_in(self, login: Login, service: Service) -> None:
        nobody = replace(login, user="", password="")
        root = _document(login, await self._sent(nobody, Request("GET", f"{login.root}/")))
        path = link(root, "Links", "Sessions")
        service.offers_sessions = bool(path)
        if not path:
            if login.auth_type == "session":
                raise bmc.login_refused(login.where, "it offers no sessions (redfish_auth_type)")
            return
        body = {"UserName": login.user, "Password": login.password}
        answer = await self._sent(nobody, Request("POST", path, body))
        if answer.status_code >= 300:
            raise _refusal(login, answer, "open a session", signing_in=True)
        service.token = answer.headers.get("X-Auth-Token")
        service.session = httpx.URL(answer.headers.get("Location") or "").path or None
        if service.token is None:
            raise bmc.odd(login.where, "a new session has no token")

    async def _client(self, login: Login) -> httpx.AsyncClient:
        async with self._opening:
            known = self._clients.get(login.verify)
            if known is None:
                context = await asyncio.to_thread(_trust, login.verify)
                known = http_client(
                    self._namespace, tls=context, connections=AT_ONCE, keepalive_s=IDLE_S
                )
                known.timeout = self._timeout
                self._clients[login.verify] = known
            return known


def _trust(verify: bool | str) -> ssl.SSLContext:  # noqa: FBT001 - the setting's own value
    """Reading certificates takes tens of milliseconds: for a thread."""
    if isinstance(verify, str):
        if os.path.isdir(verify):
            return ssl.create_default_context(capath=verify)
        return ssl.create_default_context(cafile=verify)
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _same_service(login: Login, location: str | None) -> str | None:
    """The path of a redirection that stays where the password may go."""
    if not location:
        return None
    place = httpx.URL(login.address).join(location)
    return place.raw_path.decode() if str(place).startswith(login.address + "/") else None


def _document(login: Login, answer: httpx.Response) -> Document:
    try:
        return msgspec.json.decode(answer.content, type=Document)
    except msgspec.DecodeError as error:
        raise bmc.odd(login.where, f"{answer.request.url.path} is no JSON object") from error


def _refusal(
    login: Login, answer: httpx.Response, what: str, *, signing_in: bool = False
) -> Exception:
    """What a status means, with the service's own sentence."""
    status, said = answer.status_code, _said(answer)
    if status == 401 or (signing_in and status in (400, 403)):
        return bmc.login_refused(login.where, said or "user name or password is wrong")
    if status == 403:
        return bmc.login_refused(login.where, said or f"the user may not {what}")
    if status in (429, 503):
        return bmc.busy(login.where, said or f"status {status}")
    return bmc.refused(login.where, what, said or f"status {status}")


def _said(answer: httpx.Response) -> str:
    """The error's sentence (DSP0266, 8.6): of its extended information, or its own."""
    try:
        found = msgspec.json.decode(answer.content, type=_Wrong).error
    except msgspec.DecodeError:
        return ""
    sentences = [one.message for one in found.details if one.message] or [found.message]
    return " ".join(dict.fromkeys(sentences)).strip().rstrip(".")


class _Detail(msgspec.Struct):
    message: str = msgspec.field(default="", name="Message")


class _Error(msgspec.Struct):
    message: str = ""
    details: list[_Detail] = msgspec.field(
        default_factory=list[_Detail], name="@Message.ExtendedInfo"
    )


class _Wrong(msgspec.Struct):
    error: _Error


def _unreached(login: Login, error: httpx.TransportError) -> Exception:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Failed(
            f"The certificate of the BMC at {login.where} is not trusted.",
            code="bmc-certificate",
            remedy="Set redfish_verify_ca to the CA's file, or to false.",
        )
    return bmc.unreachable(login.where, _why(error))


def _why(error: httpx.TransportError) -> str:
    return str(error).rstrip(".") or type(error).__name__
