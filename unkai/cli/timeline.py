"""`unkai timeline ID`: what happened to a server or a physical machine, step by step."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from cyclopts import Parameter

from unkai.cli.asking import Door, find_server, open_door
from unkai.cli.options import COMMON, Common
from unkai.cli.output import show
from unkai.cli.running import need_cloud
from unkai.kit.errors import NotFound

Format = Literal["text", "json", "mermaid"]


def timeline_verb(
    ident: str,
    *,
    format: Annotated[Format, Parameter(name="--format")] = "text",
    common: Common = COMMON,
) -> None:
    """Print the timeline of a server or a node; a deleted server is still known by its id.

    Parameters
    ----------
    ident
        The id or the name of a server or of a node.
    format
        "mermaid" prints a sequence diagram.
    """
    settings = common.settings()
    door = open_door(settings, need_cloud(settings))
    path = _path(door, ident)
    if common.json or format == "json":
        show(door.get(path, params={"format": "json"}), "", as_json=True)
    else:
        print(door.text(path, params={"format": format}).rstrip())


def _path(door: Door, ident: str) -> str:
    """A server's before a node's of the same name; an id that neither has is a server that was."""
    try:
        return f"/unkai/v1/servers/{find_server(door, ident)['id']}/timeline"
    except NotFound as no_server:
        path = f"/unkai/v1/nodes/{quote(ident, safe='')}/timeline"
        try:
            door.get(path)
        except NotFound:
            if "-" not in ident:
                raise NotFound(
                    f"{no_server.message} Nor is there a node {ident!r}.",
                    remedy="openstack server list, or openstack baremetal node list",
                ) from no_server
            return f"/unkai/v1/servers/{quote(ident, safe='')}/timeline"
        return path
