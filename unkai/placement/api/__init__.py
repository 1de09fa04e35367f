"""The Placement API."""

from __future__ import annotations

from unkai.kit.http import Api
from unkai.placement.service import Placement


def placement_apis(placement: Placement) -> tuple[Api, ...]:
    return ()
