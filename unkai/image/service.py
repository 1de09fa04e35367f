"""The image service: what every action takes first."""

from __future__ import annotations

from dataclasses import dataclass, field

from unkai.image.drivers.base import Inspector, Store
from unkai.kit.workbench import Kit
from unkai.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class ImageService:
    """live_uploads: upload ids that this process is busy with."""

    kit: Kit
    settings: ImageSettings
    store: Store
    inspector: Inspector
    live_uploads: set[str] = field(default_factory=set[str])
