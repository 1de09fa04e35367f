"""A SessionService (DSP0266, 13.3.4) before a Redfish emulator that knows passwords alone.

Who is open is written to a file, a session a line, so that a test sees what the BMC has.
"""

# pyright: basic

from __future__ import annotations

import base64
import itertools
import json
import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT, SESSIONS = "/redfish/v1", "/redfish/v1/SessionService/Sessions"
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Sessions:
    """Passes on what bears a token as if it had come with the password."""

    def __init__(self, app: App, user: str, password: str, file: Path) -> None:
        self._app, self._file = app, file
        self._user, self._password = user, password
        self._tokens: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._write()

    def __call__(self, env: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, method = env["PATH_INFO"].rstrip("/"), env["REQUEST_METHOD"]
        if path == ROOT:
            answer = b"".join(self._app(env, lambda *_: lambda _: None))
            shown = json.loads(answer) | {"Links": {"Sessions": {"@odata.id": SESSIONS}}}
            return _answer(start, "200 OK", shown)
        if path == SESSIONS and method == "POST":
            return self._open(env, start)
        token = env.get("HTTP_X_AUTH_TOKEN")
        if token is not None:
            if token not in self._tokens:
                return _answer(start, "401 Unauthorized", {"error": {"message": "No session."}})
            if path == self._tokens[token] and method == "DELETE":
                with self._lock:
                    del self._tokens[token]
                    self._write()
                start("204 No Content", [])
                return []
            login = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
            env["HTTP_AUTHORIZATION"] = f"Basic {login}"
        return self._app(env, start)

    def _open(self, env: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        asked = json.loads(env["wsgi.input"].read(int(env["CONTENT_LENGTH"])))
        if (asked["UserName"], asked["Password"]) != (self._user, self._password):
            return _answer(start, "401 Unauthorized", {"error": {"message": "Wrong password."}})
        token = secrets.token_hex(16)
        with self._lock:
            place = self._tokens[token] = f"{SESSIONS}/{next(self._numbers)}"
            self._write()
        shown = {"@odata.id": place, "UserName": self._user}
        return _answer(start, "201 Created", shown, ("X-Auth-Token", token), ("Location", place))

    def _write(self) -> None:
        self._file.write_text("".join(f"{place}\n" for place in self._tokens.values()))


def _answer(
    start: Callable[..., Any], status: str, body: object, *more: tuple[str, str]
) -> list[bytes]:
    start(status, [("Content-Type", "application/json"), *more])
    return [json.dumps(body).encode()]
