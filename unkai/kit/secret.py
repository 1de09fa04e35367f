"""A secret on its way from where it is kept to who needs it: no log and no traceback shows it."""

from __future__ import annotations

from msgspec import Struct


class Secret(Struct, frozen=True):
    """value: the secret's bytes, in base64."""

    value: str

    def __repr__(self) -> str:
        return "Secret(...)"
