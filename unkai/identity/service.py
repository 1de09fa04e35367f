"""Identity as a whole: what every action of it is handed first."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from unkai.identity.drivers.passwords import Passwords
from unkai.identity.store.generation import move_generation
from unkai.identity.store.token_cache import TokenCache
from unkai.kit.db import Tx
from unkai.kit.tokens import Tokens
from unkai.kit.vault import Vault
from unkai.kit.workbench import Kit
from unkai.settings import IdentitySettings


@dataclass(frozen=True, slots=True)
class Identity:
    kit: Kit
    settings: IdentitySettings
    tokens: Tokens
    passwords: Passwords
    vault: Vault
    cache: TokenCache = field(default_factory=TokenCache)

    def new_id(self) -> str:
        """32 hex digits, as identity's resources are named."""
        return self.kit.chance.uuid().replace("-", "")

    async def changed(self, tx: Tx) -> None:
        """Something that tokens depend on changes in this transaction: validate them anew."""
        await move_generation(tx, self.kit.clock.now())
        tx.after_commit(self.cache.drop)


def make_identity(kit: Kit, settings: IdentitySettings, key_folder: Path) -> Identity:
    """`key_folder` keeps the keys of tokens and of the vault; it is made if it is not there."""
    return Identity(
        kit=kit,
        settings=settings,
        tokens=Tokens(key_folder),
        passwords=Passwords(settings.argon2_memory_kib),
        vault=Vault(key_folder / "vault"),
    )
