"""The interfaces `noop`, which has no volumes, and `external`, whose targets somebody else made.

With `external` the properties of a node's volume targets say all that an initiator needs; whoever
wrote them serves the volumes.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final

from unkai.baremetal.model import Node, Port, VolumeTarget
from unkai.kit.errors import BadRequest

NEEDED: Final = ("target_portal", "target_iqn", "target_lun", "auth_username", "auth_password")
_ONE_WORD: Final = re.compile(r"[!-~]{1,255}\Z")
"""What may stand in a script of iPXE's."""


class NoopStorage:
    @property
    def has_volumes(self) -> bool:
        return False

    def properties(self) -> dict[str, str]:
        return {}

    def validate(self, node: Node) -> None:
        """There is nothing to be said of it."""

    async def attach(
        self, node: Node, ports: Sequence[Port], targets: Sequence[VolumeTarget], initiator: str
    ) -> dict[str, dict[str, Any]]:
        return {}

    async def detach(self, node: Node, targets: Sequence[VolumeTarget]) -> None:
        """It has none."""

    async def leftovers(self, keep: Collection[str]) -> list[str]:
        return []

    async def take_back(self, known: Callable[[], Awaitable[Collection[str]]]) -> None:
        """It has none."""


class ExternalStorage(NoopStorage):
    @property
    def has_volumes(self) -> bool:
        return True

    async def attach(
        self, node: Node, ports: Sequence[Port], targets: Sequence[VolumeTarget], initiator: str
    ) -> dict[str, dict[str, Any]]:
        for target in targets:
            missing = [name for name in NEEDED if not target.properties.get(name)]
            if missing:
                raise BadRequest(
                    f"Volume target {target.uuid} of node {node.uuid} lacks {', '.join(missing)} in"
                    " its properties.",
                    code="volume-target",
                )
            for name in NEEDED:
                if not _ONE_WORD.match(str(target.properties[name])):
                    raise BadRequest(
                        f"{name} of volume target {target.uuid} must be one word.",
                        code="volume-target",
                    )
        return {target.uuid: target.properties for target in targets}
