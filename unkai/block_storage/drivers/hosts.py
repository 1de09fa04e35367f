"""The way to guests for clouds that have none yet: an attached volume is not changed."""

from __future__ import annotations

from unkai.block_storage.drivers.base import Guest
from unkai.block_storage.model import Attachment
from unkai.kit.errors import Failed


class NoGuests:
    """Whoever has a volume open cannot be asked."""

    def of(self, attachments: tuple[Attachment, ...]) -> Guest:
        raise Failed(
            f"Volume {attachments[0].volume_id} is open, and whoever has it cannot be asked.",
            code="volume-open",
            remedy="Detach it first.",
        )
