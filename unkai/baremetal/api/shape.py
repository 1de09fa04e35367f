"""What the API shows of a noun: its fields, each since a microversion, and its lists.

A noun's module says its fields once; `fields`, `detail`, paging, sorting and links follow from it.
Nodes have a view of their own, since what is shown of them depends on who asks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from unkai.baremetal.api.asked import need
from unkai.baremetal.api.links import links
from unkai.baremetal.api.node_filters import refuse_fields, wants_detail
from unkai.baremetal.api.node_views import shown_time
from unkai.baremetal.api.paging import collection, listed, page_of
from unkai.baremetal.store.rows import Rows
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, NotAcceptable
from unkai.kit.http import Call
from unkai.kit.http.versions import Version, parse

T = TypeVar("T", bound=msgspec.Struct)
ALWAYS = "1.1"


class Shape(Generic[T]):
    """One noun.

    path: below /v1. since: every field of its own and the first microversion that has it; uuid,
    links and the two times come with every noun. brief: what a list shows. key: the list's name
    in a body. readers: fields that are not just the attribute of their name. below: what is a
    link to something under the resource. fixed: fields that cannot be sorted by.
    """

    def __init__(
        self,
        path: str,
        since: Mapping[str, str],
        brief: Sequence[str],
        *,
        key: str | None = None,
        readers: Mapping[str, Callable[[T], Any]] | None = None,
        below: Mapping[str, str] | None = None,
        fixed: Sequence[str] = ("extra",),
    ) -> None:
        self.path = path
        self.key = key or path
        self.below = below or {}
        common = dict.fromkeys(("created_at", "updated_at", "uuid", "links"), ALWAYS)
        self.since = {**common, **since, **self.below}
        self.brief = (*brief, "links")
        self.readers = readers or {}
        self.sortable = tuple(f for f in (*common, *since) if f not in (*fixed, "links"))
        self.at = functools.cache(self._at)

    def _at(self, version: Version) -> tuple[str, ...]:
        return tuple(name for name, first in self.since.items() if version >= parse(first))

    def asked(self, call: Call, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """What `fields` asks for, or the default; everything where that is None.

        BadRequest for an unknown field, NotAcceptable for one that is too new.
        """
        there = self.at(call.version)
        given = call.request.query_params.get("fields")
        if given is None:
            return there if default is None else tuple(f for f in default if f in there)
        need(call, "1.8")
        wanted = tuple(part.strip() for part in given.split(","))
        unknown = [name for name in wanted if name not in self.since]
        if unknown:
            raise BadRequest(f'Field(s) "{", ".join(unknown)}" are not valid', code="field-unknown")
        self.refuse_newer(call, wanted)
        return tuple(dict.fromkeys((*wanted, "links")))

    def refuse_newer(self, call: Call, names: Sequence[str]) -> None:
        """NotAcceptable for a field that this microversion does not have."""
        for name in names:
            if call.version < parse(self.since.get(name, ALWAYS)):
                raise NotAcceptable(
                    f"Request not acceptable. Field {name} is not available below API version "
                    f"{self.since[name]}.",
                    code="field-too-new",
                )

    def refuse_newer_body(self, call: Call) -> None:
        """The same for what a POST's body says; null says nothing."""
        given: dict[str, Any] = call.data
        self.refuse_newer(call, [name for name, value in given.items() if value is not None])

    def show(self, call: Call, one: T, fields: Sequence[str] | None = None) -> dict[str, Any]:
        """fields: None is every one of this microversion."""
        uuid: str = getattr(one, "uuid")  # noqa: B009  # every kind here has one
        shown: dict[str, Any] = {}
        for name in self.at(call.version) if fields is None else fields:
            read = self.readers.get(name)
            if read is not None:
                shown[name] = read(one)
            elif name == "links":
                shown[name] = links(call, self.path, uuid)
            elif name in self.below:
                shown[name] = links(call, self.path, uuid, name)
            elif name.endswith("_at"):
                at: float | None = getattr(one, name)
                shown[name] = None if at is None else shown_time(at)
            else:
                shown[name] = getattr(one, name)
        return shown

    def made(self, call: Call, one: T) -> dict[str, Any]:
        """The answer to a POST, with its Location."""
        uuid: str = getattr(one, "uuid")  # noqa: B009
        call.headers["Location"] = f"{call.url}/{self.path}/{uuid}"
        return self.show(call, one)

    async def list(
        self,
        call: Call,
        session: Session,
        rows: Rows[T],
        *wheres: Any,
        detail: bool = False,
    ) -> dict[str, Any]:
        """A page of the table as the query asks for it. detail: of `.../detail`."""
        if detail:
            refuse_fields(call)
            fields = self.asked(call)
        else:
            fields = self.asked(call, None if wants_detail(call) else self.brief)
        self.refuse_newer(call, [call.request.query_params.get("sort_key", "uuid")])
        page = page_of(call, self.sortable)
        found = await listed(rows, session, page, *wheres)
        path = f"{self.path}/detail" if detail else self.path
        # the page's marker is the uuid, whether it was asked for or not
        shown = [self.show(call, one, ("uuid", *fields)) for one in found]
        answer = collection(call, self.key, shown, page, path)
        if "uuid" not in fields:
            for one in shown:
                del one["uuid"]
        return answer
