"""Images, members and tasks as the API shows them."""

from __future__ import annotations

from typing import Any

from unkai.image.model import STORE_ID, Image, ImportTask, Member
from unkai.kit.clock import iso


def image_view(image: Image) -> dict[str, Any]:
    """Attributes and additional properties side by side; what data says, once it is the image's."""
    shown = image.has_data
    view: dict[str, Any] = dict(image.properties)
    view.update(
        id=image.id,
        name=image.name,
        status=image.status,
        visibility=image.visibility,
        owner=image.owner,
        protected=image.protected,
        os_hidden=image.os_hidden,
        min_disk=image.min_disk,
        min_ram=image.min_ram,
        disk_format=image.disk_format,
        container_format=image.container_format,
        size=image.size if shown else None,
        virtual_size=image.virtual_size if shown else None,
        checksum=image.checksum if shown else None,
        os_hash_algo="sha512" if shown else None,
        os_hash_value=image.os_hash_value if shown else None,
        created_at=iso(image.created_at),
        updated_at=iso(image.updated_at),
        tags=list(image.tags),
        self=f"/v2/images/{image.id}",
        file=f"/v2/images/{image.id}/file",
        schema="/v2/schemas/image",
    )
    if shown:
        view["stores"] = STORE_ID
    return view


def member_view(member: Member) -> dict[str, Any]:
    return {
        "image_id": member.image_id,
        "member_id": member.member_id,
        "status": member.status,
        "created_at": iso(member.created_at),
        "updated_at": iso(member.updated_at),
        "schema": "/v2/schemas/member",
    }


def task_view(task: ImportTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "type": "api_image_import",
        "status": task.status,
        "image_id": task.image_id,
        "owner": task.owner,
        "owner_id": task.owner,
        "user_id": task.user_id,
        "request_id": task.request_id,
        "input": task.input,
        "result": {"image_id": task.image_id} if task.status == "success" else None,
        "message": task.message,
        "created_at": iso(task.created_at),
        "updated_at": iso(task.updated_at),
        "expires_at": None,
        "self": f"/v2/tasks/{task.id}",
        "schema": "/v2/schemas/task",
    }
