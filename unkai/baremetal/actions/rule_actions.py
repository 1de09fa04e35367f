"""Actions of inspection rules: what they change of a node, its ports and what is kept of it.

They work on a draft, which is written at the end of the inspection; a rule that fails leaves
nothing. `api-call` is not there: an inspection's end is one transaction, which waits for nobody.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from unkai.baremetal.actions.rule_conditions import named_args
from unkai.baremetal.actions.rule_values import Known, filled
from unkai.baremetal.drivers.capabilities import capabilities_of
from unkai.kit.errors import BadRequest, Failed
from unkai.kit.log import log

NODE_FIELDS = (
    "name",
    "driver_info",
    "properties",
    "extra",
    "resource_class",
    "conductor_group",
    "owner",
    "lessee",
    "shard",
    "description",
    "instance_info",
    "network_data",
    "automated_clean",
)
PORT_FIELDS = (
    "extra",
    "pxe_enabled",
    "local_link_connection",
    "physical_network",
    "is_smartnic",
    "description",
    "vendor",
    "category",
)
LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass
class Draft:
    """What rules work on. node: its fields as plain data; ports: by uuid; changed: port uuids."""

    node: dict[str, Any]
    ports: dict[str, dict[str, Any]]
    inventory: dict[str, Any]
    plugin_data: dict[str, Any]
    node_changed: set[str] = field(default_factory=set[str])
    ports_changed: dict[str, set[str]] = field(default_factory=dict[str, set[str]])


def _parts(path: Any) -> list[str]:
    text = str(path)
    return text.strip("/").split("/") if "/" in text else text.split(".")


def _at(
    root: dict[str, Any], path: Any, allowed: tuple[str, ...] | None
) -> tuple[dict[str, Any], str, str]:
    """(what holds the last part, the last part, the first part); makes what is between."""
    parts = _parts(path)
    if allowed is not None and parts[0] not in allowed:
        raise Failed(f"A rule cannot change {parts[0]}; it can {', '.join(allowed)}.")
    holder = root
    for name in parts[:-1]:
        below: Any = holder.setdefault(name, {})
        if below is None:
            below = holder[name] = {}
        if not isinstance(below, dict):
            raise Failed(f"There is nothing below {name} in {path}.")
        holder = cast("dict[str, Any]", below)
    return holder, parts[-1], parts[0]


def _set(root: dict[str, Any], path: Any, value: Any, allowed: tuple[str, ...] | None) -> str:
    holder, last, first = _at(root, path, allowed)
    holder[last] = value
    return first


def _extend(
    root: dict[str, Any], path: Any, value: Any, allowed: tuple[str, ...] | None, *, unique: bool
) -> str:
    holder, last, first = _at(root, path, allowed)
    found: Any = holder.get(last)
    if found is None:
        found = []
    if not isinstance(found, list):
        raise Failed(f"{path} is no list; nothing can be added to it.")
    items = cast("list[Any]", found)
    holder[last] = items if unique and value in items else [*items, value]
    return first


def _remove(root: dict[str, Any], path: Any, allowed: tuple[str, ...] | None) -> str:
    holder, last, first = _at(root, path, allowed)
    if holder is root and allowed is not None:
        holder[last] = {} if isinstance(holder.get(last), dict) else None
    else:
        holder.pop(last, None)
    return first


def _port(draft: Draft, port_id: Any) -> dict[str, Any]:
    found = draft.ports.get(str(port_id))
    if found is None:
        raise Failed(f"Port {port_id} is none of the node's.")
    return found


def _fail(draft: Draft, msg: Any) -> None:
    raise Failed(f"A rule ended the inspection: {msg}", code="inspection-rule-failed")


def _log(draft: Draft, msg: Any, level: Any = "info") -> None:
    word = str(level).lower()
    getattr(log, word if word in LEVELS else "info")("inspection rule", said=str(msg)[:2000])


def _set_attribute(draft: Draft, path: Any, value: Any) -> None:
    draft.node_changed.add(_set(draft.node, path, value, NODE_FIELDS))


def _extend_attribute(draft: Draft, path: Any, value: Any, unique: Any = None) -> None:
    changed = _extend(draft.node, path, value, NODE_FIELDS, unique=bool(unique))
    draft.node_changed.add(changed)


def _del_attribute(draft: Draft, path: Any) -> None:
    draft.node_changed.add(_remove(draft.node, path, NODE_FIELDS))


def _set_capability(draft: Draft, name: Any, value: Any) -> None:
    _capabilities(draft, {str(name): str(value)})


def _unset_capability(draft: Draft, name: Any) -> None:
    _capabilities(draft, {str(name): None})


def _capabilities(draft: Draft, changes: Mapping[str, str | None]) -> None:
    properties = draft.node["properties"]
    found: dict[str, str | None] = {**capabilities_of(properties.get("capabilities")), **changes}
    pairs = [f"{name}:{value}" for name, value in found.items() if value is not None]
    draft.node["properties"] = {**properties, "capabilities": ",".join(pairs)}
    draft.node_changed.add("properties")


def _add_trait(draft: Draft, name: Any) -> None:
    draft.node["traits"] = sorted({*draft.node["traits"], str(name)})
    draft.node_changed.add("traits")


def _remove_trait(draft: Draft, name: Any) -> None:
    draft.node["traits"] = [one for one in draft.node["traits"] if one != str(name)]
    draft.node_changed.add("traits")


def _set_plugin_data(draft: Draft, path: Any, value: Any) -> None:
    _set(draft.plugin_data, path, value, None)


def _extend_plugin_data(draft: Draft, path: Any, value: Any, unique: Any = None) -> None:
    _extend(draft.plugin_data, path, value, None, unique=bool(unique))


def _unset_plugin_data(draft: Draft, path: Any) -> None:
    _remove(draft.plugin_data, path, None)


def _set_port_attribute(draft: Draft, port_id: Any, path: Any, value: Any) -> None:
    changed = _set(_port(draft, port_id), path, value, PORT_FIELDS)
    draft.ports_changed.setdefault(str(port_id), set()).add(changed)


def _extend_port_attribute(
    draft: Draft, port_id: Any, path: Any, value: Any, unique: Any = None
) -> None:
    changed = _extend(_port(draft, port_id), path, value, PORT_FIELDS, unique=bool(unique))
    draft.ports_changed.setdefault(str(port_id), set()).add(changed)


def _del_port_attribute(draft: Draft, port_id: Any, path: Any) -> None:
    changed = _remove(_port(draft, port_id), path, PORT_FIELDS)
    draft.ports_changed.setdefault(str(port_id), set()).add(changed)


_PATH, _NAME = ("path",), ("name",)
_VALUE, _UNIQUE = ("path", "value"), ("unique",)
ACTIONS: dict[str, tuple[Callable[..., None], tuple[str, ...], tuple[str, ...]]] = {
    "fail": (_fail, ("msg",), ()),
    "log": (_log, ("msg",), ("level",)),
    "set-attribute": (_set_attribute, _VALUE, ()),
    "extend-attribute": (_extend_attribute, _VALUE, _UNIQUE),
    "del-attribute": (_del_attribute, _PATH, ()),
    "set-capability": (_set_capability, ("name", "value"), ()),
    "unset-capability": (_unset_capability, _NAME, ()),
    "add-trait": (_add_trait, _NAME, ()),
    "remove-trait": (_remove_trait, _NAME, ()),
    "set-plugin-data": (_set_plugin_data, _VALUE, ()),
    "extend-plugin-data": (_extend_plugin_data, _VALUE, _UNIQUE),
    "unset-plugin-data": (_unset_plugin_data, _PATH, ()),
    "set-port-attribute": (_set_port_attribute, ("port_id", *_VALUE), ()),
    "extend-port-attribute": (_extend_port_attribute, ("port_id", *_VALUE), _UNIQUE),
    "del-port-attribute": (_del_port_attribute, ("port_id", "path"), ()),
}
"""Name to (what it does, arguments it needs, arguments it may have)."""


def check_action(action: Mapping[str, Any]) -> None:
    """BadRequest unless it is known and takes its arguments."""
    name = action["op"]
    if name not in ACTIONS:
        raise BadRequest(
            f"Unsupported action: {name!r}. There are {', '.join(ACTIONS)}.", code="rule-operator"
        )
    _, needed, optional = ACTIONS[name]
    named_args(name, action["args"], needed, optional)


def act(action: Mapping[str, Any], draft: Draft, known: Known) -> None:
    """Do it to the draft, once or for every item of its loop."""
    loop: Any = action.get("loop")
    do, needed, optional = ACTIONS[action["op"]]
    args = named_args(action["op"], action["args"], needed, optional)
    items: list[Any] = cast("list[Any]", loop) if isinstance(loop, list) else [loop]
    for item in items if loop else [None]:
        names = {**known, "item": filled(item, known)} if loop else known
        do(draft, **copy.deepcopy(filled(args, names)))
