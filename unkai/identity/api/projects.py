"""/projects and their tags."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from unkai.identity.actions.create_project import ProjectRequest, create_project
from unkai.identity.actions.delete_project import delete_project
from unkai.identity.actions.guard import (
    denied,
    may_inspect,
    missing,
    narrowed,
)
from unkai.identity.actions.update_project import change_tag, set_tags, update_project
from unkai.identity.api.bodies import (
    Options,
    ShortName,
    Tag,
    Tags,
    changed_fields,
    own_attributes,
)
from unkai.identity.api.queries import read_page, value_of, wants
from unkai.identity.api.views import collection, link, project_view
from unkai.identity.model import Project
from unkai.identity.service import Identity
from unkai.identity.store import projects, rows, schema, subjects
from unkai.identity.store.projects import TagFilter
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


class ProjectCreate(msgspec.Struct):
    name: ShortName
    description: str | None = None
    domain_id: str | None = None
    parent_id: str | None = None
    is_domain: bool = False
    enabled: bool = True
    tags: Tags = []
    options: Options = {}


class CreateBody(msgspec.Struct):
    project: ProjectCreate


class ProjectUpdate(msgspec.Struct):
    name: ShortName | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    domain_id: str | UnsetType | None = UNSET
    parent_id: str | UnsetType | None = UNSET
    is_domain: bool | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    options: Options | UnsetType = UNSET


class UpdateBody(msgspec.Struct):
    project: ProjectUpdate


class TagsBody(msgspec.Struct):
    tags: Tags


async def _view(call: Call, project: Project) -> dict[str, Any]:
    identity: Identity = call.service
    tags = await projects.tags_of(identity.kit.database.reader, [project.id])
    return {"project": project_view(call, project, tags[project.id])}


async def create(call: Call) -> dict[str, Any]:
    given: ProjectCreate = call.body.project
    request = ProjectRequest(
        name=given.name,
        description=given.description or "",
        domain_id=given.domain_id,
        parent_id=given.parent_id,
        is_domain=given.is_domain,
        enabled=given.enabled,
        tags=tuple(given.tags),
        options=given.options,
        extra=own_attributes(call, "project"),
    )
    return await _view(call, await create_project(call.service, call.caller, request))


def tag_filter(call: Call) -> TagFilter:
    def names(parameter: str) -> tuple[str, ...]:
        text = value_of(call, parameter)
        return tuple(part for part in (text or "").split(",") if part)

    return TagFilter(
        all_of=names("tags"),
        any_of=names("tags-any"),
        not_all=names("not-tags"),
        none_of=names("not-tags-any"),
    )


async def list_all(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    reader = identity.kit.database.reader
    page = read_page(call, ("name", "domain_id", "parent_id"), ("enabled", "is_domain"))
    equal = narrowed(call.caller, page.equal)
    equal.setdefault("is_domain", False)
    asked = rows.Page(equal=equal, like=page.like, marker=page.marker, limit=page.limit)
    found = await projects.find(reader, asked, tag_filter(call))
    tags = await projects.tags_of(reader, [p.id for p in found])
    views = [project_view(call, p, tags[p.id]) for p in found]
    return collection(call, "projects", views, page)


async def _seen(call: Call) -> Project:
    """The project of the path, if the caller may see it; else the same 403 for all."""
    identity: Identity = call.service
    project_id = call.params["project_id"]
    project = await projects.get(identity.kit.database.reader, project_id)
    domain_id = "" if project is None else (project.domain_id or project.id)
    own = project_id in (call.caller.project_id, call.caller.domain_id)
    if not own and not may_inspect(call.caller, domain_id):
        raise denied()
    if project is None:
        raise missing("project", project_id)
    return project


async def show(call: Call) -> dict[str, Any]:
    project = await _seen(call)
    answer = await _view(call, project)
    identity: Identity = call.service
    reader = identity.kit.database.reader
    for kind, as_list, as_ids in (
        ("parents", wants(call, "parents_as_list"), wants(call, "parents_as_ids")),
        ("subtree", wants(call, "subtree_as_list"), wants(call, "subtree_as_ids")),
    ):
        if as_list and as_ids:
            raise BadRequest(f"Ask for {kind} as a list or as ids, not as both.")
        if as_list or as_ids:
            relatives = await _relatives(call, project, kind)
            tags = await projects.tags_of(reader, [p.id for p in relatives])
            answer["project"][kind] = (
                [{"project": project_view(call, p, tags[p.id])} for p in relatives]
                if as_list
                else _nested(project, relatives, kind)
            )
    return answer


async def _relatives(call: Call, project: Project, kind: str) -> list[Project]:
    identity: Identity = call.service
    reader = identity.kit.database.reader
    if kind == "parents":
        ids = await subjects.ancestors_of(reader, project)
    else:
        ids = sorted(await projects.below(reader, {project.id}))
    found = await rows.get_many(reader, schema.projects, Project, ids)
    return [found[one] for one in ids if one in found and not found[one].is_domain]


def _nested(project: Project, relatives: list[Project], kind: str) -> dict[str, Any] | None:
    """Ids as a tree: {"child": {"grandchild": None}}, or upwards for parents."""
    if kind == "parents":
        tree: dict[str, Any] | None = None
        for parent in reversed(relatives):
            tree = {parent.id: tree}
        return tree

    def under(parent_id: str) -> dict[str, Any] | None:
        return {p.id: under(p.id) for p in relatives if p.parent_id == parent_id} or None

    return under(project.id)


async def update(call: Call) -> dict[str, Any]:
    given: ProjectUpdate = call.body.project
    changed = await update_project(
        call.service,
        call.caller,
        call.params["project_id"],
        changed_fields(given),
        own_attributes(call, "project"),
    )
    return await _view(call, changed)


async def delete(call: Call) -> None:
    await delete_project(call.service, call.caller, call.params["project_id"])


async def list_tags(call: Call) -> dict[str, Any]:
    project = await _seen(call)
    identity: Identity = call.service
    tags = await projects.tags_of(identity.kit.database.reader, [project.id])
    path = f"/projects/{project.id}/tags"
    return {"tags": tags[project.id], "links": {"self": link(call, path), "next": None}}


async def replace_tags(call: Call) -> dict[str, Any]:
    given: TagsBody = call.body
    await set_tags(call.service, call.caller, call.params["project_id"], given.tags)
    return await list_tags(call)


async def clear_tags(call: Call) -> None:
    await set_tags(call.service, call.caller, call.params["project_id"], ())


async def add_tag(call: Call) -> Response:
    project_id, tag = call.params["project_id"], call.params["tag"]
    try:
        msgspec.convert(tag, Tag)
    except msgspec.ValidationError as error:
        raise BadRequest(f"The tag {tag!r} is not usable: {error}.") from error
    await change_tag(call.service, call.caller, project_id, tag, there=True)
    where = link(call, f"/projects/{project_id}/tags/{quote(tag)}")
    return Response(status_code=201, headers={"Location": where})


async def check_tag(call: Call) -> None:
    project = await _seen(call)
    identity: Identity = call.service
    tags = await projects.tags_of(identity.kit.database.reader, [project.id])
    if call.params["tag"] not in tags[project.id]:
        raise missing("project tag", call.params["tag"])


async def remove_tag(call: Call) -> None:
    project_id, tag = call.params["project_id"], call.params["tag"]
    await change_tag(call.service, call.caller, project_id, tag, there=False)


ONE = "/v3/projects/{project_id}"
TAGS = f"{ONE}/tags"
TAG = f"{TAGS}/{{tag}}"
ROUTES = (
    Route(
        "POST",
        "/v3/projects",
        create,
        policy="identity:create_project",
        body=CreateBody,
        status=201,
    ),
    Route("GET", "/v3/projects", list_all, policy="identity:list_projects"),
    Route("GET", ONE, show, policy="identity:get_project"),
    Route("PATCH", ONE, update, policy="identity:update_project", body=UpdateBody),
    Route("DELETE", ONE, delete, policy="identity:delete_project", status=204),
    Route("GET", TAGS, list_tags, policy="identity:list_project_tags"),
    Route("PUT", TAGS, replace_tags, policy="identity:update_project_tags", body=TagsBody),
    Route("DELETE", TAGS, clear_tags, policy="identity:delete_project_tags", status=204),
    Route("PUT", TAG, add_tag, policy="identity:create_project_tag", status=201),
    Route("GET", TAG, check_tag, policy="identity:get_project_tag", status=204),
    Route("DELETE", TAG, remove_tag, policy="identity:delete_project_tag", status=204),
)
