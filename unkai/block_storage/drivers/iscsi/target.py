"""tgtd's own control socket: one request a connection, as `tgtadm` sends them.

Spoken here because `tgtadm` takes a secret on its command line, where every user of the machine can
read it, and costs a process for each of the five things an export needs.
"""

from __future__ import annotations

import asyncio
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unkai.block_storage.model import LUN, Export
from unkai.kit.errors import Failed

CONTROL: Final = 0
"""The number that tgtd puts behind its socket's name."""
_TARGET, _DEVICE, _PORTAL, _ACCOUNT = 1, 2, 3, 7
_NEW, _DELETE, _SHOW, _BIND, _UPDATE = 0, 1, 2, 3, 5
_REQUEST: Final = struct.Struct("=II64sIiQQIIIIII")
_ANSWER: Final = struct.Struct("=II")
_TID: Final = 1
_NONE: Final = (1 << 64) - 1
_LIMIT_S: Final = 10.0
_INITIATOR: Final = re.compile(r"^\s+Initiator: (\S+)", re.MULTILINE)
_SERIAL_CHARACTERS: Final = 20


@dataclass(frozen=True, slots=True)
class Target:
    """The one target of a tgtd. socket: the path it was given, without the number."""

    socket: Path

    async def make(self, export: Export, disk: str) -> None:
        """Its unit, its one account, and last who may log in.

        An address beside the initiator's name would let in whoever has either.
        """
        if f"0.0.0.0:{export.port}" not in await self._ask(_SHOW, _PORTAL):
            raise Failed(f"Port {export.port} is not free.", code="export-failed")
        await self._ask(_NEW, _TARGET, f"targetname={export.target_iqn}")
        account = f"user={export.username},password={export.password}"
        await self._ask(_NEW, _ACCOUNT, account)
        await self._ask(_BIND, _ACCOUNT, f"user={export.username}")
        await self.add_unit(export, disk)
        await self._ask(_BIND, _TARGET, f"initiator-name={export.initiator}")

    async def add_unit(self, export: Export, disk: str) -> None:
        words = f"path={disk},bstype=rdwr,bsoflags=direct"
        await self._ask(_NEW, _DEVICE, words, lun=LUN)
        serial = export.volume_id[:_SERIAL_CHARACTERS]
        read_only = "readonly=1," if export.read_only else ""
        options = f"targetOps vendor_id=Unkai,product_id=Volume,scsi_sn={serial},{read_only}"
        await self._ask(_UPDATE, _DEVICE, options, lun=LUN)

    async def remove_unit(self) -> None:
        await self._ask(_DELETE, _DEVICE, lun=LUN)

    async def sessions(self) -> tuple[str, ...]:
        """Names of the initiators that are logged in."""
        said = await self._ask(_SHOW, _TARGET, tid=-1)
        return tuple(sorted(_INITIATOR.findall(said)))

    async def _ask(
        self, verb: int, what: int, words: str = "", *, lun: int = _NONE, tid: int = _TID
    ) -> str:
        given = words.encode() + b"\0" if words else b""
        rest = (_REQUEST.size + len(given), tid, 0, lun, 0, 0, 0, 0, 0, 0)
        request = _REQUEST.pack(what, verb, b"iscsi", *rest) + given
        try:
            async with asyncio.timeout(_LIMIT_S):
                reader, writer = await asyncio.open_unix_connection(f"{self.socket}.{CONTROL}")
                try:
                    writer.write(request)
                    status, size = _ANSWER.unpack(await reader.readexactly(_ANSWER.size))
                    said = await reader.readexactly(max(0, size - _ANSWER.size))
                finally:
                    writer.close()
        except (OSError, EOFError, TimeoutError) as error:
            raise Failed("tgtd does not answer.", code="export-silent") from error
        if status:
            asked = words.partition(",")[0]  # a secret comes second
            raise Failed(f"tgtd refused {asked} ({status}).", code="export-refused")
        return said.rstrip(b"\0").decode(errors="replace")
