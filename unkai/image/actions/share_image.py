"""Members: projects that an image is shared with. The owner invites, the member accepts."""

from __future__ import annotations

from unkai.image.actions.get_image import get_image, get_own_image
from unkai.image.actions.rules import MEMBERS_MAX
from unkai.image.model import Image, Member, MemberStatus, Visibility
from unkai.image.service import ImageService
from unkai.image.store import members
from unkai.kit.db import Session, Tx
from unkai.kit.errors import Conflict, Forbidden, NotFound, TooLarge
from unkai.kit.policy import Caller


async def add_member(image: ImageService, caller: Caller, image_id: str, member_id: str) -> Member:
    now = image.kit.clock.now()
    member = Member(image_id=image_id, member_id=member_id, created_at=now, updated_at=now)

    async def write(tx: Tx) -> None:
        _check_shared(await get_own_image(image, tx, caller, image_id))
        if await members.find(tx, image_id, member_id) is not None:
            raise Conflict(
                f"Image {image_id} is shared with project {member_id} already.",
                code="member-exists",
            )
        if await members.count(tx, image_id) >= MEMBERS_MAX:
            raise TooLarge(
                f"The limit of {MEMBERS_MAX} members of an image is exceeded.",
                code="too-many-members",
            )
        await members.add(tx, member)

    await image.kit.database.transact(write)
    return member


async def list_members(image: ImageService, caller: Caller, image_id: str) -> list[Member]:
    """The owner sees all members, a member itself only."""
    session = image.kit.database.reader
    found = await get_image(image, session, caller, image_id)
    _check_shared(found)
    only = None if caller.may_see(found.owner) else caller.project_id
    return await members.list_of(session, image_id, only)


async def get_member(image: ImageService, caller: Caller, image_id: str, member_id: str) -> Member:
    session = image.kit.database.reader
    found = await get_image(image, session, caller, image_id)
    _check_shared(found)
    if not caller.may_see(found.owner) and caller.project_id != member_id:
        raise _no_member(image_id, member_id)
    return await _member(session, image_id, member_id)


async def update_member(
    image: ImageService, caller: Caller, image_id: str, member_id: str, status: MemberStatus
) -> Member:
    """Forbidden for the owner: only the member itself says whether it takes the image."""

    async def write(tx: Tx) -> Member:
        found = await get_image(image, tx, caller, image_id)
        _check_shared(found)
        if not caller.is_admin and caller.project_id != member_id:
            if not caller.may_see(found.owner):
                raise _no_member(image_id, member_id)
            raise Forbidden(
                "Only the member project itself may change its status.", code="not-the-member"
            )
        await _member(tx, image_id, member_id)
        await members.set_status(tx, image_id, member_id, status, image.kit.clock.now())
        return await _member(tx, image_id, member_id)

    return await image.kit.database.transact(write)


async def remove_member(image: ImageService, caller: Caller, image_id: str, member_id: str) -> None:
    async def write(tx: Tx) -> None:
        _check_shared(await get_own_image(image, tx, caller, image_id))
        if not await members.remove(tx, image_id, member_id):
            raise _no_member(image_id, member_id)

    await image.kit.database.transact(write)


async def forget_project(image: ImageService, project_id: str) -> None:
    """The project is no more. Its own images stay: an administrator judges them."""

    async def write(tx: Tx) -> None:
        await members.remove_of_project(tx, project_id)

    await image.kit.database.transact(write)


async def _member(session: Session, image_id: str, member_id: str) -> Member:
    member = await members.find(session, image_id, member_id)
    if member is None:
        raise _no_member(image_id, member_id)
    return member


def _check_shared(found: Image) -> None:
    if found.visibility is not Visibility.SHARED:
        raise Forbidden(
            f"Only shared images have members; image {found.id} is {found.visibility}.",
            code="image-not-shared",
        )


def _no_member(image_id: str, member_id: str) -> NotFound:
    return NotFound(
        f"Image {image_id} is not shared with project {member_id}.", code="no-such-member"
    )
