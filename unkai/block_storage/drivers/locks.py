"""The keys of encrypted layers, as the driver of files needs them."""

from __future__ import annotations

import asyncio
import base64

from unkai.block_storage.drivers.base import Encryption, Keys
from unkai.kit.clock import Chance
from unkai.kit.errors import Failed
from unkai.kit.luks import make_header
from unkai.kit.secret import Secret


class Locks:
    def __init__(self, keys: Keys | None, chance: Chance | None) -> None:
        self._keys = keys
        self._chance = chance or Chance()

    async def header(self, encryption: Encryption | None) -> bytes | None:
        """Of one more encrypted layer: LUKS, with a master key of its own."""
        key = await self.key(encryption)
        if encryption is None or key is None:
            return None
        password = base64.b64decode(key.value)
        return await asyncio.to_thread(make_header, password, encryption.key_bits, self._chance)

    async def key(self, encryption: Encryption | None) -> Secret | None:
        if encryption is None:
            return None
        assert self._keys is not None, "a driver without keys is given no encryption"
        return await self._keys.secret(encryption.key_id)


def stays_encrypted(what: str) -> Failed:
    return Failed(
        f"The contents of {what} are encrypted, and no file is made of them in clear.",
        code="volume-encrypted",
    )
