"""Long lists of nodes, shown from their rows as they are.

Whoever sees all nodes lists them often and whole. So a column of JSON goes out as the text that it
is in the table, and only what must look otherwise (secrets, times, interfaces, links) is touched.
Who sees but some nodes gets few, each through `View`, which hides by right.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import msgspec

from unkai.baremetal.api.node_views import (
    BELOW,
    COMPUTED,
    INTERFACE_FIELDS,
    SECRET,
    masked,
    masked_instance_info,
    shown_time,
    state_shown,
)
from unkai.baremetal.store.nodes import JSON_COLUMNS
from unkai.kit.db import AnyRow
from unkai.kit.http import Call

_HIDES = re.compile(f"{SECRET.pattern}|configdrive|image_url")
_MASKS = {
    "driver_info": masked,
    "driver_internal_info": masked,
    "instance_info": masked_instance_info,
}


@functools.lru_cache(maxsize=8192)
def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text)


@functools.lru_cache(maxsize=512)
def _interfaces(text: str, wanted: tuple[str, ...]) -> dict[str, str | None]:
    """Most nodes of a kind have the same ones."""
    chosen: dict[str, str] = msgspec.json.decode(text)
    return {name: chosen.get(name.removesuffix("_interface")) for name in wanted}


_time = functools.lru_cache(maxsize=16384)(shown_time)


class PlainView:
    """How one request shows rows of `columns`."""

    def __init__(self, call: Call, fields: tuple[str, ...]) -> None:
        self._call = call
        self._interfaces = tuple(name for name in fields if name in INTERFACE_FIELDS)
        own = [name for name in fields if name not in COMPUTED and name not in INTERFACE_FIELDS]
        added = ["uuid", "conductor", *(["interfaces"] if self._interfaces else [])]
        self.columns = tuple(dict.fromkeys((*own, *added)))
        self._unshown = [name for name in added if name not in own]
        self._plain_json = [name for name in own if name in JSON_COLUMNS and name not in _MASKS]
        self._masked = [name for name in own if name in _MASKS]
        self._times = [name for name in own if name.endswith("_at")]
        self._below = [name for name in fields if name in BELOW]
        self._links = "links" in fields
        self._state = "provision_state" in fields and call.version < (1, 39)
        self.shows_reservation = "reservation" in fields
        root = msgspec.json.encode(call.url.removesuffix("/v1")).decode()[1:-1]
        self._self, self._bookmark = f'[{{"href":"{root}/v1/nodes/', f'{{"href":"{root}/nodes/'

    def show(self, row: AnyRow, *, held: bool) -> dict[str, Any]:
        """held: whether work is under way on it."""
        shown: dict[str, Any] = dict(zip(self.columns, row, strict=True))
        uuid: str = shown["uuid"]
        if self.shows_reservation:
            shown["reservation"] = shown["conductor"] if held else None
        for name in self._plain_json:
            shown[name] = _raw(shown[name])
        for name in self._masked:
            text: str = shown[name]
            hides = text != "{}" and _HIDES.search(text) is not None
            shown[name] = _MASKS[name](msgspec.json.decode(text)) if hides else _raw(text)
        for name in self._times:
            if shown[name] is not None:
                shown[name] = _time(shown[name])
        if self._interfaces:
            shown.update(_interfaces(shown["interfaces"], self._interfaces))
        if self._state:
            shown["provision_state"] = state_shown(self._call, shown["provision_state"])
        if self._links:
            shown["links"] = self._two(uuid)
        for name in self._below:
            shown[name] = self._two(f"{uuid}/{name}")
        for name in self._unshown:
            del shown[name]
        return shown

    def _two(self, path: str) -> msgspec.Raw:
        return msgspec.Raw(
            f'{self._self}{path}","rel":"self"}},{self._bookmark}{path}","rel":"bookmark"}}]'
        )
