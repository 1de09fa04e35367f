"""/v2/info: how data can be brought in, where it is kept, and how much of it there is."""

from __future__ import annotations

from typing import Any

from unkai.image.actions.import_image import METHODS
from unkai.image.actions.show_usage import show_usage
from unkai.image.model import STORE_ID
from unkai.kit.http import Call, Route

IMPORT_METHODS = ",".join(METHODS)


async def show_import(call: Call) -> dict[str, Any]:
    return {
        "import-methods": {
            "description": "Import methods available.",
            "type": "array",
            "value": list(METHODS),
        }
    }


async def show_stores(call: Call) -> dict[str, Any]:
    return {"stores": [{"id": STORE_ID, "default": "true"}]}


async def show_stores_detail(call: Call) -> dict[str, Any]:
    return {
        "stores": [
            {"id": STORE_ID, "type": "file", "default": "true", "weight": 0, "properties": {}}
        ]
    }


async def usage(call: Call) -> dict[str, Any]:
    totals = await show_usage(call.service, call.caller)
    mib = 1 << 20
    figures = {
        "image_size_total": -(-totals["active"] // mib),
        "image_stage_total": -(-totals["staged"] // mib),
        "image_count_total": totals["images"],
        "image_count_uploading": totals["uploading"],
    }
    return {"usage": {name: {"limit": -1, "usage": value} for name, value in figures.items()}}


ROUTES = (
    Route("GET", "/v2/info/import", show_import, "get_discovery"),
    Route("GET", "/v2/info/stores", show_stores, "get_discovery"),
    Route("GET", "/v2/info/stores/detail", show_stores_detail, "stores_info_detail"),
    Route("GET", "/v2/info/usage", usage, "get_discovery"),
)
