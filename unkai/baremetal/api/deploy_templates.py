"""/deploy_templates: steps that a deployment has more, where the instance asks for their trait."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, structs

from unkai.baremetal.actions.find_below import check_unique
from unkai.baremetal.api.asked import ident
from unkai.baremetal.api.bodies import Object, Text, Uuid, after_patch, checked_ident, named
from unkai.baremetal.api.node_traits import check_trait
from unkai.baremetal.api.patch import Patch
from unkai.baremetal.api.shape import Shape
from unkai.baremetal.api.steps import TemplateStep, kept, shown
from unkai.baremetal.model import DeployTemplate
from unkai.baremetal.store.deploy_templates import TEMPLATES
from unkai.kit.db import Session, Tx
from unkai.kit.errors import MethodNotAllowed, NotFound
from unkai.kit.http import Call, Route

SHAPE = Shape[DeployTemplate](
    "deploy_templates",
    dict.fromkeys(("name", "steps", "extra"), "1.55"),
    ("uuid", "name"),
    fixed=("extra", "steps"),
    readers={"steps": lambda one: shown(one.steps)},
)


class TemplateFields(Struct, forbid_unknown_fields=True, kw_only=True):
    name: Text
    steps: Annotated[list[TemplateStep], Meta(min_length=1)]
    extra: Object = None


class NewTemplate(TemplateFields):
    uuid: Uuid | None = None


class ChangedTemplate(TemplateFields):
    """What can be changed."""


def _columns(said: TemplateFields) -> dict[str, Any]:
    check_trait(said.name)
    return {"name": said.name, "steps": kept(said.steps), "extra": said.extra or {}}


async def post_template(call: Call) -> dict[str, Any]:
    body: NewTemplate = call.body
    kit = call.service.kit
    uuid = body.uuid.lower() if body.uuid else kit.chance.uuid()
    made = DeployTemplate(uuid=uuid, **_columns(body), created_at=kit.clock.now())

    async def write(tx: Tx) -> None:
        taken = {"uuid": made.uuid, "name": made.name}
        await check_unique(tx, TEMPLATES, taken, noun="deploy template")
        await TEMPLATES.add(tx, made)

    await kit.database.transact(write)
    return SHAPE.made(call, made)


async def list_templates(call: Call) -> dict[str, Any]:
    return await SHAPE.list(call, call.service.kit.database.reader, TEMPLATES)


async def _find(call: Call, session: Session) -> DeployTemplate:
    given = checked_ident(ident(call, "template_ident"), "a deploy template")
    found = await TEMPLATES.find(session, given)
    if found is None:
        raise NotFound(f"Deploy template {given} could not be found.", code="template-unknown")
    return found


async def show_template(call: Call) -> dict[str, Any]:
    found = await _find(call, call.service.kit.database.reader)
    return SHAPE.show(call, found, SHAPE.asked(call))


async def patch_template(call: Call) -> dict[str, Any]:
    patch: Patch = call.body
    kit = call.service.kit

    async def write(tx: Tx) -> DeployTemplate:
        found = await _find(call, tx)
        before = shown(found.steps, mask=False)
        columns = _columns(after_patch(found, patch, ChangedTemplate, steps=before))
        values = {name: columns[name] for name in named(patch)}
        taken = {"name": values.get("name")}
        await check_unique(tx, TEMPLATES, taken, noun="deploy template", own=found.uuid)
        values["updated_at"] = kit.clock.now()
        await TEMPLATES.change(tx, found.uuid, **values)
        return structs.replace(found, **values)

    return SHAPE.show(call, await kit.database.transact(write))


async def remove_template(call: Call) -> None:
    async def write(tx: Tx) -> None:
        await TEMPLATES.remove(tx, (await _find(call, tx)).uuid)

    await call.service.kit.database.transact(write)


_ALL = "/deploy_templates"
_ONE = f"{_ALL}/{{template_ident}}"
_GET, _CREATE, _UPDATE, _DELETE = (
    f"baremetal:deploy_template:{verb}" for verb in ("get", "create", "update", "delete")
)
_SINCE: dict[str, Any] = {"since": "1.55", "absent": MethodNotAllowed}
ROUTES = (
    Route("GET", _ALL, list_templates, policy=_GET, since="1.55"),
    Route(
        "POST",
        _ALL,
        post_template,
        policy=_CREATE,
        body=NewTemplate,
        status=201,
        lax=True,
        **_SINCE,
    ),
    Route("GET", _ONE, show_template, policy=_GET, since="1.55"),
    Route("PATCH", _ONE, patch_template, policy=_UPDATE, body=Patch, **_SINCE),
    Route("DELETE", _ONE, remove_template, policy=_DELETE, status=204, **_SINCE),
)
