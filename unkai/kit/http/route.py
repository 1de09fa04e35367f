"""Routes are data: everything about an API's door that can be said without running it.

    ROUTES = (
        Route("GET", "/servers/{server_id}", show_server, policy="os_compute_api:servers:show"),
        Route("POST", "/servers/{server_id}/action", reboot_server, action="reboot",
              policy="os_compute_api:servers:reboot", body=Reboot, status=202),
    )

Routing, OpenAPI, version documents and the authorization tests are derived from them. A handler is
`async def show_server(call: Call) -> view | Response | None`; it reads `call.body` (the decoded
struct), `call.params`, `call.caller`, `call.service`, and raises faults.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unkai.kit.errors import Fault, NotFound
from unkai.kit.http.versions import NEWEST, Version, parse
from unkai.kit.policy import Policy

if TYPE_CHECKING:
    from unkai.kit.http.call import Call

Handler = Callable[["Call"], Awaitable[Any]]
Dialect = Callable[[Fault, int, str], tuple[dict[str, Any], dict[str, str]]]
"""(fault, status, request id) to (JSON body, extra headers)."""


@dataclass(frozen=True)
class Route:
    """One line of an API.

    path: below the API's prefix; `{name}` is one segment. policy: None needs no token at all.
    body: the struct of the JSON body (of the action's value, where `action` is given); None means
    the handler reads no body. lax: strings are accepted for numbers and booleans.
    shape: the body's type for OpenAPI, where `body` is looser since the handler reads it itself.
    raw: the handler reads the request's stream itself. response: the view's type, for OpenAPI.
    since, until: microversions in which the route exists; outside it is 404, or what `absent` says.
    """

    method: str
    path: str
    handler: Handler
    policy: str | None
    body: Any = None
    response: Any = None
    status: int = 200
    action: str | None = None
    lax: bool = False
    raw: bool = False
    optional_body: bool = False
    since: str = "0.0"
    until: str = ""
    query: Any = None
    shape: Any = None
    summary: str = ""
    absent: type[Fault] = NotFound
    first: Version = field(init=False, default=(0, 0))
    last: Version = field(init=False, default=NEWEST)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", parse(self.since))
        object.__setattr__(self, "last", parse(self.until) if self.until else NEWEST)


@dataclass(frozen=True)
class Microversions:
    """What an API speaks: `service` is the word in OpenStack-API-Version.

    legacy_header: the older header of Nova and Ironic, if the API has one. bounds_headers: headers
    that tell lowest and highest with every answer, as Ironic's clients expect.
    """

    service: str
    lowest: Version
    highest: Version
    legacy_header: str | None = None
    bounds_headers: tuple[str, str] | None = None


@dataclass(frozen=True)
class Api:
    """A service's door: its routes under a prefix, with the service every handler gets.

    also_at: another prefix that leads to the same routes, all but the root.
    """

    name: str
    prefix: str
    routes: tuple[Route, ...]
    service: Any
    policy: Policy
    dialect: Dialect
    microversions: Microversions | None = None
    max_body_bytes: int = 1 << 20
    request_id_header: str | None = None
    also_at: str | None = None
