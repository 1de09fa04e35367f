"""/inspection_rules: what follows from what an inspection finds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, structs

from unkai.baremetal.actions.find_below import check_unique
from unkai.baremetal.actions.rule_actions import check_action
from unkai.baremetal.actions.rule_conditions import check_condition
from unkai.baremetal.api.asked import ident
from unkai.baremetal.api.bodies import Text, Uuid, after_patch, checked_uuid, named
from unkai.baremetal.api.patch import Patch
from unkai.baremetal.api.shape import Shape
from unkai.baremetal.model import InspectionRule
from unkai.baremetal.store.inspection_rules import RULES, rules_where
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, MethodNotAllowed, NotFound
from unkai.kit.http import Call, Route


class Action(Struct, omit_defaults=True):
    op: str
    args: list[Any] | dict[str, Any]
    loop: list[Any] | dict[str, Any] = []


class Condition(Struct, omit_defaults=True):
    op: str
    args: list[Any] | dict[str, Any]
    loop: list[Any] | dict[str, Any] = []
    multiple: Literal["any", "all", "first", "last"] | None = None


class RuleFields(Struct, forbid_unknown_fields=True, kw_only=True):
    actions: Annotated[list[Action], Meta(min_length=1, max_length=1000)]
    conditions: Annotated[list[Condition], Meta(max_length=1000)] = []
    description: Text | None = None
    phase: Literal["main"] | None = None
    priority: Annotated[int, Meta(ge=0, le=9999)] = 0
    sensitive: bool | None = None


class NewRule(RuleFields):
    uuid: Uuid | None = None


class ChangedRule(RuleFields):
    """What can be changed."""


def _conditions(rule: InspectionRule) -> list[dict[str, Any]]:
    """With `multiple` where there is a loop."""
    return [
        {**one, "multiple": one.get("multiple", "any")} if one.get("loop") else one
        for one in rule.conditions
    ]


SHAPE = Shape[InspectionRule](
    "inspection_rules",
    dict.fromkeys(
        ("description", "priority", "sensitive", "phase", "conditions", "actions"), "1.96"
    ),
    ("uuid", "priority", "phase", "description"),
    fixed=("actions", "conditions"),
    readers={
        "conditions": lambda rule: None if rule.sensitive else _conditions(rule),
        "actions": lambda rule: None if rule.sensitive else rule.actions,
    },
)


def _columns(said: RuleFields) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = msgspec.to_builtins(said.conditions)
    actions: list[dict[str, Any]] = msgspec.to_builtins(said.actions)
    for condition in conditions:
        check_condition(condition)
    for action in actions:
        check_action(action)
    return {
        "description": said.description,
        "priority": said.priority,
        "sensitive": said.sensitive is True,
        "phase": said.phase or "main",
        "conditions": conditions,
        "actions": actions,
    }


async def post_rule(call: Call) -> dict[str, Any]:
    body: NewRule = call.body
    kit = call.service.kit
    uuid = body.uuid.lower() if body.uuid else kit.chance.uuid()
    made = InspectionRule(uuid=uuid, **_columns(body), created_at=kit.clock.now())

    async def write(tx: Tx) -> None:
        await check_unique(tx, RULES, {"uuid": made.uuid}, noun="inspection rule")
        await RULES.add(tx, made)

    await kit.database.transact(write)
    return SHAPE.made(call, made)


async def list_rules(call: Call) -> dict[str, Any]:
    phase = call.request.query_params.get("phase")
    return await SHAPE.list(call, call.service.kit.database.reader, RULES, *rules_where(phase))


async def _find(call: Call, session: Session) -> InspectionRule:
    uuid = checked_uuid(ident(call, "rule_uuid"), "an inspection rule")
    found = await RULES.get(session, uuid)
    if found is None:
        raise NotFound(f"Rule {uuid} could not be found.", code="rule-unknown")
    return found


async def show_rule(call: Call) -> dict[str, Any]:
    found = await _find(call, call.service.kit.database.reader)
    return SHAPE.show(call, found, SHAPE.asked(call))


async def patch_rule(call: Call) -> dict[str, Any]:
    patch: Patch = call.body
    kit = call.service.kit

    async def write(tx: Tx) -> InspectionRule:
        found = await _find(call, tx)
        columns = _columns(after_patch(found, patch, ChangedRule))
        values = {name: columns[name] for name in named(patch)}
        if found.sensitive and values.get("sensitive") is False:
            raise BadRequest(
                "Inspection rules cannot have the sensitive flag unset.", code="rule-sensitive"
            )
        values["updated_at"] = kit.clock.now()
        await RULES.change(tx, found.uuid, **values)
        return structs.replace(found, **values)

    return SHAPE.show(call, await kit.database.transact(write))


async def remove_rule(call: Call) -> None:
    async def write(tx: Tx) -> None:
        await RULES.remove(tx, (await _find(call, tx)).uuid)

    await call.service.kit.database.transact(write)


_ALL = "/inspection_rules"
_ONE = f"{_ALL}/{{rule_uuid}}"
_GET, _CREATE, _UPDATE, _DELETE = (
    f"baremetal:inspection_rule:{verb}" for verb in ("get", "create", "update", "delete")
)
_SINCE: dict[str, Any] = {"since": "1.96", "absent": MethodNotAllowed}
ROUTES = (
    Route("GET", _ALL, list_rules, policy=_GET, since="1.96"),
    Route("POST", _ALL, post_rule, policy=_CREATE, body=NewRule, status=201, **_SINCE),
    Route("GET", _ONE, show_rule, policy=_GET, since="1.96"),
    Route("PATCH", _ONE, patch_rule, policy=_UPDATE, body=Patch, **_SINCE),
    Route("DELETE", _ONE, remove_rule, policy=_DELETE, status=204, **_SINCE),
)
