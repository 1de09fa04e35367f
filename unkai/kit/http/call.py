"""One request, as a handler sees it."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from unkai.kit.errors import BadRequest
from unkai.kit.http.route import Api, Route
from unkai.kit.http.versions import Version, parse
from unkai.kit.policy import Caller

Q = TypeVar("Q")
NO_CALLER = Caller("", "", "", frozenset())


class Call:
    """The request with what the door made of it.

    body: the route's struct; data: the same JSON before that, with keys the struct does not know.
    headers: put response headers here.
    """

    __slots__ = (
        "_base_url",
        "api",
        "body",
        "caller",
        "data",
        "headers",
        "params",
        "request",
        "request_id",
        "route",
        "service",
        "version",
    )

    def __init__(self, request: Request, api: Api, route: Route, request_id: str) -> None:
        self.request = request
        self.api = api
        self.route = route
        self.service: Any = api.service
        self.request_id = request_id
        self.params: dict[str, str] = {}
        self.version: Version = (0, 0)
        self.caller: Caller = NO_CALLER
        self.body: Any = None
        self.data: Any = None
        self.headers: dict[str, str] = {}
        self._base_url: str | None = None

    def at_least(self, version: str) -> bool:
        """Whether the asked microversion is this one or newer."""
        return self.version >= parse(version)

    @property
    def base_url(self) -> str:
        """Where the client reached us: scheme and host, no slash at the end."""
        if self._base_url is None:
            url = self.request.url
            self._base_url = f"{url.scheme}://{url.netloc}"
        return self._base_url

    @property
    def url(self) -> str:
        """The API's own root as the client reached it, with its prefix."""
        return f"{self.base_url}{self.api.prefix}"

    def query(self, shape: type[Q]) -> Q:
        """The query string as a struct; BadRequest if a value is wrong.

        Strings become numbers and booleans, a field of list type takes every value of its name,
        unknown names are ignored.
        """
        given = self.request.query_params
        data: dict[str, Any] = {}
        for name, many in _parameters(shape):
            if name in given:
                data[name] = given.getlist(name) if many else given[name]
        try:
            return msgspec.convert(data, shape, strict=False)
        except msgspec.ValidationError as error:
            raise BadRequest(f"Invalid query parameter: {error}.", code="invalid-query") from error


@functools.cache
def _parameters(shape: type[Any]) -> list[tuple[str, bool]]:
    """Each field's name in a query, and whether it takes several values."""
    fields = msgspec.structs.fields(shape)
    return [(field.encode_name, "list" in str(field.type)) for field in fields]
