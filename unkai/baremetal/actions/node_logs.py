"""What machines said, for those who may read it."""

from __future__ import annotations

from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.node_logs import CONSOLE, NAMES, KeptLog
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import NotFound


def list_logs(baremetal: Baremetal, node: Node) -> list[KeptLog]:
    """Reads a folder."""
    return baremetal.consoles.logs.list(node.uuid)


def read_log(baremetal: Baremetal, node: Node, name: str) -> str:
    """NotFound (code "log-unknown") if there is none of this name; what is no text is shown so."""
    said = baremetal.consoles.logs.read(node.uuid, name) if name in NAMES else b""
    if not said:
        raise NotFound(
            f"Node {node.uuid} has no log {name!r}.",
            code="log-unknown",
            remedy=f"There may be {', '.join(NAMES)}: see the list of its logs.",
        )
    return said.decode("utf-8", "replace")


def has_console(baremetal: Baremetal, node: Node) -> bool:
    """Whether anything can be read from its serial line at all."""
    return node.interface("console") in baremetal.drivers.console


def console_text(baremetal: Baremetal, node: Node) -> str:
    """Since the machine was last switched on by a deploy; BadRequest where it has no console."""
    if not has_console(baremetal, node):
        raise unsupported(node, "console")
    return baremetal.consoles.logs.read(node.uuid, CONSOLE).decode("utf-8", "replace")
