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
    document: Any = door.get(f"/unkai/v1/servers/{found['id']}/placement")
    show(document, as_text(found["name"], document["placement"]), as_json=common.json)


def as_text(name: str, decisions: list[dict[str, Any]]) -> str:
    """Each decision, newest first: where to, what was asked for, every host and its reason."""
    lines: list[str] = []
    for decision in decisions:
        where = f"went to {decision['chosen']}" if decision["chosen"] else "fits nowhere"
        lines.append(f"{name} {where}, decided at {decision['made_at']}")
        lines.append("asked for:")
        lines.append(as_lines(decision["request"], depth=1))
        lines.append("hosts:")
        width = max((len(host["host"]) for host in decision["hosts"]), default=0)
        for host in decision["hosts"]:
            verdict = "taken" if host["taken"] else "-"
            lines.append(f"  {verdict:<6} {host['host']:<{width}}  {host['reason']}")
    return "\n".join(lines) or f"{name} was never placed."
