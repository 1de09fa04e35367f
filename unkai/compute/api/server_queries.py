"""What `GET /servers` may be asked for, and what of it counts for whom."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Struct, field

from unkai.compute import states
from unkai.compute.api import shapes
from unkai.compute.store.servers import SORTABLE, Filters
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.http import Call

MAX_LIMIT = 1000
PATTERN_MAX = 255
QUANTIFIERS_MAX = 3
Word = Annotated[str, msgspec.Meta(max_length=255, pattern=r"^[^\x00]*$")]
Limit = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class ServersQuery(Struct, kw_only=True):
    limit: Limit | None = None
    marker: Word | None = None
    sort_key: list[Word] = field(default_factory=list[str])
    sort_dir: list[Word] = field(default_factory=list[str])
    all_tenants: Word | None = None
    project_id: Word | None = None
    tenant_id: Word | None = None
    user_id: Word | None = None
    uuid: Word | None = None
    name: Word | None = None
    status: list[Word] = field(default_factory=list[str])
    image: Word | None = None
    flavor: Word | None = None
    host: Word | None = None
    node: Word | None = None
    hostname: Word | None = None
    ip: Word | None = None
    ip6: Word | None = None
    reservation_id: Word | None = None
    key_name: Word | None = None
    description: Word | None = None
    availability_zone: Word | None = None
    config_drive: Word | None = None
    power_state: Word | None = None
    vm_state: Word | None = None
    task_state: Word | None = None
    launch_index: Word | None = None
    access_ip_v4: Word | None = None
    access_ip_v6: Word | None = None
    deleted: Word | None = None
    locked: Word | None = None
    tags: Word | None = None
    tags_any: Word | None = field(default=None, name="tags-any")
    not_tags: Word | None = field(default=None, name="not-tags")
    not_tags_any: Word | None = field(default=None, name="not-tags-any")
    changes_since: Word | None = field(default=None, name="changes-since")
    changes_before: Word | None = field(default=None, name="changes-before")


OPEN_SINCE_2_83 = (
    "availability_zone",
    "config_drive",
    "key_name",
    "power_state",
    "task_state",
    "user_id",
    "vm_state",
)
"""Filters that others than administrators may use only from 2.83 on."""

_COLUMNS = {
    "image": "image_id",
    "flavor": "flavor_id",
    "reservation_id": "reservation_id",
    "key_name": "key_name",
    "description": "description",
    "availability_zone": "availability_zone",
    "access_ip_v4": "access_ip_v4",
    "access_ip_v6": "access_ip_v6",
    "host": "host",
    "node": "host",
}
_ADMIN_ONLY = ("host", "node", "description", "access_ip_v4", "access_ip_v6", "deleted", "uuid")


def filters_of(call: Call, query: ServersQuery) -> Filters | None:
    """None where nothing can match; BadRequest or Forbidden in Nova's words."""
    admin = call.caller.reads_all
    filters = Filters(equal={})
    _scope(call, query, filters)
    for name, column in _COLUMNS.items():
        value = getattr(query, name)
        if value is not None and _counts(call, name):
            filters.equal[column] = value
    if not _status(call, query, filters):
        return None
    filters.name = check_pattern(query.name, "name")
    if query.hostname is not None and (admin or call.at_least("2.90")):
        filters.hostname = check_pattern(query.hostname, "hostname")
    if query.uuid is not None and admin:
        filters.ids = [query.uuid]
    if query.user_id is not None and _counts(call, "user_id"):
        filters.user_id = query.user_id
    _numbers(call, query, filters)
    _times(call, query, filters)
    _tags(call, query, filters)
    return filters


def _counts(call: Call, name: str) -> bool:
    """Whether this caller's filter is heeded; others are passed over, as Nova does."""
    if call.caller.reads_all:
        return True
    if name in _ADMIN_ONLY:
        return False
    return name not in OPEN_SINCE_2_83 or call.at_least("2.83")


def _scope(call: Call, query: ServersQuery, filters: Filters) -> None:
    everyone = False
    if query.all_tenants is not None:
        word = query.all_tenants.strip().lower()
        if word not in (
            "",
            "1",
            "t",
            "true",
            "on",
            "y",
            "yes",
            "0",
            "f",
            "false",
            "off",
            "n",
            "no",
        ):
            raise BadRequest(f"Invalid value '{query.all_tenants}' for all_tenants.")
        everyone = word in ("", "1", "t", "true", "on", "y", "yes")
    if everyone:
        kind = "detail" if call.route.path.endswith("/detail") else "index"
        call.api.policy.check(call.caller, f"os_compute_api:servers:{kind}:get_all_tenants")
        filters.project_id = query.project_id or query.tenant_id
    else:
        filters.project_id = call.caller.project_id or ""


def _status(call: Call, query: ServersQuery, filters: Filters) -> bool:
    """False where the status asked for is one that no server has."""
    wants_deleted = query.deleted is not None and shapes.switch(query.deleted, "deleted")
    if query.deleted is not None and call.caller.reads_all:
        filters.deleted = wants_deleted
    elif query.changes_since is not None:
        filters.deleted = None
    vm_states: set[str] = set()
    for status in query.status:
        found = states.states_of_status(status)
        if found is None:
            continue
        if status.upper() == "DELETED":
            if not call.caller.reads_all:
                raise Forbidden("Only administrators may list deleted instances")
            filters.deleted = True
        vm_states |= found[0]
        filters.task_states = {*filters.task_states, *found[1]}
        filters.not_task_states = {*filters.not_task_states, *found[2]}
    if query.status and not vm_states and not filters.task_states:
        if call.at_least("2.38"):
            raise BadRequest("Invalid status is specified.")
        return False
    if filters.task_states:
        vm_states, filters.not_task_states = set(), set()
    filters.vm_states = vm_states
    if query.vm_state is not None and _counts(call, "vm_state"):
        filters.equal["vm_state"] = query.vm_state
    if query.task_state is not None and _counts(call, "task_state"):
        filters.equal["task_state"] = query.task_state
    return True


def _numbers(call: Call, query: ServersQuery, filters: Filters) -> None:
    for name in ("power_state", "launch_index"):
        text = getattr(query, name)
        if text is not None and _counts(call, name):
            if not text.isdigit() or len(text) > 9:
                raise BadRequest(f"Invalid value '{text}' for {name}.")
            filters.equal[name] = int(text)
    if query.config_drive is not None and _counts(call, "config_drive"):
        filters.equal["config_drive"] = shapes.switch(query.config_drive, "config_drive")
    if query.locked is not None and call.at_least("2.73"):
        filters.locked = shapes.switch(query.locked, "locked")


def _times(call: Call, query: ServersQuery, filters: Filters) -> None:
    filters.changes_since = moment(query.changes_since, "changes-since")
    if query.changes_before is not None and call.at_least("2.66"):
        since, before = filters.changes_since, moment(query.changes_before, "changes-before")
        filters.changes_before = before
        if since is not None and before is not None and before < since:
            raise BadRequest("The value of changes-since must be less than changes-before.")


def moment(text: str | None, name: str) -> float | None:
    """An ISO 8601 time as seconds since 1970; None for none, BadRequest for anything else."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError as error:
        raise BadRequest(
            f"Invalid input for query parameters {name}. Value: {text} is not a 'date-time'."
        ) from error
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _tags(call: Call, query: ServersQuery, filters: Filters) -> None:
    if not call.at_least("2.26"):
        return
    for name in ("tags", "tags_any", "not_tags", "not_tags_any"):
        text = getattr(query, name)
        if text:
            setattr(filters, name, [tag for tag in text.split(",") if tag][:50])


def check_pattern(pattern: str | None, name: str) -> str | None:
    """A regular expression that cannot take long; BadRequest for one that is wrong or might."""
    if pattern is None:
        return None
    unbounded = len(re.findall(r"(?<!\\)[*+{]", pattern))
    nested = re.search(r"\)[*+?{]", pattern) or "(?" in pattern or re.search(r"\\[1-9]", pattern)
    if unbounded > QUANTIFIERS_MAX or nested or len(pattern) > PATTERN_MAX:
        raise BadRequest(f"Invalid filter {name}: the expression is too complicated.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error", FutureWarning
            )  # sets in sets: POSIX reads them otherwise
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        raise BadRequest(f"Invalid filter {name}: {error}.") from error
    return pattern


def sort_of(query: ServersQuery) -> list[tuple[str, bool]]:
    """(key, whether it grows) as Nova defaults them."""
    sort: list[tuple[str, bool]] = []
    for place, key in enumerate(query.sort_key):
        if key not in SORTABLE:
            raise BadRequest(f"Invalid input for query parameters sort_key. Value: {key}.")
        direction = query.sort_dir[place] if place < len(query.sort_dir) else "desc"
        sort.append((key, direction == "asc"))
    for direction in query.sort_dir:
        if direction not in ("asc", "desc"):
            raise BadRequest(f"Invalid input for query parameters sort_dir. Value: {direction}.")
    if not sort and query.sort_dir:
        sort.append(("created_at", query.sort_dir[0] == "asc"))
    return sort
