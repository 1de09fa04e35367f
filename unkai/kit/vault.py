"""Sealing what has to be given back in clear: users' credentials, the keys of encrypted volumes.

They are encrypted where they lie. The key to them is a file of its own beside the token keys; those
can be rotated without touching it.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from unkai.kit.errors import Fault


class Vault:
    """Seals and opens texts with the key in a file, which is made if it is not there."""

    def __init__(self, key_file: Path) -> None:
        if not key_file.exists():
            fd = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(Fernet.generate_key())
        self._fernet = Fernet(key_file.read_bytes())

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text; a Fault if it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Fault(
                "What was sealed with another key cannot be opened: is the key file the old one?"
            ) from error
