"""The rack as it is written down in its state folder: for root alone, since it holds passwords."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from unkai.kit.errors import NotFound
from unkai.rack.model import Inventory

_FILE: Final = "rack.json"


def read_inventory(state_dir: Path) -> Inventory:
    """Raises NotFound("no-rack")."""
    try:
        return msgspec.json.decode(
            (state_dir / _FILE).read_bytes(), type=Inventory, dec_hook=_from_text
        )
    except FileNotFoundError:
        raise NotFound(
            f"There is no rack at {state_dir}.", code="no-rack", remedy="Make one: unkai rack up."
        ) from None


def write_inventory(inventory: Inventory) -> None:
    folder = inventory.settings.state_dir
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    new = folder / f"{_FILE}.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(inventory, enc_hook=str)))
    new.replace(folder / _FILE)


def _from_text(kind: type, value: object) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise NotImplementedError(kind)
    return Path(value)
