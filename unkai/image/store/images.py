"""Rows of images, with their properties and tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from unkai.image.model import Image, Status, Visibility
from unkai.image.store.schema import image_properties, image_tags, images
from unkai.kit.db import AnyRow, Session, StaleWrite, Tx, among

COLUMNS = tuple(
    column.name for column in images.c if column.name not in ("status", "visibility", "touched_at")
)
ONE = select(images).where(images.c.id == bindparam("one"))
PROPERTIES = (
    select(image_properties)
    .where(among(image_properties.c.image_id))
    .order_by(image_properties.c.name)
)
TAGS = select(image_tags).where(among(image_tags.c.image_id)).order_by(image_tags.c.tag)


async def load(session: Session, rows: Sequence[AnyRow]) -> list[Image]:
    """Images of rows, in their order, with two queries for what belongs to them."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    properties: dict[str, dict[str, str]] = {}
    for row in await session.all(PROPERTIES, {"ids": ids}):
        properties.setdefault(row.image_id, {})[row.name] = row.value
    tags: dict[str, list[str]] = {}
    for row in await session.all(TAGS, {"ids": ids}):
        tags.setdefault(row.image_id, []).append(row.tag)
    return [
        Image(
            **{name: getattr(row, name) for name in COLUMNS},
            status=Status(row.status),
            visibility=Visibility(row.visibility),
            properties=properties.get(row.id, {}),
            tags=tuple(tags.get(row.id, ())),
        )
        for row in rows
    ]


async def find(session: Session, image_id: str) -> Image | None:
    rows = await session.all(ONE, {"one": image_id})
    found = await load(session, rows)
    return found[0] if found else None


async def find_by_content(
    session: Session, name: str, owner: str | None, sha256: str
) -> Image | None:
    """An image with this name and owner that has this data, or none yet."""
    rows = await session.all(
        select(images)
        .where(images.c.name == name, images.c.owner == owner)
        .order_by(images.c.created_at)
    )
    fitting = [row for row in rows if row.sha256 == sha256 and row.status == Status.ACTIVE]
    unfinished = [row for row in rows if row.status == Status.QUEUED]
    found = await load(session, (fitting or unfinished)[:1])
    return found[0] if found else None


async def add(tx: Tx, image: Image) -> None:
    await tx.execute(insert(images).values(**_values(image), touched_at=None))
    await _add_properties(tx, image.id, image.properties)
    await add_tags(tx, image.id, image.tags)


async def save(tx: Tx, image: Image) -> Image:
    """Write an image that was read at its generation; StaleWrite if somebody else wrote since."""
    values = _values(image) | {"generation": image.generation + 1}
    written = await tx.count(
        update(images)
        .where(images.c.id == image.id, images.c.generation == image.generation)
        .values(**values)
    )
    if not written:
        raise StaleWrite(image.id)
    await tx.execute(delete(image_properties).where(image_properties.c.image_id == image.id))
    await _add_properties(tx, image.id, image.properties)
    await tx.execute(delete(image_tags).where(image_tags.c.image_id == image.id))
    await add_tags(tx, image.id, image.tags)
    return image


async def change(tx: Tx, image_id: str, *, owned_by: str | None = None, **values: Any) -> bool:
    """Set columns, with `owned_by` only while that upload owns the image. Whether it was so."""
    statement = update(images).where(images.c.id == image_id)
    if owned_by is not None:
        statement = statement.where(images.c.upload_id == owned_by)
    return bool(await tx.count(statement.values(**values, generation=images.c.generation + 1)))


async def touch(tx: Tx, image_id: str, upload_id: str, at: float) -> bool:
    """An upload's sign of life; False if it owns the image no more."""
    return bool(
        await tx.count(
            update(images)
            .where(images.c.id == image_id, images.c.upload_id == upload_id)
            .values(touched_at=at)
        )
    )


async def remove(tx: Tx, image_id: str) -> bool:
    return bool(await tx.count(delete(images).where(images.c.id == image_id)))


async def add_tags(tx: Tx, image_id: str, tags: Iterable[str]) -> None:
    rows = [{"image_id": image_id, "tag": tag} for tag in tags]
    if rows:
        await tx.execute(insert(image_tags), rows)


async def remove_tag(tx: Tx, image_id: str, tag: str) -> bool:
    return bool(
        await tx.count(
            delete(image_tags).where(image_tags.c.image_id == image_id, image_tags.c.tag == tag)
        )
    )


async def stalled(session: Session, before: float) -> list[tuple[str, str]]:
    """(image id, upload id) of uploads with no sign of life since `before`."""
    rows = await session.all(
        select(images.c.id, images.c.upload_id).where(
            images.c.upload_id.is_not(None), images.c.touched_at < before
        )
    )
    return [(row.id, row.upload_id) for row in rows]


async def with_data(session: Session) -> set[str]:
    """Ids of images whose data is, or may be, in the store."""
    return set(await session.scalars(select(images.c.id).where(images.c.status != Status.QUEUED)))


async def whole(session: Session) -> set[str]:
    """Ids of images whose data must be in the store."""
    settled = (Status.ACTIVE, Status.DEACTIVATED)
    return set(await session.scalars(select(images.c.id).where(images.c.status.in_(settled))))


async def usage(session: Session, owner: str | None) -> dict[str, int]:
    """Bytes and counts of one project's images: active, staged, total, uploading."""
    rows = await session.all(
        select(
            images.c.status,
            func.count().label("number"),
            func.coalesce(func.sum(images.c.size), 0).label("bytes"),
        )
        .where(images.c.owner == owner)
        .group_by(images.c.status)
    )
    totals = {"active": 0, "staged": 0, "images": 0, "uploading": 0}
    for row in rows:
        status, count, size = str(row.status), int(row.number), int(row.bytes)
        totals["images"] += count
        if status in (Status.ACTIVE, Status.DEACTIVATED):
            totals["active"] += size
        if status in (Status.UPLOADING, Status.IMPORTING):
            totals["staged"] += size
        if status in (Status.SAVING, Status.UPLOADING, Status.IMPORTING):
            totals["uploading"] += count
    return totals


async def _add_properties(tx: Tx, image_id: str, properties: Any) -> None:
    rows = [
        {"image_id": image_id, "name": name, "value": value} for name, value in properties.items()
    ]
    if rows:
        await tx.execute(insert(image_properties), rows)


def _values(image: Image) -> dict[str, Any]:
    values = {name: getattr(image, name) for name in COLUMNS}
    return values | {"status": image.status.value, "visibility": image.visibility.value}
