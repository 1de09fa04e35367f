"""Requests straight into the ASGI application, and whether an answer speaks its API's dialect."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message

from unkai.kit.http import Api

Headers = dict[str, str]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    query: bytes = b"",
    headers: Headers | None = None,
    content: bytes = b"",
) -> Answer:
    """One request; `path` is decoded, as a server hands it on."""
    given = {"host": "cloud", "content-length": str(len(content)), **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("cloud", 80),
    }
    incoming: list[Message] = [
        {"type": "http.request", "body": content, "more_body": False},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    return Answer(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


def complaint(api: Api, method: str, answer: Answer) -> str | None:
    """What is wrong with an answer that may be a refusal but no failure; None if nothing is."""
    if answer.status >= 500:
        return f"{answer.status} {answer.content[:200]!r}"
    if any(end in value for value in answer.headers.values() for end in "\r\n"):
        return "a header has a line end in it"
    if answer.status < 400:
        return None
    if "x-openstack-request-id" not in answer.headers:
        return "no request id"
    try:
        body = answer.json()
    except ValueError:
        return f"{answer.status} without JSON: {answer.content[:200]!r}"
    return None if speaks(api, answer.status, body) else f"not in the dialect: {body}"


def speaks(api: Api, status: int, body: Any) -> bool:
    """Whether a fault's body has the form of this API."""
    name = api.name.split("-")[0]
    if name in ("compute", "block"):
        (inner,) = body.values()
        return inner["code"] == status and bool(inner["message"])
    if name == "identity":
        error = body["error"]
        return error["code"] == status and bool(error["message"] and error["title"])
    if name == "network":
        error = body["NeutronError"]
        return bool(error["type"] and error["message"]) and error["detail"] == ""
    if name == "image":
        return bool(body["message"]) and body["code"].startswith(str(status))
    if name == "placement":
        (error,) = body["errors"]
        return error["status"] == status and bool(error["detail"] and error["request_id"])
    if name == "baremetal":
        said = json.loads(body["error_message"])
        return said["faultcode"] in ("Client", "Server") and bool(said["faultstring"])
    error = body["error"]
    return error["status"] == status and bool(error["code"] and error["message"])
