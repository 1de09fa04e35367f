"""A table whose columns are a struct's fields: what every noun's store does alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from unkai.kit.db import AnyRow, Session, Tx

T = TypeVar("T", bound=msgspec.Struct)


class Rows(Generic[T]):
    """Read and write one table as `kind`; its key is the column `uuid`."""

    def __init__(self, table: Table, kind: type[T]) -> None:
        self.table = table
        self.kind = kind
        self._one = select(table).where(table.c.uuid == bindparam("one"))
        self._insert = insert(table)
        self._delete = delete(table).where(table.c.uuid == bindparam("one"))
        # msgspec understands a struct at its first use, and two threads that do so at once crash
        # the process: rows are read in the loop and beside it.
        msgspec.json.Decoder(kind)

    def of_row(self, row: AnyRow) -> T:
        return msgspec.convert(row, self.kind, from_attributes=True)

    async def get(self, session: Session, uuid: str) -> T | None:
        row = await session.first(self._one, {"one": uuid})
        return self.of_row(row) if row else None

    async def find(self, session: Session, ident: str) -> T | None:
        """By uuid, else by name where this kind has one."""
        found = await self.get(session, ident)
        if found is None and "name" in self.table.c:
            found = await self.first(session, self.table.c.name == ident)
        return found

    async def first(self, session: Session, *wheres: ColumnElement[bool]) -> T | None:
        row = await session.first(select(self.table).where(*wheres).limit(1))
        return self.of_row(row) if row else None

    async def list(
        self,
        session: Session,
        *wheres: ColumnElement[bool],
        sort: str = "created_at",
        descending: bool = False,
        marker: T | None = None,
        limit: int | None = None,
    ) -> Sequence[T]:
        """In the order of `sort`, then of uuid; after `marker`, at most `limit`.

        What has no value in `sort` comes first, or last when descending.
        """
        query = self.page(
            select(self.table).where(*wheres),
            sort=sort,
            descending=descending,
            marker=marker,
            limit=limit,
        )
        return [self.of_row(row) for row in await session.all(query)]

    def page(
        self,
        query: Select[Any],
        *,
        sort: str,
        descending: bool,
        marker: T | None,
        limit: int | None,
    ) -> Select[Any]:
        """A select of this table, in order and cut to a page."""
        key, uuid = self.table.c[sort], self.table.c.uuid
        if marker is not None:
            query = query.where(self._after(marker, sort, descending=descending))
        if descending:
            order = (key.desc().nulls_last() if key.nullable else key.desc(), uuid.desc())
        else:
            order = (key.asc().nulls_first() if key.nullable else key.asc(), uuid.asc())
        return (query if limit is None else query.limit(limit)).order_by(*order)

    def _after(self, marker: T, sort: str, *, descending: bool) -> ColumnElement[bool]:
        key, uuid = self.table.c[sort], self.table.c.uuid
        at: Any = getattr(marker, sort)
        last: str = getattr(marker, "uuid")  # noqa: B009  # every kind here has one
        if at is None and descending:
            return and_(key.is_(None), uuid < last)
        if at is None:
            return or_(key.is_not(None), and_(key.is_(None), uuid > last))
        if descending:
            return or_(key < at, and_(key == at, uuid < last), key.is_(None))
        return or_(key > at, and_(key == at, uuid > last))

    async def add(self, tx: Tx, one: T) -> None:
        await tx.execute(self._insert, self.values(one))

    def values(self, one: T) -> dict[str, Any]:
        return {name: getattr(one, name) for name in one.__struct_fields__}

    async def change(self, tx: Tx, uuid: str, **values: Any) -> None:
        await tx.execute(update(self.table).where(self.table.c.uuid == uuid).values(**values))

    async def remove(self, tx: Tx, uuid: str) -> bool:
        return await tx.count(self._delete, {"one": uuid}) == 1
