"""How others speak to the rack's process: a line of JSON on a UNIX socket, a line back.

{"verb": "fault", "machine": "node1", ...} is answered by {"result": ...} or by {"error": sentence,
"code": ...}. The client blocks: the command line and the Redfish emulator's threads use it as it
is, the `Rack` from a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from unkai.kit import errors
from unkai.kit.errors import Failed, Fault, Unavailable
from unkai.kit.log import log

_LINE_MAX: Final = 1 << 20
_KINDS: Final = {
    kind.default_code: kind for kind in (errors.BadRequest, errors.NotFound, errors.Conflict)
}

Handler = Callable[[dict[str, Any]], Awaitable[Any]]


async def serve(path: Path, handler: Handler) -> asyncio.Server:
    """Answer on that socket, which is root's alone."""
    path.unlink(missing_ok=True)

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            while line := await reader.readline():
                writer.write(json.dumps(await _answer(handler, line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(connection, path, limit=_LINE_MAX)
    os.chmod(path, 0o600)
    return server


async def _answer(handler: Handler, line: bytes) -> dict[str, Any]:
    try:
        return {"result": await handler(json.loads(line))}
    except Fault as fault:
        kind = type(fault).default_code
        return {"error": fault.message, "code": fault.code, "kind": kind, "remedy": fault.remedy}
    except Exception as error:  # noqa: BLE001  # the last line of defence of this door
        log.error("rack.request_failed", exc_info=True)
        return {"error": f"{type(error).__name__}: {error}.", "code": "failed", "kind": "failed"}


def ask(path: Path, verb: str, *, timeout_s: float = 60.0, **words: Any) -> Any:
    """One question. Raises Unavailable("rack-not-running"), or what the rack answered."""
    request = json.dumps({"verb": verb} | words).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(path))
            connection.sendall(request)
            with connection.makefile("rb") as answers:
                line = answers.readline()
    except OSError as error:
        raise _not_running(path) from error
    if not line:
        raise _not_running(path)
    answer = json.loads(line)
    if "error" in answer:
        kind = _KINDS.get(answer["kind"], Failed)
        raise kind(answer["error"], code=answer["code"], remedy=answer.get("remedy"))
    return answer["result"]


def _not_running(path: Path) -> Unavailable:
    return Unavailable(
        f"No rack answers at {path}.", code="rack-not-running", remedy="Start one: unkai rack up."
    )
