"""Encrypted volumes: what a type may ask for, and the key of each.

A volume's key is made with it and kept sealed by the cloud's own key; copies of the volume share
it, since they share its data. QEMU encrypts on the host that the volume is attached to, so that
neither the store nor a backup of it holds anything in clear.
"""

from __future__ import annotations

import base64
from typing import Any

from unkai.block_storage.drivers.base import Encryption
from unkai.block_storage.model import Volume, VolumeType
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import keys, types
from unkai.kit.db import Database, Session, Tx
from unkai.kit.errors import BadRequest, Failed
from unkai.kit.luks import CIPHER, KEY_BITS
from unkai.kit.secret import Secret
from unkai.kit.vault import Vault

PROVIDERS = frozenset(
    {
        "luks",
        "luks2",
        "LuksEncryptor",
        "nova.volume.encryptors.luks.LuksEncryptor",
        "os_brick.encryptors.luks.LuksEncryptor",
    }
)
"""luks2 too: what it adds (hashing that slows guessing down) is of no use to a random key."""
KEY_BYTES = 32


class SealedKeys:
    """The `Keys` of the drivers."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def secret(self, key_id: str) -> Secret:
        sealed = await keys.find(self._database.reader, key_id)
        if sealed is None:
            raise Failed(
                f"Key {key_id} of the volume is gone, and with it what the volume held.",
                code="volume-key-missing",
            )
        return Secret(self._vault.open(sealed))


def key_bits(block: BlockStorage, kind: VolumeType) -> int:
    """Of the cipher that an encrypted type asks for; BadRequest where it cannot be had."""
    said = kind.encryption or {}
    bits, refusal = said.get("key_size") or KEY_BITS[0], None
    if not any(driver.encrypts for driver in block.drivers.values()):
        refusal = f"volumes on {' and '.join(block.drivers)} are not encrypted"
    elif said.get("provider") not in PROVIDERS:
        refusal = f"its provider {str(said.get('provider'))[:80]} is not luks"
    elif said.get("control_location") != "front-end":
        refusal = "its control_location is not front-end"
    elif said.get("cipher") not in (None, CIPHER):
        refusal = f"its cipher is not {CIPHER}"
    elif bits not in KEY_BITS:
        refusal = f"its key_size is not {' or '.join(map(str, KEY_BITS))}"
    elif kind.multiattach:
        refusal = "an encrypted volume cannot be attached to several servers at once"
    if refusal is not None:
        raise BadRequest(
            f"Volume type {kind.name} asks for encryption that cannot be had: {refusal}.",
            code="encryption-unsupported",
            remedy="Choose another volume type.",
        )
    assert isinstance(bits, int)
    return bits


async def make_key(block: BlockStorage, tx: Tx) -> str:
    """A new key; its id. As a password it is text: hexadecimal digits."""
    key_id = block.kit.chance.uuid()
    password = block.kit.chance.token_bytes(KEY_BYTES).hex()
    key = base64.b64encode(password.encode()).decode()
    await keys.add(tx, key_id, block.identity.vault.seal(key), block.kit.clock.now())
    return key_id


async def key_for(
    block: BlockStorage, tx: Tx, kind: VolumeType, origin: Volume | None
) -> str | None:
    """The key of a new volume of this type: its source's, or a new one; None for a plain one."""
    if origin is not None and (origin.encrypted or kind.encryption is not None):
        if kind.id != origin.volume_type_id:
            raise BadRequest(
                f"Invalid volume_type provided: {kind.name} is encrypted otherwise than volume "
                f"{origin.id}, of whose data the new volume is made.",
                code="encryption-differs",
                remedy="Leave the type out, and retype the new volume.",
            )
        key_bits(block, kind)
        return origin.encryption_key_id
    if kind.encryption is None:
        return None
    key_bits(block, kind)
    return await make_key(block, tx)


async def encryption_of(block: BlockStorage, session: Session, volume: Volume) -> Encryption | None:
    if volume.encryption_key_id is None or volume.volume_type_id is None:
        return None
    kind = await types.find(session, volume.volume_type_id)
    assert kind is not None, "a type that volumes have stays"
    return Encryption(volume.encryption_key_id, key_bits(block, kind))


def check_clear(volume: Volume, what: str) -> None:
    """BadRequest for an encrypted volume, whose contents would lie in clear elsewhere."""
    if volume.encrypted:
        raise BadRequest(
            f"Invalid volume: volume {volume.id} is encrypted, and {what}.",
            code="volume-encrypted",
            remedy="Retype it, or a clone of it, to a type without encryption first.",
        )


def refuse_encrypted(kind: VolumeType, what: str) -> None:
    """BadRequest where this would have to be encrypted first."""
    if kind.encryption is not None:
        raise BadRequest(
            f"Volume type {kind.name} is encrypted, and {what} is not.",
            code="encryption-differs",
            remedy="Choose a type without encryption, and retype the volume then.",
        )


def metadata_of(volume: Volume, kind: VolumeType | None) -> dict[str, Any]:
    """As `/volumes/{id}/encryption` tells it."""
    shown: dict[str, Any] = {"encryption_key_id": volume.encryption_key_id}
    if kind is not None and kind.encryption is not None:
        names = ("provider", "control_location", "cipher", "key_size")
        shown |= {name: kind.encryption.get(name) for name in names}
    return shown
