"""Passwords as argon2id, always in a thread: a hash takes tens of milliseconds by design.

Someone who is not there costs as much as a wrong password, so that the time of an answer tells
nothing. Few hashes run at once: they would eat the machine's memory and starve the threads that
commit. Rejected: bcrypt (cuts passwords at 72 bytes), remembering verified passwords.
"""

from __future__ import annotations

import asyncio
import os

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError, VerificationError

from unkai.kit.errors import BadRequest

LONGEST = 4096
"""Characters; longer ones are refused before any work is done."""


class Passwords:
    """Hashes and checks. memory_kib: of one hash."""

    def __init__(self, memory_kib: int) -> None:
        self._hasher = PasswordHasher(
            time_cost=2, memory_cost=memory_kib, parallelism=1, hash_len=32, type=Type.ID
        )
        salt, digest = "AAAAAAAAAAAAAAAAAAAAAA", "A" * 43
        self._nobody = f"$argon2id$v=19$m={memory_kib},t=2,p=1${salt}${digest}"
        self._slots = asyncio.Semaphore(max(1, min(4, os.cpu_count() or 1)))

    async def hash(self, password: str) -> str:
        """BadRequest if it is empty or too long."""
        if not password or len(password) > LONGEST:
            raise BadRequest(
                f"The password must have between 1 and {LONGEST} characters.",
                code="invalid-password",
            )
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, known: str | None, password: str) -> bool:
        """Whether the password is the one of this hash; None stands for nobody."""
        if len(password) > LONGEST:
            return False
        async with self._slots:
            right = await asyncio.to_thread(self._verify, known or self._nobody, password)
        return right and known is not None

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError, Argon2Error):
            return False
