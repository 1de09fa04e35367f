"""`unkai console SERVER`: what a server or a physical machine says on its serial line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from unkai.cli.asking import Door, find_server, open_door
from unkai.cli.options import COMMON, Common
from unkai.cli.output import show
from unkai.cli.running import need_cloud
from unkai.cli.waiting import pause
from unkai.kit.errors import BadRequest, NotFound

FOLLOW_EVERY_S = 1.0
MARK_LENGTH = 400
"""So many of the last characters say where a log that lost its beginning goes on."""


def console_verb(
    ident: str,
    *,
    follow: Annotated[bool, Parameter(name="--follow", negative="")] = False,
    common: Common = COMMON,
) -> None:
    """Print what a server or a node said on its console since it was last switched on.

    Parameters
    ----------
    ident
        The id or the name of a server or of a node.
    follow
        Go on with what it says, until Ctrl-C.
    """
    if follow and common.json:
        raise BadRequest("--follow has no end to make a document of.", remedy="leave out --json")
    settings = common.settings()
    door = open_door(settings, need_cloud(settings))
    read = _reader(door, ident)
    said = read()
    if common.json:
        show({"console": said}, "", as_json=True)
        return
    _write(said if follow or said.endswith("\n") or not said else f"{said}\n")
    while follow:
        pause(FOLLOW_EVERY_S)
        before, said = said, read()
        _write(news(before, said))


def news(before: str, now: str) -> str:
    """What a log says more than it said before; all of it where it began anew."""
    if now.startswith(before):
        return now[len(before) :]
    mark = before[-MARK_LENGTH:]
    at = now.rfind(mark)
    return now[at + len(mark) :] if at >= 0 else now


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _reader(door: Door, ident: str) -> Callable[[], str]:
    """A server's before a node's of the same name."""
    try:
        server = find_server(door, ident)["id"]
    except NotFound as no_server:
        logs = f"/unkai/v1/nodes/{quote(ident, safe='')}/logs"
        try:
            door.get(logs)
        except NotFound:
            raise NotFound(
                f"{no_server.message} Nor is there a node {ident!r}.",
                remedy="openstack server list, or openstack baremetal node list",
            ) from no_server
        return lambda: _node_says(door, logs)
    asked: dict[str, dict[str, int]] = {"os-getConsoleOutput": {}}
    return lambda: str(door.post(f"/compute/v2.1/servers/{server}/action", asked)["output"])


def _node_says(door: Door, logs: str) -> str:
    """Nothing before the first line of its console was kept."""
    if any(log["name"] == "console" for log in door.get(logs)["logs"]):
        return door.text(f"{logs}/console")
    return ""
