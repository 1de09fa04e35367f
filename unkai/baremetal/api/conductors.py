"""/conductors: the processes that drive machines. Every process shows itself."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.api.asked import flag, texts
from unkai.baremetal.api.links import links
from unkai.baremetal.api.node_views import shown_time
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

BRIEF = ("hostname", "conductor_group", "alive", "links")


def _conductor(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    return {
        "hostname": baremetal.conductor,
        "conductor_group": "",
        "alive": True,
        "drivers": list(baremetal.hardware_types),
        "created_at": shown_time(baremetal.started_at),
        "updated_at": shown_time(baremetal.kit.clock.now()),
        "links": links(call, "conductors", baremetal.conductor),
    }


def _only(shown: dict[str, Any], fields: tuple[str, ...] | None) -> dict[str, Any]:
    return shown if fields is None else {name: shown[name] for name in fields}


def _fields(call: Call, default: tuple[str, ...] | None) -> tuple[str, ...] | None:
    wanted = texts(call, "fields")
    if wanted is None:
        return default
    unknown = [name for name in wanted if name not in _conductor(call)]
    if unknown:
        raise BadRequest(f'Field(s) "{", ".join(unknown)}" are not valid', code="field-unknown")
    return tuple(dict.fromkeys((*wanted, "links")))


async def list_conductors(call: Call) -> dict[str, Any]:
    detail = flag(call, "detail")
    if detail and "fields" in call.request.query_params:
        raise BadRequest("Can not specify ?detail=True and fields in the same request.")
    if call.request.query_params.get("sort_key") in ("alive", "drivers"):
        raise BadRequest("Conductors cannot be sorted by alive or drivers.")
    fields = _fields(call, None if detail else BRIEF)
    shown = _conductor(call)
    after = call.request.query_params.get("marker")
    if after is not None and after != shown["hostname"]:
        raise NotFound(f"Conductor {after[:255]} could not be found.", code="marker-unknown")
    return {"conductors": [_only(shown, fields)] if after is None else []}


async def show_conductor(call: Call) -> dict[str, Any]:
    shown = _conductor(call)
    name = call.params["hostname"]
    if name != shown["hostname"]:
        raise NotFound(f"Conductor {name[:255]} could not be found.", code="conductor-unknown")
    return _only(shown, _fields(call, None))


_GET = "baremetal:conductor:get"
ROUTES = (
    Route("GET", "/conductors", list_conductors, policy=_GET, since="1.49"),
    Route("GET", "/conductors/{hostname}", show_conductor, policy=_GET, since="1.49"),
)
