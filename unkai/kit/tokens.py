"""Fernet tokens: an encrypted, signed, compact payload; nothing is stored to issue one.

Keys are files `0`, `1`, ... in a folder; the highest issues, all validate, so that keys can be
rotated without ending sessions. Revocation lives in identity's database.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from unkai.kit.clock import Chance
from unkai.kit.errors import Unauthorized


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """What a token says.

    scope: "project", "domain", "system" or "" with scope_id; audit_ids: own, then the parent's.
    methods: how the user proved who they are ("password", "token").
    """

    user_id: str
    scope: str
    scope_id: str
    methods: tuple[str, ...]
    issued_at: float
    expires_at: float
    audit_ids: tuple[str, ...]
    app_cred_id: str = ""


class Tokens:
    """Issues and opens tokens with the keys of a folder."""

    def __init__(self, folder: Path, keep: int = 3) -> None:
        self._folder = folder
        self._keep = keep
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._numbers():
            self._write(0)
        self._load()

    def _numbers(self) -> list[int]:
        return sorted(int(p.name) for p in self._folder.iterdir() if p.name.isdigit())

    def _write(self, number: int) -> None:
        fd = os.open(self._folder / str(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(Fernet.generate_key())

    def _load(self) -> None:
        newest_first = reversed(self._numbers())
        self._fernet = MultiFernet(
            [Fernet((self._folder / str(n)).read_bytes()) for n in newest_first]
        )

    def rotate(self) -> None:
        """Issue with a new key from now on; the oldest beyond `keep` stops validating."""
        numbers = self._numbers()
        self._write(numbers[-1] + 1)
        for number in [*numbers, numbers[-1] + 1][: -self._keep]:
            (self._folder / str(number)).unlink()
        self._load()

    def issue(self, payload: Payload) -> str:
        return self._fernet.encrypt(msgspec.msgpack.encode(payload)).decode().rstrip("=")

    def open(self, token: str, now: float) -> Payload:
        """The payload; Unauthorized if it is not ours, damaged or expired."""
        try:
            padded = token + "=" * (-len(token) % 4)
            clear = self._fernet.decrypt(padded.encode("ascii"))
            payload = msgspec.msgpack.decode(clear, type=Payload)
        except (InvalidToken, UnicodeEncodeError, msgspec.MsgspecError) as error:
            raise Unauthorized("The token is not valid.", code="token-invalid") from error
        if payload.expires_at <= now:
            raise Unauthorized("The token has expired.", code="token-expired")
        return payload

    @staticmethod
    def audit_id(chance: Chance) -> str:
        return chance.token_urlsafe(16)
