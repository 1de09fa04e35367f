"""`unkai explain ID`: why a server landed where it did, or nowhere."""

from __future__ import annotations

from typing import Any

from unkai.cli.asking import find_server, open_door
from unkai.cli.options import COMMON, Common
from unkai.cli.output import show
from unkai.cli.readable import as_lines
from unkai.cli.running import need_cloud


def explain_verb(server: str, *, common: Common = COMMON) -> None:
    """Print the placement decision of a server as it was made, with every host's reason.

    Parameters
    ----------
    server
        Its id or its name.
    """
    settings = common.settings()
    door = open_door(settings, need_cloud(settings))
    found = find_server(door, server)
    decision: Any = door.get(f"/unkai/v1/servers/{found['id']}/placement")
    show(decision, as_lines(decision), as_json=common.json)
