"""`unkai timeline ID`: what happened to a server, step by step."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from unkai.cli.asking import find_server, open_door
from unkai.cli.options import COMMON, Common
from unkai.cli.output import show
from unkai.cli.running import need_cloud
from unkai.kit.errors import NotFound


def timeline_verb(
    server: str,
    *,
    format: Annotated[Literal["text", "mermaid"], Parameter(name="--format")] = "text",
    common: Common = COMMON,
) -> None:
    """Print a server's timeline; a deleted one is still known by its id.

    Parameters
    ----------
    server
        Its id or its name.
    format
        "mermaid" prints a sequence diagram.
    """
    settings = common.settings()
    door = open_door(settings, need_cloud(settings))
    try:
        server = find_server(door, server)["id"]
    except NotFound as error:
        if "-" not in server:
            raise error from None
    path = f"/unkai/v1/servers/{server}/timeline"
    if common.json:
        show(door.get(path, params={"format": "json"}), "", as_json=True)
    else:
        print(door.text(path, params={"format": format}).rstrip())
